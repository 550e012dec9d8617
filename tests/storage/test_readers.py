"""The reading threads: their bounds, what is given up, their end."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from sqlalchemy import Connection, delete
from twisted.internet.defer import Deferred

from chat.errors import StorageError
from chat.storage import readers
from chat.storage.engines import sqlite_engine
from chat.storage.readers import READERS, Readers
from chat.storage.schema import metadata, users

WAIT_S = 30


class Gate:
    """Queries that wait, in as many threads as there are, until they are let through."""

    def __init__(self, reading: Readers) -> None:
        self.begun = threading.Semaphore(0)
        self.opened = threading.Event()
        self.waiting = [reading.read(self.query) for _ in range(READERS)]
        for _ in self.waiting:
            assert self.begun.acquire(timeout=WAIT_S)

    def query(self, connection: Connection) -> bool:
        self.begun.release()
        return self.opened.wait(WAIT_S)


@pytest.fixture
def reading(tmp_path: Path) -> Iterator[Readers]:
    from twisted.internet import reactor

    url = f"sqlite:///{tmp_path}/chat.db"
    making = sqlite_engine(url, writes=True)
    metadata.create_all(making)
    making.dispose()
    engine = sqlite_engine(url, writes=False, connections=READERS)
    one = Readers(engine, reactor)
    one.start()
    yield one
    pytest_twisted.blockon(one.stop())
    engine.dispose()


async def test_reads_cannot_write(reading: Readers) -> None:
    with pytest.raises(StorageError):
        await reading.read(lambda connection: connection.execute(delete(users)))


async def test_waiting_reads_are_bounded_also_when_they_were_given_up(
    reading: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(reading)
    monkeypatch.setattr(readers, "READ_LIMIT", READERS + 2)
    monkeypatch.setattr(readers, "READ_TIMEOUT_S", 0)
    for _ in range(2):
        with pytest.raises(StorageError, match="in time"):
            await reading.read(lambda connection: None)
    with pytest.raises(StorageError, match="no more reads"):
        await reading.read(lambda connection: None)
    gate.opened.set()
    assert [await one for one in gate.waiting] == [True] * READERS
    monkeypatch.undo()
    assert await reading.read(lambda connection: "fine") == "fine"
    assert reading._undone == 0


async def test_a_read_that_was_given_up_in_the_queue_is_not_begun(
    reading: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    gate = Gate(reading)
    late: Deferred[Any] = reading.read(lambda connection: asked.append("late"))
    late.cancel()
    with pytest.raises(StorageError):
        await late
    in_time = reading.read(lambda connection: asked.append("in time"))
    gate.opened.set()
    await in_time
    assert asked == ["in time"]
    assert [await one for one in gate.waiting] == [True] * READERS


async def test_a_stop_waits_for_what_was_asked_and_takes_nothing_more(reading: Readers) -> None:
    gate = Gate(reading)
    last = reading.read(lambda connection: "last")
    stopped = reading.stop()
    assert not stopped.called
    with pytest.raises(StorageError, match="no more reads"):
        await reading.read(lambda connection: None)
    gate.opened.set()
    assert await last == "last"
    await stopped
    assert not any(thread.is_alive() for thread in reading._pool.threads)
    assert [await one for one in gate.waiting] == [True] * READERS


async def test_a_stuck_read_does_not_keep_the_process(reading: Readers) -> None:
    gate = Gate(reading)
    assert all(thread.daemon for thread in reading._pool.threads)
    gate.opened.set()
    assert [await one for one in gate.waiting] == [True] * READERS
