"""A server that cannot start says why in one line, and exits with 1."""

from __future__ import annotations

import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.running import RunningServer, Settings, free_ports, twistd, wait_until


def refused(settings: Settings, *arguments: str) -> str:
    """The one line with which twistd refused."""
    done = twistd("--config", str(settings.file), *arguments, folder=settings.folder)
    assert list(settings.folder.glob("*.pid")) == []
    assert done.returncode == 1, done
    assert "Traceback" not in done.stdout + done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"{settings.file}: "), line
    return line


@pytest.mark.parametrize(
    ("extra", "part"),
    [
        ("[limits]\nframe_byte = 5", "limits.frame_byte: unknown key, did you mean frame_bytes?"),
        ("[limits]\nframe_bytes = true", "limits.frame_bytes: expected int, got bool"),
        ("[limits]\nframe_bytes = 0", "limits.frame_bytes: expected a positive number up to 1000000000, got 0"),
        ("[log]\nlevel = ", "Invalid value"),
        ('[log]\nlevel = "loud"', "log.level: invalid enum value 'loud'"),
        ('[auth]\nkind = "palm"', "auth.kind: there is no authenticator palm, known are open, static"),
        ('[storage]\nurl = "oracle://x/y"', "storage.url: no store serves oracle"),
        ('[storage]\nurl = "sqlite:///:memory:"', "storage.url: expected sqlite:///file"),
        ('[storage]\nurl = "sqlite:///a?colour=red"', "storage.url: expected sqlite:///file"),
        ('[storage]\nurl = "sqlite:///a\\u0000b"', "storage.url: not a text that can be written"),
        ('[plugins]\ndisable = ["nothing"]', "plugins.disable: there is no plugin nothing"),
        ('[plugins]\ndisable = ["login"]', "no plugin provides the verb for Login"),
        ("[plugins.join]\ncolour = 5", "plugins.join.colour: unknown key"),
        ("[plugins]\ndisable = 5", "plugins.disable: expected array, got int"),
        ('[plugins]\npath = [""]', "plugins.path: expected folders, got nothing"),
        ("[limits]\nlogin_timeout_s = inf", "limits.login_timeout_s: expected a positive number"),
        ("[history]\nlimit = 100000", "history.limit: expected a positive number up to 5000"),
        ("[drain]\ndrain_s = nan", "drain.drain_s: expected a positive number up to 3600"),
        ('[[auth.users]]\nid = "0"', "auth.users.id: '0' is no id for a user"),
        ('[[auth.users]]\nid = "a"\n[[auth.users]]\nid = "a"', "auth.users: the id a is declared twice"),
        ('[roles]\nsuperusers = ["a b"]', "roles.superusers: 'a b' is no id for a user"),
        ('[[channels.rooms]]\nname = "R"\nsort = 9999999999', "channels.rooms.sort: expected a number between"),
        ('[users]\nself_attributes = ["age"]', "users.self_attributes: access rules ask for age"),
        ('[acl.allowed]\n"room.fly" = ["age"]', "acl.allowed: there is no 'room.fly'"),
        ('[acl.allowed]\n"room.join" = ["wings"]', "acl.allowed.room.join: there is no type 'wings'"),
        (
            '[[channels.rooms]]\nname = "R"\nacls = [{ action = "join", type = "age", value = "45:25" }]',
            "channels.rooms.acls: R, age for join: the range of age is empty",
        ),
        (
            '[[channels]]\nname = "C"\nacls = [{ action = "message", type = "disallow", value = "" }]',
            "channels.acls: C, disallow for message: the value is blank",
        ),
        (
            '[[channels]]\nname = "C"\nacls = [{ action = "crossroom", type = "samechannel", value = "N" }]',
            "channels.acls: C, samechannel for crossroom: samechannel is y or n",
        ),
        (
            f'[[channels.rooms]]\nname = "R"\nacls = [{{ action = "join", type = "city", value = "{"x" * 4096}" }}]',
            "channels.rooms.acls: R: the rules of a room have at most 4096 characters together",
        ),
        (f"[matrix]\nx = {'[' * 3000}", "nested too deeply"),
        ('["a\\nb\\u001b[31m"]', r"a\nb\x1b[31m: unknown key"),
    ],
)
def test_a_wrong_configuration_is_one_line(tmp_path: Path, extra: str, part: str) -> None:
    assert part in refused(Settings.fresh(tmp_path, extra), "--check")


LISTEN = '"tcp:{public}:interface=127.0.0.1"'
KEYS = '[[backend.keys]]\nname = "tests"\nkey = "test-key"'
STORAGE = '[storage]\nurl = "sqlite:///{}"\n[listen]'


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ("{public}:", "99999:", "listen.public: cannot listen on tcp:99999"),
        (LISTEN, '"stdio:"', "listen.public: stdio:: this is no place to listen"),
        (LISTEN, '"unix:/nowhere/x"', "listen.public: cannot listen on unix:/nowhere/x: No such file or directory"),
        (LISTEN, '"ssl:0:interface=127.0.0.1:privateKey=/"', "listen.public: ssl:0"),
        ("{folder}/data", "x" * 5000, "data_dir: File name too long"),
        ("{folder}/data", "{folder}/chat.toml", "data_dir: {folder}/chat.toml: this is no folder"),
        ("[listen]", STORAGE.format("{folder}"), "storage.url: expected a file, this is a folder"),
        ("[listen]", STORAGE.format("/proc/no/db"), "storage.url: the database cannot be used: No such file"),
        ("[listen]", STORAGE.format("{folder}/chat.toml"), "storage.url: the database cannot be used: file is not a"),
        ('key = "test-key"', 'key_file = "."', "backend.keys.key_file: Is a directory"),
        (KEYS, "", "data_dir: {folder}/data/backend.key: Is a directory"),
    ],
)
def test_what_a_start_stumbles_on_is_one_line(tmp_path: Path, old: str, new: str, part: str) -> None:
    settings = Settings.fresh(tmp_path)
    (tmp_path / "data" / "backend.key").mkdir(parents=True)
    names = {"folder": tmp_path, "public": settings.public}
    text = settings.file.read_text(encoding="utf-8")
    old, new, part = (one.format(**names) for one in (old, new, part))
    assert old in text
    settings.file.write_text(text.replace(old, new), encoding="utf-8")
    assert part in refused(settings)


def test_a_locked_database_is_one_line(tmp_path: Path) -> None:
    settings = Settings.fresh(tmp_path)
    (tmp_path / "data").mkdir()
    with closing(sqlite3.connect(tmp_path / "data" / "chat.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert "storage.url: the database cannot be used: database is locked" in refused(settings)


def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "chat.toml"
    settings = Settings(tmp_path, 0, 0, file)
    file.mkdir()
    assert refused(settings, "--check") == f"{file}: Is a directory"
    file.rmdir()
    file.symlink_to(file)
    assert refused(settings, "--check") == f"{file}: Too many levels of symbolic links"
    file.unlink()
    file.write_bytes(b"environment = '\xff'")
    assert "'utf-8' codec can't decode byte 0xff" in refused(settings, "--check")


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
    wait_until(lambda: not (tmp_path / "chat.pid").exists())
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
