"""docs/limits.md is true: its keys and defaults are the configuration's, and what is said to be tested has a test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from chat.config import Config, Limits
from chat.plugins.rate_limit import Options

ROOT = Path(__file__).parents[1]


def rows() -> list[list[str]]:
    """What, configuration, default, code and test of every limit."""
    lines = (ROOT / "docs" / "limits.md").read_text(encoding="utf-8").splitlines()
    table = [line.strip("|").split("|") for line in lines if line.startswith("| ")]
    return [[cell.strip() for cell in row] for row in table[1:]]


def default_of(name: str) -> float:
    value: Any = Options() if name.startswith("plugins.rate-limit.") else Config()
    for part in name.removeprefix("plugins.rate-limit.").split("."):
        value = getattr(value, part)
    number: float = value
    return number


def test_every_key_has_its_default() -> None:
    keys = {row[1].strip("`"): row[2] for row in rows() if row[1].startswith("`")}
    assert {f"limits.{name}" for name in Limits.__struct_fields__} <= set(keys)
    for name, shown in keys.items():
        assert default_of(name) == float(shown.split()[0]), name


def test_every_limit_is_tested_where_it_is_said() -> None:
    for row in rows():
        text = (ROOT / row[4]).read_text(encoding="utf-8")
        for code in (word.strip(";,") for word in row[3].split()):
            assert not code.isdigit() or code in text, row
