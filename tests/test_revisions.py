"""Messages that are edited, deleted and cleared away: what is in memory is what the store says, whatever goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred, ensureDeferred, fail

from chat import timelines
from chat.errors import ChatError, ErrorCode, StorageError
from chat.messages import Span
from chat.model import MessageId
from chat.revisions import Revisions
from chat.times import utc_now

from .conformance.opened import audit
from .keeping import LIMIT, Kept, keeping

CLEARING = audit("clear-room")


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    with keeping(tmp_path) as one:
        yield one


@pytest.fixture
def revisions(kept: Kept) -> Revisions:
    return Revisions(kept.opened.store, kept.timelines)


async def test_a_message_of_the_room_is_found(kept: Kept, revisions: Revisions) -> None:
    (message,) = await kept.post("a")
    assert await revisions.find(kept.room(), message.id) == message
    for room, unknown in ((kept.room(1), message.id), (kept.room(), MessageId("unknown"))):
        with pytest.raises(ChatError) as refused:
            await revisions.find(room, unknown)
        assert refused.value.code is ErrorCode.VALIDATION_ERROR


async def test_an_edited_message_is_shown_as_it_is_now(kept: Kept, revisions: Revisions) -> None:
    await kept.opened_bodies()
    posted = await kept.post(*"abc")
    at = utc_now()
    edited = await revisions.edit(posted[1], "B" * 1000, at)
    assert (edited.id, edited.seq, edited.edited, edited.published) == (posted[1].id, 2, at, posted[1].published)
    assert kept.timelines.newest(kept.room().id).messages == (posted[0], edited, posted[2])
    assert kept.counted() > 3 * timelines.MESSAGE_BYTES + 1000


async def test_an_edit_keeps_the_bound_in_bytes(
    kept: Kept, revisions: Revisions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timelines, "ROOM_BYTES", 3 * timelines.MESSAGE_BYTES + 250)
    await kept.opened_bodies()
    posted = await kept.post(*"abc")
    await revisions.edit(posted[2], "x" * 400, utc_now())
    assert kept.bodies() == ["b", "x" * 400]
    kept.counted()


async def test_all_rooms_keep_their_bound_when_a_message_grows(
    kept: Kept, revisions: Revisions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timelines, "MEMORY_BYTES", 3 * timelines.MESSAGE_BYTES)
    for room in range(2):
        await kept.opened_bodies(room)
    posted = await kept.post("a")
    await kept.post("b", room=1)
    await revisions.edit(posted[0], "x" * 1000, utc_now())
    assert [kept.is_open(room) for room in range(2)] == [True, False]
    kept.counted()


async def test_an_older_message_takes_the_place_of_a_deleted_one(kept: Kept, revisions: Revisions) -> None:
    posted = await kept.post(*"abcdefg")
    assert await kept.opened_bodies() == ["c", "d", "e", "f", "g"]
    assert await revisions.delete(posted[3], utc_now()) is True
    assert kept.bodies() == ["c", "e", "f", "g"]
    assert await kept.opened_bodies() == ["b", "c", "e", "f", "g"]
    assert await revisions.delete(posted[3], utc_now()) is False
    kept.counted()


async def test_what_becomes_of_a_message_that_is_not_in_memory(kept: Kept, revisions: Revisions) -> None:
    posted = await kept.post(*"abcdefg")
    await kept.opened_bodies()
    await revisions.delete(posted[0], utc_now())
    await revisions.edit(posted[1], "B", utc_now())
    assert kept.bodies() == ["c", "d", "e", "f", "g"]
    await revisions.delete(posted[6], utc_now())
    assert await kept.opened_bodies() == ["B", "c", "d", "e", "f"]


async def test_a_deleted_message_is_not_edited(kept: Kept, revisions: Revisions) -> None:
    (message,) = await kept.post("a")
    await revisions.delete(message, utc_now())
    with pytest.raises(ChatError) as refused:
        await revisions.edit(message, "b", utc_now())
    assert refused.value.code is ErrorCode.VALIDATION_ERROR


async def test_a_cleared_room_shows_what_came_since(kept: Kept, revisions: Revisions) -> None:
    await kept.post(*"abc")
    await kept.opened_bodies()
    assert await revisions.clear(kept.room(), CLEARING) is True
    assert (kept.bodies(), kept.counted()) == ([], 0)
    await kept.post("d")
    assert kept.bodies() == ["d"]
    assert await revisions.clear(kept.room(1), CLEARING) is False


async def test_what_happens_while_a_room_loads(
    kept: Kept, revisions: Revisions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The read saw none of it; the first message after it is deleted too, which is no gap."""
    before = await kept.post(*"abc")
    stored = await kept.opened.store.recent_messages(kept.room(), LIMIT)
    span: Deferred[Span] = Deferred()
    with monkeypatch.context() as patched:
        patched.setattr(kept.opened.store, "recent_messages", lambda room, limit: span)
        opening = ensureDeferred(kept.timelines.open(kept.room()))
        meanwhile = await kept.post(*"de")
        for message in (before[0], meanwhile[0]):
            await revisions.delete(message, utc_now())
        await revisions.edit(before[1], "B", utc_now())
        span.callback(stored)
        await opening
        assert kept.bodies() == ["B", "c", "e"]
    assert await kept.opened_bodies() == ["B", "c", "e"]
    kept.counted()


