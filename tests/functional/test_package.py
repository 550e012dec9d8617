"""The wheel: what is in it, and that it works in a fresh environment."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.functional.conftest import SETUP_TIMEOUT_S


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(checkout))
    (file,) = folder.glob("*.whl")
    return file


def run(*command: str, folder: Path | None = None) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE", "PYTHON"))}
    done = subprocess.run(
        command, cwd=folder, env=clean, capture_output=True, text=True, timeout=SETUP_TIMEOUT_S, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_what_is_in_the_wheel(wheel: Path, checkout: Path) -> None:
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    sources = {
        str(path.relative_to(checkout))
        for folder in ("chat", "twisted")
        for path in (checkout / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.name != "dropin.cache"
    }
    assert names == sources


def test_the_wheel_works_in_a_fresh_environment(wheel: Path, tmp_path: Path) -> None:
    run(sys.executable, "-m", "venv", str(tmp_path / "venv"))
    programs = tmp_path / "venv" / "bin"
    run(str(programs / "pip"), "install", "--quiet", str(wheel))
    assert "chat " in run(str(programs / "twistd"), "--help", folder=tmp_path)
    assert run(str(programs / "twistd"), "chat", "--check", folder=tmp_path) == "the defaults: ok\n"
    listed = run(str(programs / "twistd"), "chat", "--list-plugins", folder=tmp_path)
    assert "chat.plugins.message" in listed
    assert not (tmp_path / "twistd.pid").exists()
