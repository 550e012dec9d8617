"""The writing thread: what is given up, and what becomes of the rest."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from sqlalchemy import Connection
from twisted.internet.defer import CancelledError, Deferred

from chat.errors import StorageError
from chat.plugins.sqlite import SqliteDialect
from chat.storage import writer
from chat.storage.writer import Writer

WAIT_S = 30


class Gate:
    """A write that waits until it is let through."""

    def __init__(self, writing: Writer) -> None:
        self.begun = threading.Event()
        self.opened = threading.Event()
        self.written = writing.write(self.work)

    def work(self, connection: Connection) -> bool:
        self.begun.set()
        return self.opened.wait(WAIT_S)


async def begun(writing: Writer) -> Gate:
    """A gate whose write has begun: what is written now waits for the next commit."""
    gate = Gate(writing)
    writing._hand_over()
    assert gate.begun.wait(WAIT_S)
    return gate


@pytest.fixture
def writing(tmp_path: Path) -> Iterator[Writer]:
    from twisted.internet import reactor

    dialect = SqliteDialect(f"sqlite:///{tmp_path}/chat.db")
    engine = dialect.write_engine()
    one = Writer(engine, reactor, {}, dialect.is_in_transaction)
    one.start()
    yield one
    pytest_twisted.blockon(one.stop())
    engine.dispose()


async def test_a_write_that_was_given_up_in_the_queue_is_not_begun(writing: Writer) -> None:
    asked: list[str] = []
    gate = await begun(writing)
    late: Deferred[Any] = writing.write(lambda connection: asked.append("late"))
    in_time = writing.write(lambda connection: asked.append("in time"))
    late.cancel()
    gate.opened.set()
    await in_time
    assert asked == ["in time"]
    assert await gate.written
    with pytest.raises(CancelledError):
        await late


async def test_what_waits_too_long_is_given_up_whether_it_has_begun_or_not(
    writing: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    gate = await begun(writing)
    monkeypatch.setattr(writer, "WRITE_TIMEOUT_S", -1)
    queued = writing.write(lambda connection: asked.append("queued"))
    writing._give_up_late_ones()
    for late in (gate.written, queued):
        with pytest.raises(StorageError, match="in time"):
            await late
    assert len(writing._waiting) == 2
    monkeypatch.undo()
    gate.opened.set()
    await writing.write(lambda connection: asked.append("next"))
    assert asked == ["next"]
    assert len(writing._waiting) == 0


async def test_what_was_given_up_meanwhile_is_not_tried_again(writing: Writer) -> None:
    asked: list[str] = []
    reached, opened = threading.Event(), threading.Event()

    def break_all(connection: Connection) -> None:
        asked.append("broken")
        reached.set()
        assert opened.wait(WAIT_S)
        connection.exec_driver_sql("ROLLBACK")

    breaking = writing.write(break_all)
    late: Deferred[Any] = writing.write(lambda connection: asked.append("late"))
    writing._hand_over()
    assert reached.wait(WAIT_S)
    late.cancel()
    opened.set()
    with pytest.raises(StorageError):
        await breaking
    await writing.write(lambda connection: None)
    assert asked == ["broken", "broken"]
    with pytest.raises(CancelledError):
        await late