async def test_a_room_that_is_cleared_while_it_loads(
    kept: Kept, revisions: Revisions, monkeypatch: pytest.MonkeyPatch
) -> None:
    await kept.post(*"abc")
    stored = await kept.opened.store.recent_messages(kept.room(), LIMIT)
    span: Deferred[Span] = Deferred()
    monkeypatch.setattr(kept.opened.store, "recent_messages", lambda room, limit: span)
    opening = ensureDeferred(kept.timelines.open(kept.room()))
    await kept.post("d")
    await revisions.clear(kept.room(), CLEARING)
    assert await revisions.clear(kept.room(), CLEARING) is False
    await kept.post("e")
    span.callback(stored)
    await opening
    assert (kept.bodies(), kept.timelines.newest(kept.room().id).head) == (["e"], 5)


async def test_what_was_given_up_is_read_when_it_is_written(
    kept: Kept, revisions: Revisions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A room is not read before the store has come to its end, also where the store cannot be asked at first."""
    posted = await kept.post(*"ab")
    await kept.opened_bodies()
    deleting: Any = ensureDeferred(revisions.delete(posted[0], utc_now()))
    deleting.cancel()
    with pytest.raises(CancelledError):
        await deleting
    asked = watched(kept.opened.store, monkeypatch)
    with monkeypatch.context() as patched:
        patched.setattr(kept.opened.store, "ping", lambda: fail(StorageError("not now")))
        with pytest.raises(StorageError):
            await kept.timelines.open(kept.room())
    assert asked == []
    await kept.opened_bodies()
    assert asked == ["ping", "recent_messages", "ping"]
    kept.timelines.release_if_empty(kept.room().id)
    await kept.opened_bodies()
    assert asked[3:] == ["recent_messages", "ping"]


def watched(store: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the store is asked from now on when a room is read."""
    asked: list[str] = []

    def watch(name: str) -> None:
        method = getattr(store, name)

        def call(*arguments: Any) -> Any:
            asked.append(name)
            return method(*arguments)

        monkeypatch.setattr(store, name, call)

    for name in ("ping", "recent_messages"):
        watch(name)
    return asked


async def test_a_read_shows_what_became_of_messages_meanwhile(kept: Kept, revisions: Revisions) -> None:
    """Its result comes after the news, and must not bring back what they took away."""
    posted = await kept.post(*"abcd")
    span, recent, elsewhere = Deferred(), Deferred(), Deferred()  # type: ignore[var-annotated]
    reading = ensureDeferred(kept.timelines.read(kept.room().id, span))
    other = ensureDeferred(kept.timelines.read(kept.room(1).id, elsewhere))
    store, stored = kept.opened.store, Span(tuple(posted), 4)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(store, "recent_messages", lambda room, limit: recent)
        looking = ensureDeferred(kept.timelines.recent(kept.room()))
    await revisions.delete(posted[3], utc_now())
    await revisions.edit(posted[1], "B", utc_now())
    for asked in (span, recent, elsewhere):
        asked.callback(stored)
    seen = await reading
    assert [(one.body, one.deleted) for one in seen.messages[:3]] == [("a", False), ("B", False), ("c", False)]
    assert [(one.seq, one.deleted) for one in seen.messages[3:]] == [(4, True)]
    assert [one.body for one in (await looking).messages] == ["a", "B", "c"]
    assert await other == stored


async def test_a_read_shows_that_the_room_was_cleared_meanwhile(kept: Kept, revisions: Revisions) -> None:
    posted = await kept.post(*"ab")
    span: Deferred[Span] = Deferred()
    reading = ensureDeferred(kept.timelines.read(kept.room().id, span))
    await revisions.clear(kept.room(), CLEARING)
    posted += await kept.post("c")
    span.callback(Span(tuple(posted), 3))
    assert [message.deleted for message in (await reading).messages] == [True, True, False]
    assert not kept.timelines._watches._by_room
