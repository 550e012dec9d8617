"""Statements over rows of values, for the few that run at every commit.

SQLAlchemy writes such a statement for one row and the database at hand; here it goes out as text for many rows, because
what SQLAlchemy does at each execution costs several times the database's own work.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain
from typing import Any

from sqlalchemy import Connection, Dialect, Executable

# A driver keeps the statements that it has prepared; this many sizes of each are few enough.
PAGE_ROWS = 50
_ROW = re.compile(r"VALUES (\([^()]*\))")


class OverRows:
    """A statement whose parameters are all in its one `VALUES (...)`, for drivers that take them by position."""

    def __init__(self, statement: Executable, dialect: Dialect) -> None:
        text = str(statement.compile(dialect=dialect))  # type: ignore[attr-defined]
        self._before, self._row, self._after = _ROW.split(text)
        self._texts: dict[int, str] = {}

    def run(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Execute for all rows, PAGE_ROWS at a time; what the statement returns."""
        found: list[Any] = []
        for start in range(0, len(rows), PAGE_ROWS):
            page = rows[start : start + PAGE_ROWS]
            found += connection.exec_driver_sql(self._text(len(page)), tuple(chain.from_iterable(page))).all()
        return found

    def _text(self, rows: int) -> str:
        text = self._texts.get(rows)
        if text is None:
            text = self._texts[rows] = f"{self._before}VALUES {', '.join([self._row] * rows)}{self._after}"
        return text
