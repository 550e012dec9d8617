"""Where the log goes, and how much of it."""

from __future__ import annotations

import io
import json
import sys
import syslog
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.task import Clock
from twisted.logger import Logger

from chat.config import Log
from chat.errors import ConfigError
from chat.log_output import LogOutput, sink_of


def logger(options: dict[str, Any]) -> Logger:
    return Logger("some.where", observer=LogOutput(sink_of(options, Clock()), Log()))


def test_standard_output_in_the_foreground(monkeypatch: pytest.MonkeyPatch) -> None:
    for options in ({"nodaemon": True}, {"nodaemon": True, "logfile": "-"}):
        written = io.BytesIO()
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="latin-1"))
        logger(options).info("grün {face}", face="😀")
        assert written.getvalue().endswith(b"Z [some.where#info] gr\xfcn \\U0001f600\n")


def test_syslog(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(syslog, "openlog", lambda prefix: sent.append(prefix))
    monkeypatch.setattr(syslog, "syslog", lambda priority, line: sent.append((priority, line.partition(" ")[2])))
    log = logger({"syslog": True, "prefix": "chat"})
    log.warn("a\nb")
    try:
        raise ValueError("why")
    except ValueError:
        log.failure("it failed")
    assert sent[:3] == [
        "chat",
        (syslog.LOG_WARNING, "[some.where#warn] a\\nb"),
        (syslog.LOG_CRIT, "[some.where#critical] it failed"),
    ]
    assert sent[-1][0] == syslog.LOG_CRIT
    assert len(sent) > 4


def test_no_log_no_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--logfile: .*/none/chat.log: No such file or directory"):
        sink_of({"logfile": str(tmp_path / "none" / "chat.log")}, Clock())
    with pytest.raises(ConfigError, match="--logfile: a server in the background cannot log to standard output"):
        sink_of({"logfile": "-"}, Clock())


def test_the_level_and_the_form_can_change() -> None:
    lines: list[str] = []
    output = LogOutput(lambda line, event: lines.append(line), Log(level="error"))
    log = Logger("some.where", observer=output)
    log.warn("one")
    log.error("two")
    output.follow(Log(level="debug", format="json"))
    log.debug("three")
    text, line = lines
    assert text.endswith("two\n")
    assert json.loads(line)["message"] == "three"
