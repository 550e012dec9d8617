"""What docs/operating.md says, and the systemd unit, done here as an operator would."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from chat.config import Config
from chat.signals import OVERTIME_S
from tests.clients import Client
from tests.documents import blocks
from tests.functional.conftest import ROOT
from tests.running import ROOM_ID, RunningServer, Settings, twistd, wait_until

PAGE = "docs/operating.md"
UNIT = ROOT / "etc" / "systemd" / "chat.service"
PROGRAMS = Path(sys.executable).parent


def settings_of_the_unit() -> dict[str, list[str]]:
    """What the unit sets, by key."""
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text(encoding="utf-8").splitlines():
        key, is_set, value = line.partition("=")
        if is_set and not line.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


def test_the_questions_are_answered(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "etc", tmp_path / "etc")
    for command in blocks(PAGE, "sh")[0].splitlines():
        program, *arguments = command.split()
        assert program == "twistd"
        done = twistd(*arguments[1:], folder=tmp_path)
        assert (done.returncode, done.stderr) == (0, ""), command


def test_a_server_in_the_background(tmp_path: Path) -> None:
    settings, log = Settings.fresh(tmp_path), tmp_path / "chat.log"
    *commands, stop = blocks(PAGE, "sh")[1].replace("8081", str(settings.backend)).splitlines()
    environment = os.environ | {"PATH": f"{PROGRAMS}:{os.environ['PATH']}"}

    def done(*lines: str) -> tuple[int, str, str]:
        arguments = ["sh", "-ec", "\n".join(lines)]
        ran = subprocess.run(
            arguments, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        return ran.returncode, ran.stderr, ran.stdout

    try:
        assert done(*commands) == (0, "", '{"status":"ok"}')
        # A server that is told to stop before it has reloaded does not reload any more.
        wait_until(lambda: "reloaded: nothing new" in log.read_text(encoding="utf-8"))
    finally:
        assert done(stop) == (0, "", "")
    wait_until(lambda: not (tmp_path / "chat.pid").exists())
    wait_until(lambda: "Server Shut Down" in log.read_text(encoding="utf-8"))


def test_the_line_of_a_session_is_as_shown(run_server: Callable[..., RunningServer]) -> None:
    (section,) = blocks(PAGE, "toml")
    server = run_server(section)
    with Client(server.url) as alice:
        alice.enter("alice", ROOM_ID)
    server.wait_for_log("session ended")
    (line,) = [json.loads(line) for line in server.log.splitlines() if "session ended" in line]
    shown = json.loads(blocks(PAGE, "json")[0])
    assert list(line) == list(shown)
    assert {name: type(value) for name, value in line.items()} == {name: type(value) for name, value in shown.items()}


def test_the_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    """Where there is a systemd to ask."""
    verifier = shutil.which("systemd-analyze")
    if verifier is not None:
        unit = tmp_path / "chat.service"
        unit.write_text(UNIT.read_text(encoding="utf-8").replace("/opt/chat/bin", str(PROGRAMS)), encoding="utf-8")
        done = subprocess.run([verifier, "verify", str(unit)], capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_unit_leaves_time_to_stop() -> None:
    (stop_s,) = settings_of_the_unit()["TimeoutStopSec"]
    assert int(stop_s) > Config().drain.drain_s + OVERTIME_S
    assert f"+ {OVERTIME_S} s" in (ROOT / PAGE).read_text(encoding="utf-8")


def test_the_unit_starts_reloads_and_stops_a_server(tmp_path: Path) -> None:
    """Its commands and its environment, with folders of the test in place of its own."""
    settings, unit = Settings.fresh(tmp_path), settings_of_the_unit()
    text = settings.file.read_text(encoding="utf-8")
    settings.file.write_text(text.replace(f'data_dir = "{tmp_path}/data"\n', ""), encoding="utf-8")
    state = tmp_path / "state"
    state.mkdir()

    def here(value: str) -> str:
        moved = value.replace("/opt/chat/bin", str(PROGRAMS)).replace("/etc/chat/chat.toml", str(settings.file))
        return moved.replace("/var/lib/chat", str(state))

    environment = os.environ | dict(here(one).split("=", 1) for one in unit["Environment"])
    (check,), (start,), (reload,), (stop,) = (
        unit[key] for key in ("ExecStartPre", "ExecStart", "ExecReload", "KillSignal")
    )
    subprocess.run(here(check).split(), env=environment, check=True, timeout=60, stdout=subprocess.DEVNULL)
    server = RunningServer(settings)
    with server.log_file.open("wb") as log:
        process = subprocess.Popen(here(start).split(), cwd=state, env=environment, stdout=log, stderr=log)
    try:
        wait_until(server.is_ready)
        assert (state / "chat.db").exists()
        subprocess.run(["sh", "-ec", reload.replace("$MAINPID", str(process.pid))], check=True, timeout=60)
        server.wait_for_log("reloaded: nothing new")
        process.send_signal(signal.Signals[stop])
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait(60)
