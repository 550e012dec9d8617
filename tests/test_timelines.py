"""The newest messages in memory: which are kept, within which bounds, and when they are read again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred, ensureDeferred, gatherResults

from chat import timelines
from chat.errors import StorageError
from chat.messages import Span
from chat.presence import Presence
from chat.timelines import Timelines

from .keeping import LIMIT, Kept, keeping


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    with keeping(tmp_path) as one:
        yield one


async def test_the_newest_are_kept(kept: Kept) -> None:
    await kept.post(*"abc")
    assert await kept.opened_bodies() == ["a", "b", "c"]
    await kept.post(*"defg")
    assert kept.bodies() == ["c", "d", "e", "f", "g"]
    assert kept.timelines.newest(kept.room().id).head == 7
    assert kept.counted() > 0
    kept.timelines.release_if_empty(kept.room().id)
    assert not kept.is_open()
    assert kept.counted() == 0


async def test_what_is_posted_while_a_room_loads(kept: Kept) -> None:
    await kept.post(*"abc")
    opening = ensureDeferred(kept.timelines.open(kept.room()))
    waiting = [ensureDeferred(kept.timelines.open(kept.room())) for _ in range(3)]
    await kept.post(*"defg")
    await gatherResults([opening, *waiting])
    assert kept.bodies() == ["c", "d", "e", "f", "g"]
    assert kept.counted() > 0


async def test_a_gap_makes_the_room_load_anew(kept: Kept) -> None:
    await kept.opened_bodies()
    await kept.opened.store.append_message(kept.opened.draft("unheard"))
    await kept.post("b")
    assert not kept.is_open()
    assert kept.counted() == 0
    assert await kept.opened_bodies() == ["unheard", "b"]


async def test_a_gap_behind_what_was_read(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is posted while a room loads can drive out what comes right after the messages that were read."""
    await kept.post("read")
    span: Deferred[Span] = Deferred()
    stored = await kept.opened.store.recent_messages(kept.room(), LIMIT)
    monkeypatch.setattr(kept.opened.store, "recent_messages", lambda room, limit: span)
    monkeypatch.setattr(timelines, "ROOM_BYTES", 2 * timelines.MESSAGE_BYTES + 400)
    opening = ensureDeferred(kept.timelines.open(kept.room()))
    await kept.post("x" * 1000, "c", "d")
    span.callback(stored)
    await opening
    assert kept.bodies() == ["c", "d"]


async def test_a_room_has_a_bound_in_bytes(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timelines, "ROOM_BYTES", 3 * timelines.MESSAGE_BYTES + 250)
    await kept.opened_bodies()
    await kept.post(*"abcde")
    assert kept.bodies() == ["c", "d", "e"]
    await kept.post("x" * 400)
    assert kept.bodies() == ["e", "x" * 400]
    await kept.post("x" * 10_000)
    assert kept.bodies() == ["x" * 10_000]
    await kept.post("f")
    assert kept.bodies() == ["f"]
    kept.counted()


async def test_all_rooms_have_a_bound_in_bytes(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """The room that was used the longest ago goes first; what it had comes back with the next look."""
    monkeypatch.setattr(timelines, "MEMORY_BYTES", 3 * timelines.MESSAGE_BYTES)
    for room in range(3):
        await kept.opened_bodies(room)
    await kept.post("a", room=0)
    await kept.post("b", room=1)
    assert await kept.opened_bodies(0) == ["a"]
    await kept.post("c", room=2)
    assert [kept.is_open(room) for room in range(3)] == [True, False, True]
    await kept.post("unseen", room=1)
    assert await kept.opened_bodies(1) == ["b", "unseen"]
    assert [kept.is_open(room) for room in range(3)] == [False, True, False]
    assert kept.counted() <= timelines.MEMORY_BYTES
    await kept.post(*"xyz", room=1)
    assert kept.bodies(1) == ["b", "unseen", "x", "y", "z"]


async def test_a_room_that_loads_is_not_forgotten(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timelines, "MEMORY_BYTES", 1)
    span: Deferred[Span] = Deferred()
    with monkeypatch.context() as patched:
        patched.setattr(kept.opened.store, "recent_messages", lambda room, limit: span)
        opening = ensureDeferred(kept.timelines.open(kept.room(0)))
    await kept.opened_bodies(1)
    await kept.post("a", room=1)
    await kept.post("early", room=0)
    span.callback(Span((), 0))
    assert kept.bodies(0) == ["early"]
    await opening
    assert not kept.is_open(1)
    kept.counted()


async def test_a_room_that_cannot_be_read(kept: Kept) -> None:
    with kept.opened.case.broken():
        opening = [ensureDeferred(kept.timelines.open(kept.room())) for _ in range(3)]
        for one in opening:
            with pytest.raises(StorageError):
                await one
    assert not kept.is_open()
    assert await kept.opened_bodies() == []


@pytest.mark.parametrize("limit", [0, 1])
async def test_few_or_none_are_kept(kept: Kept, limit: int) -> None:
    kept.timelines = Timelines(kept.opened.store, Presence(), limit)
    await kept.opened_bodies()
    await kept.post(*"abc")
    assert kept.bodies() == ["c"][:limit]
    assert kept.timelines.newest(kept.room().id).head == 3
    kept.counted()
