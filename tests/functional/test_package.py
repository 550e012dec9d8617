"""The wheel: what is in it, and that it works in a fresh environment."""

from __future__ import annotations

import zipfile
from pathlib import Path

from tests.functional.conftest import Environment


def test_what_is_in_the_wheel(wheel: Path, checkout: Path) -> None:
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    sources = {
        str(path.relative_to(checkout))
        for folder in ("chat", "twisted")
        for path in (checkout / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.name != "dropin.cache"
    }
    assert names == sources


def test_the_wheel_works_in_a_fresh_environment(environment: Environment, tmp_path: Path) -> None:
    assert "chat " in environment.run("twistd", "--help", folder=tmp_path)
    assert environment.run("twistd", "chat", "--check", folder=tmp_path) == "the defaults: ok\n"
    listed = environment.run("twistd", "chat", "--list-plugins", folder=tmp_path)
    assert "chat.plugins.message" in listed
    assert not (tmp_path / "twistd.pid").exists()
