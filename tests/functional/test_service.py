"""`twistd chat` as operators use it: its questions, its refusals to start, its signals."""

from __future__ import annotations

import signal
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from tests.clients import Client
from tests.running import ROOM_ID, RunningServer, Settings, twistd

ROOT = Path(__file__).parents[2]


def test_check(tmp_path: Path) -> None:
    done = twistd("--check", "--config", str(ROOT / "etc/chat.toml"), folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert twistd("--check", folder=tmp_path).returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_print_config_masks_secrets(tmp_path: Path) -> None:
    settings = Settings.fresh(tmp_path, '[[auth.users]]\nid = "u"\ntoken = "hush-hush"')
    done = twistd("--config", str(settings.file), "--print-config", CHAT__STORAGE__URL="postgresql://me:pass@db/chat")
    assert done.returncode == 0
    assert "hush-hush" not in done.stdout
    assert "test-key" not in done.stdout
    assert "postgresql://me:********@db/chat" in done.stdout


def test_list_plugins(tmp_path: Path) -> None:
    done = twistd("--list-plugins", folder=tmp_path)
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["NAME", "KIND", "SOURCE", "ENABLED", "ERROR"]
    assert ["join", "chat", "chat.plugins.join", "yes", "-"] in [line.split() for line in lines]


def test_the_generated_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    settings = Settings.fresh(tmp_path)
    text = settings.file.read_text(encoding="utf-8")
    settings.file.write_text(text.replace('[[backend.keys]]\nname = "tests"\nkey = "test-key"', ""), encoding="utf-8")
    server = RunningServer(settings)
    server.start()
    try:
        file = settings.folder / "data" / "backend.key"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        key = file.read_text(encoding="ascii").strip()
        assert str(file) in server.log
        assert key not in server.log
        assert server.http("GET", f"/muted?room_id={ROOM_ID}", key=key)[0] == 200
    finally:
        server.stop()


def test_what_has_no_effect_yet_is_said(run_server: Callable[..., RunningServer]) -> None:
    server = run_server("[messages]\ntext_whispers = true\nmax_characters = 20000")
    assert "messages.text_whispers has no effect in this version" in server.log
    assert "max_characters has no effect" not in server.log


def test_sigterm_answers_what_was_asked_and_closes(run_server: Callable[..., RunningServer]) -> None:
    server = run_server()
    with Client(server.url) as alice, Client(server.url) as bob:
        alice.enter("alice", ROOM_ID)
        bob.enter("bob", ROOM_ID)
        alice.say("last words", ROOM_ID)
        assert server.terminate() == -signal.SIGTERM
        for client in (alice, bob):
            with pytest.raises(ConnectionClosed) as closed:
                client.wait_for("nothing")
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1012
    assert "Traceback" not in server.log
    server.start()
    with Client(server.url) as alice:
        history = alice.enter("alice", ROOM_ID)["data"]["object"]["attachments"][1]["attachments"]
        assert len(history) == 1


def test_sighup_reloads_the_keys(run_server: Callable[..., RunningServer]) -> None:
    server = run_server()
    text = server.settings.file.read_text(encoding="utf-8")
    server.settings.file.write_text(text.replace("test-key", "next-key"), encoding="utf-8")
    server.signal(signal.SIGHUP)
    path = f"/muted?room_id={ROOM_ID}"
    while server.http("GET", path, key="next-key")[0] == 401:
        assert server.is_ready()
    assert server.http("GET", path, key="test-key")[0] == 401
    server.settings.file.write_text("[nonsense", encoding="utf-8")
    server.signal(signal.SIGHUP)
    while "not reloaded" not in server.log:
        assert server.is_ready()
    assert server.http("GET", path, key="next-key")[0] == 200
