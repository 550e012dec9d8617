"""What is particular to SQLite: durability, one server for each file, its own ways to give up."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from msgspec import structs
from sqlalchemy import Connection, event, insert
from twisted.internet.defer import Deferred

from chat.errors import ConfigError, StorageError
from chat.model import BanScope, Message, MessageId, UserId
from chat.storage import database, reading, sanctioning, tallying
from chat.storage.schema import rooms
from chat.storage.sql import SqlStore
from chat.times import utc_now
from tests.conformance.opened import BOB, Opened, ban, mute
from tests.conformance.stores import SqliteCase

WAIT_S = 30


def run(opened: Opened, method: Callable[[Connection], Any]) -> Deferred[Any]:
    """Run a method of the test's own in the writing thread."""
    assert isinstance(opened.store, SqlStore)
    return opened.store.write(method)


async def kept(opened: Opened) -> list[Message]:
    return list((await opened.store.messages_after(opened.room(), 0, 10)).messages)


@pytest.mark.parametrize(
    ("name", "value"), [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("temp_store", 2)]
)
async def test_the_database_is_durable_and_keeps_nothing_in_files_besides(
    opened: Opened, name: str, value: object
) -> None:
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


async def test_mutes_that_have_ended_take_no_room_for_long(opened: Opened) -> None:
    over = structs.replace(mute(), until=utc_now() - timedelta(milliseconds=1))
    await opened.store.put_sanctions([over], [])
    await opened.store.put_sanctions([mute(BOB)], [], [over])
    assert [row[4:6] for row in opened.case.content()["sanctions"]] == [(opened.bob.key, opened.bob.key)]


async def test_those_that_have_ended_go_with_few_statements(opened: Opened) -> None:
    """One for each scope, however many they are."""
    others = [ban(), ban(BanScope.CHANNEL, "lobby"), ban(BanScope.GLOBAL, "")]
    for many in ([mute()], [mute(UserId(str(number))) for number in range(100)]):
        forget = partial(sanctioning.put_sanctions, new=[], audits=[], ended=[*many, *others], newcomers=None)
        assert len(await run(opened, partial(statements, method=forget))) == 3


def statements(connection: Connection, method: Callable[[Connection], object]) -> list[tuple[str, Any]]:
    """What a method asks of the database."""
    asked: list[tuple[str, Any]] = []
    note = partial(_note, asked)
    event.listen(connection, "before_cursor_execute", note)
    method(connection)
    event.remove(connection, "before_cursor_execute", note)
    return asked


def plans(connection: Connection, read: Callable[[Connection], object]) -> list[str]:
    """How SQLite goes about the statements of a read."""
    return [
        row.detail
        for statement, parameters in statements(connection, read)
        for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
    ]


def _note(asked: list[tuple[str, Any]], connection: object, cursor: object, *call: Any) -> None:
    asked.append((call[0], call[1]))


async def test_reads_take_an_index_and_sort_nothing(opened: Opened, case: SqliteCase) -> None:
    """What they cost does not rise with what is stored."""
    room = opened.room()
    with case.side.begin() as connection:
        found = [
            plan
            for read in (
                lambda connection: reading.recent_messages(connection, room, 50),
                lambda connection: reading.messages_after(connection, room, 0, 50),
                lambda connection: reading.find_message(connection, MessageId("x")),
                lambda connection: reading.find_user(connection, opened.alice.id),
                lambda connection: tallying.count_joins(connection, [room.id]),
                lambda connection: tallying.last_online(connection, [opened.alice.id]),
            )
            for plan in plans(connection, read)
        ]
    assert len(found) >= 8
    assert found[0].endswith("(room_key=? AND seq>?)")
    heading = re.compile(r"(CORRELATED )?SCALAR SUBQUERY \d")
    assert [plan for plan in found if not plan.startswith("SEARCH ") and not heading.fullmatch(plan)] == []


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
        patched.setattr(database, "CLOSE_TIMEOUT_S", 0)
        await opened.store.close()
    with pytest.raises(ConfigError, match="another server uses the database"):
        await Opened(opened.case).open()
    gate.set()
    assert await blocked
    await opened.close()
    again = Opened(opened.case)
    await again.open()
    await again.close()
