"""What is particular to SQLite: durability, one server for each file, its own ways to give up."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, insert
from twisted.internet.defer import Deferred

from chat.errors import ConfigError, StorageError
from chat.model import Message
from chat.storage import sql
from chat.storage.schema import rooms
from chat.storage.sql import SqlStore
from tests.conformance.opened import Opened

WAIT_S = 30


def run(opened: Opened, method: Callable[[Connection], Any]) -> Deferred[Any]:
    """Run a method of the test's own in the writing thread."""
    assert isinstance(opened.store, SqlStore)
    return opened.store._writer.write(method)


async def kept(opened: Opened) -> list[Message]:
    return list((await opened.store.messages_after(opened.room(), 0, 10)).messages)


@pytest.mark.parametrize(("name", "value"), [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)])
async def test_the_database_is_as_durable_as_it_can_be(opened: Opened, name: str, value: object) -> None:
    assert await run(opened, lambda connection: connection.exec_driver_sql(f"PRAGMA {name}").scalar()) == value


async def test_references_are_checked(opened: Opened) -> None:
    values = {"id": "x", "channel_key": 999, "name": "x", "kind": "static", "access": "open", "sort": 0}
    with pytest.raises(StorageError):
        await run(opened, lambda connection: connection.execute(insert(rooms).values(created_ms=0, **values)))


async def test_a_batch_that_fails_at_its_end_is_tried_one_by_one(opened: Opened) -> None:
    """A deferred constraint shows at the commit."""

    def break_later(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = 1")
        connection.exec_driver_sql("INSERT INTO memberships (room_key, user_key, joined_ms) VALUES (999, 999, 0)")

    before = opened.store.append_message(opened.draft("before"))
    failing = run(opened, break_later)
    after = opened.store.append_message(opened.draft("after"))
    assert (await before).message.seq == 1
    with pytest.raises(StorageError):
        await failing
    assert (await after).message.seq == 2
    assert [message.body for message in await kept(opened)] == ["before", "after"]


async def test_what_the_database_gives_up_counts_for_nothing(opened: Opened) -> None:
    """A full disk can make SQLite roll everything back by itself."""

    def give_up(connection: Connection) -> None:
        connection.exec_driver_sql("ROLLBACK")
        raise OSError("disk full")

    before = opened.store.append_message(opened.draft("before"))
    failing = run(opened, give_up)
    after = opened.store.append_message(opened.draft("after"))
    assert (await before).message.seq == 1
    with pytest.raises(StorageError):
        await failing
    assert (await after).message.seq == 2
    assert [message.body for message in await kept(opened)] == ["before", "after"]


async def test_a_file_has_one_server(opened: Opened) -> None:
    with pytest.raises(ConfigError, match="another server uses the database"):
        await Opened(opened.case).open()
    await opened.store.append_message(opened.draft("still there"))
    await opened.close()
    again = Opened(opened.case)
    await again.open()
    await again.close()


async def test_a_stop_is_not_waited_for_without_end(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file stays locked: somebody may still be writing."""
    gate = threading.Event()
    blocked = run(opened, lambda connection: gate.wait(WAIT_S))
    with monkeypatch.context() as patched:
        patched.setattr(sql, "CLOSE_TIMEOUT_S", 0)
        await opened.store.close()
    with pytest.raises(ConfigError, match="another server uses the database"):
        await Opened(opened.case).open()
    gate.set()
    assert await blocked
    await opened.close()
    again = Opened(opened.case)
    await again.open()
    await again.close()
