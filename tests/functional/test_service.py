"""`twistd chat` as operators use it: its questions, its refusals to start, its signals."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

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
    server = run_server("[content]\nspam = true\n[messages]\nmax_characters = 20000")
    assert "content.spam has no effect in this version" in server.log
    assert "max_characters has no effect" not in server.log
