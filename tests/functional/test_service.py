"""`twistd chat` as operators use it: its questions, its refusals to start, its signals."""

from __future__ import annotations

import signal
import socket
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from tests.clients import Client
from tests.running import ROOM_ID, RunningServer, Settings, free_ports, twistd

ROOT = Path(__file__).parents[2]


def refused(settings: Settings, *arguments: str) -> str:
    """The one line with which twistd refused."""
    done = twistd("--config", str(settings.file), *arguments, folder=settings.folder)
    assert list(settings.folder.glob("*.pid")) == []
    assert done.returncode == 1, done
    assert "Traceback" not in done.stdout + done.stderr
    (line,) = done.stderr.splitlines()
    return line


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


@pytest.mark.parametrize(
    ("extra", "part"),
    [
        ("[limits]\nframe_byte = 5", "limits.frame_byte: unknown key, did you mean frame_bytes?"),
        ("[limits]\nframe_bytes = true", "limits.frame_bytes: expected int, got bool"),
        ("[limits]\nframe_bytes = 0", "limits.frame_bytes: expected a positive number up to 1000000000, got 0"),
        ("[log]\nlevel = ", "Invalid value"),
        ('[auth]\nkind = "palm"', "auth.kind: there is no authenticator palm, known are open, static"),
        ('[storage]\nurl = "oracle://x/y"', "storage.url: no store serves oracle"),
        ('[storage]\nurl = "sqlite:////proc/nowhere/chat.db"', "storage.url: the database cannot be used"),
        ('[plugins]\ndisable = ["nothing"]', "plugins.disable: there is no plugin nothing"),
        ('[plugins]\ndisable = ["login"]', "no plugin provides the verb for Login"),
        ("[plugins.join]\ncolour = 5", "plugins.join.colour: unknown key"),
        ("[plugins]\ndisable = 5", "plugins.disable: expected array, got int"),
        ('[plugins]\npath = "x"', "plugins.path: expected array, got str"),
        ('[storage]\nurl = "sqlite://[x"', "storage.url: expected sqlite:///file"),
        ('[storage]\nurl = "sqlite:///a\\u0000b"', "storage.url: not a text that can be written"),
        ("[limits]\nlogin_timeout_s = inf", "limits.login_timeout_s: expected a positive number"),
        ("[history]\nlimit = 100000", "history.limit: expected a positive number up to 5000"),
        ("[rooms]\njoin_users_max = -1", "rooms.join_users_max: expected a positive number"),
        ("[drain]\ndrain_s = nan", "drain.drain_s: expected a positive number"),
        ('[[auth.users]]\nid = "0"', "'0' is no id for a user"),
        ('[[auth.users]]\nid = "a"\n[[auth.users]]\nid = "a"', "auth.users: the id a is declared twice"),
        ('[roles]\nsuperusers = ["a b"]', "'a b' is no id for a user"),
        (f"[matrix]\nx = {'[' * 3000}", "recursion"),
    ],
)
def test_a_wrong_configuration_is_one_line(tmp_path: Path, extra: str, part: str) -> None:
    assert part in refused(Settings.fresh(tmp_path, extra))


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    done = twistd("--config", str(tmp_path / "none.toml"), "--check")
    assert (done.returncode, done.stderr) == (1, f"{tmp_path}/none.toml: No such file or directory\n")


def test_a_port_in_use_is_one_line(tmp_path: Path) -> None:
    settings = Settings.fresh(tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", settings.public))
        taken.listen()
        assert f"cannot listen on tcp:{settings.public}" in refused(settings)


def test_in_the_background_too_a_failed_start_is_told(tmp_path: Path) -> None:
    settings = Settings.fresh(tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", settings.backend))
        taken.listen()
        program = str(Path(sys.executable).parent / "twistd")
        command = [program, "--pidfile=chat.pid", "chat", "--config", str(settings.file)]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert not (tmp_path / "chat.pid").exists()
    assert f"cannot listen on tcp:{settings.backend}" in (tmp_path / "twistd.log").read_text(encoding="utf-8")


def test_check_sees_what_needs_no_database(tmp_path: Path) -> None:
    for extra in ('[auth]\nkind = "palm"', '[plugins]\ndisable = ["login"]'):
        settings = Settings.fresh(tmp_path, extra)
        refused(settings, "--check")
        assert not (tmp_path / "data").exists()


def test_open_login_stays_on_loopback(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    file = tmp_path / "chat.toml"
    file.write_text(f'[listen]\npublic = ["tcp:{port}"]', encoding="utf-8")
    done = twistd("--config", str(file), "--check")
    assert done.returncode == 1
    assert "auth.kind: open" in done.stderr


def test_a_newer_schema_is_left_alone(run_server: Callable[..., RunningServer]) -> None:
    server = run_server()
    server.stop()
    file = server.settings.folder / "data" / "chat.db"
    with sqlite3.connect(file) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    before = file.read_bytes()
    assert "schema 9999, which is newer than this server" in refused(server.settings)
    assert file.read_bytes() == before


def test_a_second_server_on_the_same_database_is_refused(run_server: Callable[..., RunningServer]) -> None:
    server = run_server()
    other = Settings.fresh(server.settings.folder / "other")
    text = other.file.read_text(encoding="utf-8").replace(
        str(other.folder / "data"), str(server.settings.folder / "data")
    )
    other.file.write_text(text, encoding="utf-8")
    assert "another server uses the database" in refused(other)


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
