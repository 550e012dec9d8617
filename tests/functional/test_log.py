"""The log of whole servers: its forms, its levels, its places, and what never stands in it."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.clients import Client, message
from tests.running import KEY, PLUGINS, ROOM_ID, RunningServer, wait_until

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \[[\w.]+#(debug|info|warn|error|critical)\] [^\n]+")
FORGED = "x\n2030-01-01T00:00:00.000Z [chat#critical] all is lost\r\x1b[2J\u2028"
USERS = '[[auth.users]]\nid = "alice"\nname = "alice"\ntoken = "hush-hush"\n[auth]\nkind = "static"\n'
JSON = '[log]\nformat = "json"\nlevel = "debug"\n'

Run = Callable[..., RunningServer]


def lines_of(text: str) -> list[dict[str, Any]]:
    """The log as machines read it: every line is an object."""
    return [json.loads(line) for line in text.splitlines()]


def ended(server: RunningServer) -> dict[str, Any]:
    """The one line about a session, once it is there."""
    wait_until(lambda: "session ended" in server.log)
    (line,) = [one for one in lines_of(server.log) if one["message"].startswith("session ended")]
    return line


def test_every_line_is_json_to_the_end(run_server: Run) -> None:
    server = run_server(JSON)
    with Client(server.url) as alice:
        alice.enter("alice", ROOM_ID)
        assert server.rest("GET", f"/muted?room_id={ROOM_ID}")[0] == 200
    server.stop()
    lines = lines_of(server.log)
    for line in lines:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])
        assert line["level"] in {"debug", "info", "warn", "error", "critical"}
        assert line["namespace"]
    messages = [line["message"] for line in lines]
    assert "starting up" in messages[0]
    assert messages[-1] == "Server Shut Down."
    assert [one for one in messages if " GET /muted 200, " in one], "the access log follows too"
    assert {
        "namespace": "chat.service.ChatService",
        "address": f"tcp:{server.settings.public}:interface=127.0.0.1",
    } in [{"namespace": line["namespace"], "address": line.get("address")} for line in lines]


def test_a_session_is_one_line_with_fields(run_server: Run) -> None:
    server = run_server(JSON)
    with Client(server.url) as alice:
        peer = alice.socket.socket.getsockname()
        alice.enter("alice", ROOM_ID)
        for text in ("one", "two", ""):
            alice.say(text, ROOM_ID)
        sent = alice.calls
        alice.socket.close(1000, FORGED)
    line = ended(server)
    assert line["user"] == "alice"
    assert line["peer"] == f"tcp4:127.0.0.1:{peer[1]}"
    assert (line["carrier"], line["commands"], line["messages"], line["refusals"]) == ("websocket", sent, 2, 1)
    assert (line["closed_by"], line["close_code"], line["close_reason"]) == ("client", 1000, FORGED)
    assert line["duration_s"] > 0
    assert line["bytes_in"] > 100
    assert line["bytes_out"] > 1000


def test_who_ended_a_session_is_told(run_server: Run) -> None:
    server = run_server(JSON)
    with Client(server.url) as client:
        assert client.login("0")["status_code"] == 713
        line = ended(server)
    assert (line["user"], line["closed_by"], line["close_code"], line["close_reason"]) == (
        None,
        "server",
        4001,
        "login failed",
    )
    server = run_server(JSON)
    client = Client(server.url)
    client.enter("alice", ROOM_ID)
    client.socket.socket.close()
    line = ended(server)
    assert (line["user"], line["closed_by"], line["close_code"]) == ("alice", "network", 1006)


def test_nobody_forges_a_line_and_no_secret_is_told(run_server: Run) -> None:
    server = run_server(f'{USERS}[log]\nlevel = "debug"\n{PLUGINS}')
    with Client(server.url) as alice, Client(server.url) as mallory:
        alice.enter("alice", ROOM_ID, "hush-hush")
        alice.say("between us", ROOM_ID)
        assert mallory.login(FORGED, FORGED, "hush-guess")["status_code"] != 200
        for client in (alice, mallory):
            assert client.call("break", {"object": {"content": FORGED}})["status_code"] == 250
            client.send(FORGED, {})
            client.socket.send(FORGED)
            client.socket.close(1000, FORGED)
    assert server.http("GET", f"/nothing?{'x' * 9}", key="hush-key", headers={"User-Agent": "\x1b[31m"})[0] == 401
    server.stop()
    assert "all is lost" in server.log
    for line in server.log.split("\n")[:-1]:
        assert line.startswith("\t") or LINE.fullmatch(line), line
        assert line.removeprefix("\t").isprintable()
        assert not line.startswith("2030")
    for secret in ("hush", "between us", message("between us", ROOM_ID)["object"]["content"], "test-key"):
        assert secret not in server.log


def test_a_bug_is_one_line_with_its_traceback_and_incident(run_server: Run) -> None:
    server = run_server(JSON + PLUGINS)
    with Client(server.url) as alice:
        answer = alice.call("break", {"object": {"content": FORGED}})
    (line,) = [one for one in lines_of(server.log) if one["level"] == "critical"]
    assert answer["message"].endswith(f"incident {line['incident']}")
    assert line["message"] == f"break failed, incident {line['incident']}"
    assert line["traceback"].startswith("Traceback")
    assert "ValueError: x\n" in line["traceback"]


def test_what_is_below_the_level_is_left_out(run_server: Run) -> None:
    section = '[log]\nlevel = "warn"\n[matrix]\nhomeserver = "x"'
    server = run_server(section, change=lambda text: text.replace(KEY, 2 * KEY))
    with Client(server.url) as alice:
        alice.enter("alice", ROOM_ID)
    server.stop()
    (line,) = server.log.splitlines()
    assert re.search(r"\[chat.service.ChatService#warn\] .*matrix has no effect", line)


def test_the_log_goes_where_twistd_is_told(run_server: Run, tmp_path: Path) -> None:
    file = tmp_path / "chat.log"
    server = run_server(JSON, f"--logfile={file}")
    server.signal(signal.SIGUSR1)
    wait_until(lambda: (tmp_path / "chat.log.1").exists())
    server.stop()
    assert server.log == ""
    messages = [
        line["message"] for name in ("chat.log.1", "chat.log") for line in lines_of((tmp_path / name).read_text())
    ]
    assert "starting up" in messages[0]
    assert messages[-1] == "Server Shut Down."


def test_a_logger_of_the_operator_wins(run_server: Run, tmp_path: Path) -> None:
    server = run_server(JSON, "--logger=tests.data.observer.make", f"--logfile={tmp_path}/chat.log")
    server.stop()
    assert not (tmp_path / "chat.log").exists()
    lines = server.log.splitlines()
    assert lines
    assert all(line.startswith("seen: ") for line in lines)
