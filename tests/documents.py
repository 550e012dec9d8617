"""The documents, for tests that do what they say."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[1]


def blocks(page: str, language: str) -> list[str]:
    """The fenced blocks of a language in a page."""
    parts = (ROOT / page).read_text(encoding="utf-8").split("```")[1::2]
    return [body for header, _, body in (part.partition("\n") for part in parts) if header == language]
