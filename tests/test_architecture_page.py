"""The table of modules in docs/architecture.md names every module once, and none that is not there."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import chat
from tests.documents import ROOT

SOURCES = Path(chat.__file__).parent


def named() -> list[str]:
    """The modules and folders in the first column of the table."""
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    (table,) = re.findall(r"(?m)^\| module \|.*\n\|[-|]+\n((?:\|.*\n)+)", page)
    return [name for line in table.splitlines() for name in re.findall(r"`([^`]+)`", line.split("|")[1])]


def place_of(module: str, folders: list[str]) -> str:
    """The folder of the table that the module is in, or the module itself."""
    return next((folder for folder in folders if module.startswith(folder)), module)


def test_the_table_of_modules_is_complete() -> None:
    names = Counter(named())
    folders = [name for name in names if name.endswith("/")]
    modules = (path for path in SOURCES.rglob("*.py") if path.name != "__init__.py")
    on_disk = {place_of(path.relative_to(SOURCES).as_posix(), folders) for path in modules}
    assert names == Counter(on_disk)
