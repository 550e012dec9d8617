"""Migrations: what they make, what they leave as it was, and what a kill in the middle leaves."""

from __future__ import annotations

import signal
import subprocess
import sys
from importlib.resources import files
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    insert,
    select,
)

from chat.errors import ConfigError
from chat.model import RoomId
from chat.names import folded
from chat.storage.migrating import alembic_config
from chat.storage.schema import memberships, metadata, reports, rooms
from chat.world import Declared
from tests.conformance.opened import Opened
from tests.conformance.stores import SqliteCase

REVISIONS = [revision.revision for revision in ScriptDirectory.from_config(alembic_config()).walk_revisions()][::-1]
FORMER = REVISIONS[:-1]
ROWS = 3
FUTURE_MS = 4_000_000_000_000
NOTHING = Declared({}, (), (), ())
# Values that mean something to whoever reads them; the others are made up.
KNOWN: dict[str, Any] = {
    "users.attributes": '{"a":"b"}',
    "rooms.kind": "static",
    "rooms.access": "open",
    "rooms.removed_ms": None,
    "roles.role": "owner",
    "sanctions.kind": "mute",
    "sanctions.scope": "room",
    "sanctions.until_ms": FUTURE_MS,
}
# Migrates, and is killed when it comes to the statement of this number.
VICTIM = """
import os, signal, sys
from sqlalchemy import Engine, event
from chat.plugins.sqlite import SqliteDialect
left = int(sys.argv[2])
@event.listens_for(Engine, "before_cursor_execute")
def count(*arguments):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
SqliteDialect(sys.argv[1]).prepare()
print(int(sys.argv[2]) - left)
"""


def value_of(column: Column[Any], number: int) -> Any:
    """Something for a column of the row with this number."""
    name = f"{column.table.name}.{column.name}"
    if name in KNOWN:
        return KNOWN[name]
    if column.foreign_keys or column.primary_key:
        return number
    if isinstance(column.type, Boolean):
        return False
    if isinstance(column.type, Integer):
        return number
    return b"bytes" if isinstance(column.type, LargeBinary) else f"{column.name} Ä {number}"


def fill(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    """Put rows into every table; what they are."""
    schema = MetaData()
    schema.reflect(connection)
    tables = [table for table in schema.sorted_tables if table.name != "alembic_version"]
    filled = {}
    for table in tables:
        rows = [{column.name: value_of(column, number) for column in table.c} for number in range(1, ROWS + 1)]
        connection.execute(insert(table), rows)
        filled[table.name] = rows
    return filled


def made_at(engine: Engine, revision: str) -> dict[str, list[dict[str, Any]]]:
    """Make the database of a revision, with rows in it."""
    with engine.begin() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        return fill(connection)


def stored(connection: Connection, name: str, columns: set[str]) -> list[dict[str, Any]]:
    """The rows of a table that were there before, in those columns that are there still."""
    table = Table(name, MetaData(), autoload_with=connection)
    kept = [column for column in table.c if column.name in columns]
    rows = connection.execute(select(*kept).order_by(*table.primary_key.columns)).mappings()
    return [dict(row) for row in rows][:ROWS]


def test_the_migrations_make_the_schema(case: SqliteCase) -> None:
    with case.side.begin() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_the_migrations_are_in_the_package() -> None:
    assert alembic_config().get_main_option("script_location") == str(files("chat.storage") / "migrations")
    names = {path.name for path in (files("chat.storage") / "migrations" / "versions").iterdir()}
    for number in range(1, len(REVISIONS) + 1):
        assert any(name.startswith(f"v{number:04}_") for name in names)


@pytest.mark.parametrize("revision", FORMER)
async def test_a_database_of_a_former_server_is_brought_up_to_date(case: SqliteCase, revision: str) -> None:
    filled = made_at(case.side, revision)
    store = case.store()
    world = store.open(NOTHING)
    with case.side.begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        for name, rows in filled.items():
            if name == "memberships":
                continue
            columns = set(rows[0]) & {column.name for column in metadata.tables[name].c}
            assert stored(connection, name, columns) == [{key: row[key] for key in columns} for row in rows]
    assert len(world.sanctions) == len(filled["sanctions"])
    room = next(room for room in world.rooms if room.id == RoomId(filled["rooms"][0]["id"]))
    opened = Opened(case)
    opened.store, opened.alice = store, world.system
    assert (await store.append_message(opened.draft("next", room))).message.seq == filled["rooms"][0]["head_seq"] + 1
    await store.close()


async def test_names_of_rooms_are_folded_and_taken_for_declared(case: SqliteCase) -> None:
    made_at(case.side, "0001")
    with case.side.begin() as connection:
        connection.exec_driver_sql("UPDATE rooms SET kind = 'admin' WHERE key = 1")
        connection.exec_driver_sql("UPDATE rooms SET name = 'Gen\u00aderal \u0345\u3164\ufe0fＡ' WHERE key = 2")
    store = case.store()
    store.open(NOTHING)
    with case.side.begin() as connection:
        for row in connection.execute(select(rooms).order_by(rooms.c.key)):
            assert row.folded == folded(row.name)
            assert row.declared_name == (row.name if row.kind == "static" else None)
    await store.close()


async def test_reports_say_what_was_reported(case: SqliteCase) -> None:
    filled = made_at(case.side, "0005")
    store = case.store()
    store.open(NOTHING)
    messages = {row["key"]: row for row in filled["messages"]}
    with case.side.begin() as connection:
        rows = connection.execute(select(reports).order_by(reports.c.key))
        for row, before in zip(rows, filled["reports"], strict=True):
            message = messages[before["message_key"]]
            assert (row.message_id, row.body) == (message["id"], message["body"])
            assert (row.room_key, row.author_key) == (message["room_key"], message["author_key"])
    await store.close()


async def test_members_by_a_role_are_members_no_longer_than_that(case: SqliteCase) -> None:
    """Those of rooms came with roles so far; those of conversations are their owners."""
    made_at(case.side, "0006")
    with case.side.begin() as connection:
        connection.exec_driver_sql("UPDATE rooms SET kind = 'conversation', channel_key = NULL WHERE key = 2")
    store = case.store()
    store.open(NOTHING)
    with case.side.begin() as connection:
        assert connection.execute(select(memberships.c.room_key)).scalars().all() == [2]
    await store.close()


def migrate_and_die(case: SqliteCase, at: int) -> subprocess.CompletedProcess[str]:
    command_line = [sys.executable, "-c", VICTIM, str(case.side.url), str(at)]
    return subprocess.run(command_line, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("revision", ["", *FORMER])
def test_a_kill_in_the_middle_leaves_what_was_there(case: SqliteCase, revision: str) -> None:
    if revision:
        made_at(case.side, revision)
    before = case.content()
    statements, deaths = 4, 0
    for _ in range(5):
        done = migrate_and_die(case, statements)
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
        deaths += 1
        assert case.content() == before
        statements *= 2
    assert deaths > 1
    assert migrate_and_die(case, 0).returncode == 0
    assert case.content() != before


def test_a_migration_that_fails_leaves_what_was_there(case: SqliteCase, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(config: Any, revision: str) -> None:
        connection: Connection = config.attributes["connection"]
        connection.exec_driver_sql("CREATE TABLE half (x)")
        raise ConfigError("failed here")

    monkeypatch.setattr(command, "upgrade", fail)
    with pytest.raises(ConfigError, match="failed here"):
        case.store().open(NOTHING)
    assert case.content() == {}
