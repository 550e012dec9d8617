"""Broken plugins, as an operator meets them at the terminal: one line and exit code 1, or nothing at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.functional.conftest import Environment
from tests.functional.test_refusals import refused
from tests.running import RunningServer, Settings, twistd
from tests.test_broken_plugins import FOLDER, SOURCE

MISCHIEF = f'[plugins]\npath = ["{FOLDER}"]\nenable = ["mischief"]\n[plugins.mischief]\n'


def blamed(settings: Settings, *arguments: str) -> str:
    """The one line with which twistd refused, behind the name of the configuration."""
    return refused(settings, *arguments).removeprefix(f"{settings.file}: ")


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A module that does not import, in a folder of its own."""
    file = tmp_path / "plugins" / "broken.py"
    file.parent.mkdir()
    file.write_text("import no_such_module\n", encoding="utf-8")
    return file


def section(broken: Path, *enabled: str) -> str:
    """The section `[plugins]` with the folder of the broken module."""
    return f'[plugins]\npath = ["{broken.parent}"]\nenable = {list(enabled)}'.replace("'", '"')


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ('build = "crash"', f"plugin mischief ({SOURCE}): build failed: RuntimeError: no luck"),
        ('build = "exit"', f"plugin mischief ({SOURCE}): build failed: SystemExit: no luck"),
        ('build = "same event"', f"plugin mischief ({SOURCE}): the verb join exists already, in chat.plugins.join"),
        ('buidl = "well"', "plugins.mischief.buidl: unknown key, did you mean build?"),
    ],
)
def test_what_cannot_be_built_is_one_line(tmp_path: Path, options: str, line: str) -> None:
    settings = Settings.fresh(tmp_path, MISCHIEF + options)
    for arguments in ((), ("--check",)):
        assert blamed(settings, *arguments).startswith(line)


def test_what_cannot_start_is_one_line(tmp_path: Path) -> None:
    line = blamed(Settings.fresh(tmp_path, MISCHIEF + 'build = "false start"'))
    assert line.startswith(f"plugin mischief ({SOURCE}): start failed: RuntimeError: too early (mischief.py:")


def test_what_does_not_import_is_one_line(tmp_path: Path, broken: Path) -> None:
    settings = Settings.fresh(tmp_path, section(broken, "broken"))
    line = f"plugin broken ({broken}): does not import: ModuleNotFoundError: No module named 'no_such_module'"
    for arguments in ((), ("--check",)):
        assert blamed(settings, *arguments) == f"{line} (broken.py:1)"


def test_an_entry_point_that_does_not_import_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = tmp_path / "site" / "broken_dist-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-dist\nVersion: 1.0\n", encoding="ascii")
    (info / "entry_points.txt").write_text("[chat.plugins]\nbroken = no_such_module:plugin\n", encoding="ascii")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    line = "plugin broken (broken-dist: no_such_module:plugin): does not import: ModuleNotFoundError: "
    assert blamed(Settings.fresh(tmp_path, '[plugins]\nenable = ["broken"]'), "--check").startswith(line)
    done = twistd("--check", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_is_not_enabled_is_not_heard_of(
    run_server: Callable[..., RunningServer], broken: Path, tmp_path: Path
) -> None:
    (broken.parent / "leaver.py").write_text("raise SystemExit(3)", encoding="utf-8")
    server = run_server(section(broken))
    assert "no_such_module" not in server.log
    assert "Traceback" not in server.log
    listed = twistd("--config", str(server.settings.file), "--list-plugins", folder=tmp_path)
    assert (listed.returncode, listed.stderr) == (0, "")
    errors = {line.split()[0]: line.partition("  does not import: ")[2] for line in listed.stdout.splitlines()}
    assert errors["broken"] == "ModuleNotFoundError: No module named 'no_such_module' (broken.py:1)"
    assert errors["leaver"] == "SystemExit: 3 (leaver.py:1)"


@pytest.mark.parametrize(
    ("options", "error"),
    [('build = "crash"', "build failed: RuntimeError: no luck"), ("times = true", "expected int, got bool")],
)
def test_the_list_tells_what_only_a_start_would_show(tmp_path: Path, options: str, error: str) -> None:
    settings = Settings.fresh(tmp_path, MISCHIEF + options)
    listed = twistd("--config", str(settings.file), "--list-plugins", folder=tmp_path)
    assert (listed.returncode, listed.stderr) == (0, "")
    (row,) = [line for line in listed.stdout.splitlines() if line.startswith("mischief")]
    assert "yes" in row
    assert error in row


def test_one_of_ours_that_is_broken_hinders_unless_disabled(environment: Environment, tmp_path: Path) -> None:
    (folder,) = environment.folder.glob("lib/*/site-packages/chat/plugins")
    broken = folder / "broken.py"
    broken.write_text("import no_such_module", encoding="utf-8")
    try:
        done = environment.fail("twistd", "chat", "--check", folder=tmp_path)
        assert done.startswith(
            "the defaults: plugin broken (chat.plugins.broken): does not import: ModuleNotFoundError: "
        )
        assert done.count("\n") == 1
        config = Settings.fresh(tmp_path, '[plugins]\ndisable = ["broken"]').file
        assert environment.run("twistd", "chat", "--config", str(config), "--check").endswith(": ok\n")
    finally:
        broken.unlink()
