"""`chatctl` beside real servers and without one."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.documents import blocks
from tests.running import KEY, ROOM_ID, RunningServer, Settings, wait_until

Run = Callable[..., RunningServer]
MUTED = f"/muted?room_id={ROOM_ID}"


def chatctl(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it to its end."""
    command = [sys.executable, "-m", "chat.ctl", *arguments, "--config", str(settings.file)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def new_key(settings: Settings, name: str, scopes: str) -> str:
    """A new key."""
    done = chatctl(settings, "key", "new", "--name", name, "--scopes", scopes)
    assert done.returncode == 0, done
    (key,) = done.stdout.splitlines()
    assert len(key) == 43
    return key


def refusal(settings: Settings, *arguments: str) -> str:
    """The one line of a command that is refused."""
    done = chatctl(settings, *arguments)
    assert (done.returncode, done.stdout) == (1, ""), done
    (line,) = done.stderr.splitlines()
    return line


def reload(server: RunningServer) -> str:
    """Let the server take over what there is; the names of the keys that are in force then."""
    count = server.log.count("backend keys in force: ")
    server.signal(signal.SIGHUP)
    wait_until(lambda: server.log.count("backend keys in force: ") > count)
    return server.log.rpartition("backend keys in force: ")[2].splitlines()[0]


def test_a_key_is_made_and_ended_beside_a_server(run_server: Run) -> None:
    server = run_server()
    key = new_key(server.settings, "ops", "moderate")
    assert server.http("GET", MUTED, key=key)[0] == 401
    assert reload(server) == "tests, ops"
    assert server.http("GET", MUTED, key=key)[0] == 200
    assert server.http("DELETE", "/mute", {"user_id": "nobody", "room_id": ROOM_ID}, key=key)[0] == 404
    listed = chatctl(server.settings, "key", "list")
    assert listed.returncode == 0
    names = [line.split("\t")[:2] for line in listed.stdout.splitlines()]
    assert names == [["tests", "*"], ["ops", "moderate"]]
    assert server.http("GET", MUTED, key=key)[0] == 200
    assert chatctl(server.settings, "key", "end", "ops").returncode == 0
    assert reload(server) == "tests"
    assert server.http("GET", MUTED, key=key)[0] == 401
    assert server.rest("GET", MUTED)[0] == 200
    server.stop()
    with sqlite3.connect(server.settings.folder / "data" / "chat.db") as database:
        rows = database.execute("SELECT key_name, action, reason FROM audit WHERE key_name = 'chatctl'").fetchall()
        dump = "".join(database.iterdump())
    database.close()
    assert rows == [("chatctl", "create_key", "ops: moderate"), ("chatctl", "end_key", "ops")]
    for text in (dump, server.log, listed.stdout):
        assert key not in text


def test_a_key_is_good_after_a_restart_and_for_its_scopes(run_server: Run) -> None:
    server = run_server()
    server.stop()
    reader, any_may = new_key(server.settings, "reader", "read"), new_key(server.settings, "all", "*")
    server.start()
    body = {"body": "eA==", "verb": "x"}
    assert server.http("GET", MUTED, key=reader)[0] == 200
    assert server.http("POST", "/broadcast", body, key=reader)[0] == 403
    assert server.http("POST", "/broadcast", body, key=any_may)[0] == 200


def test_keys_are_made_while_people_write(run_server: Run) -> None:
    """The database has two writers then, who wait for each other."""
    server = run_server("[rest]\ncalls_per_s = 1000000\nburst = 1000000")
    ends = ("--scopes", "read", "--config", str(server.settings.file))
    making = [
        subprocess.Popen(
            [sys.executable, "-m", "chat.ctl", "key", "new", "--name", name, *ends], stdout=subprocess.DEVNULL
        )
        for name in ("a", "b", "c")
    ]
    calls = 0
    while any(one.poll() is None for one in making):
        assert server.rest("POST", "/broadcast", {"body": "eA==", "verb": "x"})[0] == 200
        calls += 1
    assert [one.returncode for one in making] == [0, 0, 0]
    assert calls > 0
    assert reload(server) == "tests, a, b, c"


def test_what_is_refused(run_server: Run, tmp_path: Path) -> None:
    server = run_server()
    settings = server.settings
    new_key(settings, "ops", "read")
    new = ("key", "new", "--scopes", "read", "--name")
    for arguments, part in (
        ((*new, "ops"), "there is a key ops already"),
        ((*new, "tests"), "there is a key tests already"),
        ((*new, "x\ny"), r"got 'x\ny'"),
        (("key", "new", "--name", "x", "--scopes", "fly,read"), "there is no scope fly, known are *, read"),
        (("key", "new", "--name", "x"), "the following arguments are required: --scopes"),
        (("key", "end", "nobody"), "the key nobody is not there"),
        (("key", "end", "tests"), "the key tests is in the configuration"),
    ):
        assert part in refusal(settings, *arguments)
    assert reload(server) == "tests, ops"
    nowhere = Settings.fresh(tmp_path / "nowhere")
    assert "there is no database: start the server first" in refusal(nowhere, "key", "list")
    assert not (nowhere.folder / "data").exists()
    nowhere.file.write_text("[listen]\npublik = 5", encoding="utf-8")
    assert "listen.publik: unknown key" in refusal(nowhere, "key", "list")


def test_the_configuration_wins(run_server: Run) -> None:
    server = run_server()
    key = new_key(server.settings, "ops", "read")
    text = server.settings.file.read_text(encoding="utf-8")
    own = '\n[[backend.keys]]\nname = "ops"\nkey = "ops-of-the-file"\nscopes = ["read"]\n'
    server.settings.file.write_text(text + own, encoding="utf-8")
    assert reload(server) == "tests, ops"
    assert "the key ops of chatctl is not in force" in server.log
    assert server.http("GET", MUTED, key="ops-of-the-file")[0] == 200
    assert server.http("GET", MUTED, key=key)[0] == 401


def test_the_generated_key_is_beside_those_of_chatctl(run_server: Run) -> None:
    without = f'[[backend.keys]]\nname = "tests"\nkey = "{KEY}"\n'
    server = run_server(change=lambda text: text.replace(without, ""))
    file = server.settings.folder / "data" / "backend.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    key = new_key(server.settings, "ops", "read")
    assert reload(server) == "generated, ops"
    for one in (file.read_text(encoding="utf-8").strip(), key):
        assert server.http("GET", MUTED, key=one)[0] == 200
    assert "generated\t*\t" in chatctl(server.settings, "key", "list").stdout


def test_the_commands_of_the_page(run_server: Run, tmp_path: Path) -> None:
    server = run_server()
    programs = tmp_path / "bin"
    programs.mkdir()
    program = programs / "chatctl"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m chat.ctl "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    (server.settings.folder / "chat.pid").write_text(str(server.pid), encoding="utf-8")
    (commands,) = [block for block in blocks("docs/operating.md", "sh") if "chatctl" in block]
    done = subprocess.run(
        ["sh", "-ec", commands],
        cwd=server.settings.folder,
        env=os.environ | {"PATH": f"{programs}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done
    assert "ops\tread,moderate\t" in done.stdout
    server.wait_for_log("backend keys in force: ")


@pytest.mark.parametrize("arguments", [("--help",), ("key", "--help"), ("key", "new", "--help")])
def test_help(arguments: tuple[str, ...]) -> None:
    done = subprocess.run([sys.executable, "-m", "chat.ctl", *arguments], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("usage: chatctl ")
