"""How long messages are kept: what goes when, in memory too, and what a server does that stops meanwhile."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.task import Clock

from chat import retention
from chat.config import HistoryOptions
from chat.errors import StorageError
from chat.messages import Draft, Span
from chat.model import Message
from chat.retention import BATCH, PAUSE_S, RETRY_AFTER_S, SWEEP_EVERY_S, Retention
from chat.testing import MemoryServer
from chat.times import utc_now
from tests.conformance.opened import audit
from tests.conversing import CHANNELS, ROOM, eventually, inside
from tests.keeping import Kept, keeping

NOW = utc_now()
OLD, YOUNG = NOW - timedelta(days=8), NOW - timedelta(days=6)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    with keeping(tmp_path) as one:
        yield one


async def post(kept: Kept, published: datetime, *bodies: str) -> list[Message]:
    posted = []
    for body in bodies:
        appended = await kept.opened.store.append_message(kept.opened.draft(body, published=published))
        kept.timelines.posted(appended.message)
        posted.append(appended.message)
    return posted


class Purges:
    """What a store is asked to purge, and the answers that are still to come."""

    def __init__(self) -> None:
        self.asked: list[datetime] = []
        self.answers: list[Deferred[int]] = []

    def purge_messages(self, before: datetime, limit: int) -> Deferred[int]:
        """See `IStore`."""
        assert limit == BATCH
        self.asked.append(before)
        self.answers.append(Deferred())
        return self.answers[-1]


@pytest.fixture
def purges(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> Purges:
    seen = Purges()
    monkeypatch.setattr(kept.opened.store, "purge_messages", seen.purge_messages)
    return seen


def sweeping(kept: Kept, clock: Clock, days: int = 7) -> Retention:
    messages = retention.Kept("messages", days, kept.opened.store.purge_messages)
    one = Retention(messages, clock, kept.timelines.forget_before)
    one.start()
    return one


async def test_without_a_number_of_days_nothing_goes(kept: Kept, purges: Purges) -> None:
    clock = Clock()
    await post(kept, datetime.fromisoformat("2000-01-01T00:00:00Z"), "old")
    sweeping(kept, clock, days=0)
    clock.advance(SWEEP_EVERY_S)
    assert (purges.asked, clock.getDelayedCalls()) == ([], [])
    assert await kept.opened_bodies() == ["old"]


async def test_it_goes_on_until_nothing_old_is_left_and_then_looks_every_hour(kept: Kept, purges: Purges) -> None:
    clock = Clock()
    sweeping(kept, clock)
    assert abs(utc_now() - timedelta(days=7) - purges.asked[0]) < timedelta(minutes=1)
    for purged in (BATCH, BATCH, 0):
        assert clock.getDelayedCalls() == []
        purges.answers[-1].callback(purged)
        clock.advance(PAUSE_S)
    assert len(set(purges.asked)) == 1
    assert len(purges.asked) == 3
    clock.advance(SWEEP_EVERY_S - 2 * PAUSE_S)
    assert len(purges.asked) == 3
    clock.advance(PAUSE_S)
    assert len(purges.asked) == 4


async def test_what_fails_is_tried_again(kept: Kept, purges: Purges) -> None:
    clock = Clock()
    sweeping(kept, clock)
    purges.answers[0].errback(StorageError("the store did not answer in time"))
    clock.advance(RETRY_AFTER_S)
    assert len(purges.asked) == 2


@pytest.mark.parametrize("outcome", [BATCH, 0, StorageError("closed")])
async def test_who_is_stopped_begins_nothing_more(kept: Kept, purges: Purges, outcome: Any) -> None:
    clock = Clock()
    waiting, writing = sweeping(kept, clock), sweeping(kept, clock)
    purges.answers[0].callback(BATCH)
    waiting.stop()
    writing.stop()
    purges.answers[1].callback(outcome)
    assert clock.getDelayedCalls() == []
    assert len(purges.asked) == 2


async def test_memory_lets_go_of_what_is_old_at_once(kept: Kept, purges: Purges) -> None:
    """Whether the store comes to it or not."""
    await kept.opened_bodies()
    await post(kept, OLD, *"ab")
    await post(kept, YOUNG, *"cd")
    sweeping(kept, Clock())
    assert kept.bodies() == ["c", "d"]
    assert kept.counted() > 0
    assert kept.timelines.newest(kept.room().id).head == 4
    kept.timelines.release_if_empty(kept.room().id)
    assert await kept.opened_bodies() == ["c", "d"]
    await post(kept, YOUNG, "e")
    assert kept.bodies() == ["c", "d", "e"]
    kept.counted()


async def test_memory_lets_go_while_a_room_loads(kept: Kept, purges: Purges, monkeypatch: pytest.MonkeyPatch) -> None:
    await post(kept, OLD, *"ab")
    await post(kept, YOUNG, "c")
    stored: Span = await kept.opened.store.recent_messages(kept.room(), 10)
    span: Deferred[Span] = Deferred()
    monkeypatch.setattr(kept.opened.store, "recent_messages", lambda room, limit: span)
    opening = ensureDeferred(kept.timelines.open(kept.room()))
    await post(kept, OLD, "posted late")
    sweeping(kept, Clock())
    span.callback(stored)
    await opening
    assert kept.bodies() == ["c"]
    kept.counted()


def history(**members: Any) -> dict[str, Any]:
    return {"verb": "list", "target": {"id": ROOM}} | members


async def seqs(client: Any, **members: Any) -> list[int]:
    reply = await client.call("history", history(**members))
    return [entry["seq"] for entry in reply["data"]["object"]["attachments"]]


async def test_a_server_purges_at_its_start(
    memory_server: Callable[..., MemoryServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    monkeypatch.setattr(retention, "PAUSE_S", 0.001)
    first = memory_server(channels=CHANNELS)
    await inside(first)
    services = first.server.services
    author, room = await services.users.known("alice"), services.rooms.room(ROOM)  # type: ignore[arg-type]
    for published in (OLD, OLD, OLD, OLD, OLD, YOUNG):
        await services.store.append_message(Draft(room=room, author=author, body="x", published=published))
    await first.stop()
    second = memory_server(
        channels=CHANNELS, data_dir=first.server.config.data_dir, history=HistoryOptions(retention_days=7)
    )
    messages, audits = second.server._retentions
    await eventually(lambda: messages._purged == 0 and messages._next is not None)
    client = await inside(second)
    assert await seqs(client) == await seqs(client, object={"seq": 0}) == [6]
    for seq, recovered in ((0, False), (4, False), (5, True), (6, True), (7, False)):
        gap = (await client.call("history", history(object={"seq": seq})))["data"]["object"]
        assert (gap["head"], gap["more"], gap["recovered"]) == (6, False, recovered)
    await second.stop()
    assert not messages._next.active()
    assert not audits.runs


async def test_a_server_purges_the_audit_log_by_days_of_its_own(
    memory_server: Callable[..., MemoryServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    monkeypatch.setattr(retention, "PAUSE_S", 0.001)
    first = memory_server(channels=CHANNELS)
    folder = first.server.config.data_dir
    for at in (OLD, OLD, OLD, YOUNG):
        await first.server.services.store.record(structs.replace(audit("old" if at is OLD else "young"), at=at))
    await first.stop()
    second = memory_server(channels=CHANNELS, data_dir=folder, history=HistoryOptions(audit_days=7))
    messages, audits = second.server._retentions
    await eventually(lambda: audits._purged == 0 and audits._next is not None)
    assert not messages.runs
    with closing(sqlite3.connect(f"{folder}/chat.db")) as database:
        assert database.execute("SELECT action FROM audit").fetchall() == [("young",)]
    await second.stop()
    assert not audits._next.active()
