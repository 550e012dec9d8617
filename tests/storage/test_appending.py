"""The statements that run at every commit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, bindparam, insert, make_url

from chat.storage import rowwise
from chat.storage.appending import Appender
from chat.storage.engines import sqlite_engine
from chat.storage.rowwise import OverRows
from chat.storage.schema import metadata, users


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    engine = sqlite_engine(f"sqlite:///{tmp_path}/chat.db", writes=True)
    with engine.connect() as connection:
        with connection.begin():
            metadata.create_all(connection)
        yield connection
    engine.dispose()


def plan(connection: Connection, statement: OverRows) -> str:
    text = statement._text(3)
    with connection.begin():
        steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", (1,) * text.count("?")).all()
    return "\n".join(step.detail for step in steps)


def test_a_retry_is_found_by_its_own_index_however_much_was_said_that_day(connection: Connection) -> None:
    appender = Appender(connection.dialect)
    tries, numbers = plan(connection, appender._find_tries), plan(connection, appender._take_numbers)
    assert "USING INDEX ix_messages_retry (room_key=? AND author_key=? AND client_id=?)" in tries
    assert "SEARCH rooms USING INTEGER PRIMARY KEY" in numbers
    assert "SCAN rooms" not in numbers


def test_the_statements_fit_other_databases_too() -> None:
    """Written for PostgreSQL they have casts, and lock the rooms in order."""
    dialect: Any = make_url("postgresql+psycopg://").get_dialect()
    appender = Appender(dialect(paramstyle="format"))
    for statement, columns in ((appender._find_tries, 3), (appender._take_numbers, 2), (appender._insert, 8)):
        for rows in (1, 50):
            assert statement._text(rows).count("%s") == rows * columns
    assert "ORDER BY rooms.key FOR UPDATE OF rooms" in appender._take_numbers._text(1)


def test_many_rows_go_out_in_pages(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rowwise, "PAGE_ROWS", 3)
    names = ("id", "name", "origin", "attributes", "created_ms")
    adding = insert(users).values({name: bindparam(name) for name in names}).returning(users.c.id)
    statement = OverRows(adding, connection.dialect)
    with connection.begin():
        found = statement.run(connection, [(str(number), "", "", "", 0) for number in range(8)])
        assert sorted(row.id for row in found) == [str(number) for number in range(8)]
        assert sorted(statement._texts) == [2, 3]
        assert statement.run(connection, []) == []
