"""Messages that are posted, edited, deleted and cleared away in any order: memory is what the store says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred, ensureDeferred, gatherResults
from twisted.internet.threads import deferToThread

from chat.errors import ChatError
from chat.model import Message, MessageId, Room
from chat.presence import Presence
from chat.revisions import Revisions
from chat.timelines import Timelines
from chat.times import utc_now

from .conformance.opened import audit, in_reactor
from .keeping import LIMIT, Kept, keeping

STEPS = st.one_of(
    st.just(("post", 0)),
    st.just(("clear", 0)),
    st.just(("open", 0)),
    st.just(("release", 0)),
    st.tuples(st.sampled_from(["edit", "delete"]), st.integers(0, LIMIT + 2)),
)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    with keeping(tmp_path) as one:
        yield one


class World:
    """One room of its own, what is to be seen there, and the store and the memory to be compared with it."""

    def __init__(self, kept: Kept, room: Room) -> None:
        self.store, self.room = kept.opened.store, room
        self.timelines = Timelines(self.store, Presence(), LIMIT)
        self.revisions = Revisions(self.store, self.timelines)
        self.opened = kept.opened
        self.posted: list[Message] = []
        self.expected: dict[MessageId, str] = {}

    def start(self, step: tuple[str, int], body: str) -> Deferred[Any]:
        """Begin something; what is begun takes effect in this order."""
        act, number = step
        target = self.posted[-1 - number] if number < len(self.posted) else None
        if act in ("edit", "delete") and target is not None:
            return self.revise(act, target, body)
        return ensureDeferred(getattr(self, act, self.open)(body))

    async def post(self, body: str) -> None:
        draft = self.opened.draft(body, self.room)
        self.expected[draft.id] = body
        appended = await self.store.append_message(draft)
        self.timelines.posted(appended.message)
        self.posted.append(appended.message)

    def revise(self, act: str, target: Message, body: str) -> Deferred[Any]:
        is_there = target.id in self.expected
        if act == "delete":
            self.expected.pop(target.id, None)
            return ensureDeferred(self.revisions.delete(target, utc_now()))
        if is_there:
            self.expected[target.id] = body
        editing: Deferred[Any] = ensureDeferred(self.revisions.edit(target, body, utc_now()))
        return editing if is_there else editing.addErrback(lambda failure: failure.trap(ChatError))

    async def clear(self, body: str) -> None:
        self.expected.clear()
        await self.revisions.clear(self.room, audit("clear-room", room_id=self.room.id))

    async def open(self, body: str) -> None:
        await self.timelines.open(self.room)

    async def release(self, body: str) -> None:
        self.timelines.release_if_empty(self.room.id)

    async def check(self) -> None:
        """What is in memory, before and after a look, is what the store has."""
        await self.timelines.open(self.room)
        stored = await self.store.recent_messages(self.room, LIMIT)
        held = self.timelines.newest(self.room.id)
        assert held.messages == stored.messages
        assert held.head == stored.head == len(self.posted)
        assert [message.body for message in held.messages] == list(self.expected.values())[-LIMIT:]


async def test_memory_is_what_the_store_says_after_anything(kept: Kept) -> None:
    """Batches of things that happen at once, and a look after each."""

    async def run(batches: list[list[tuple[str, int]]]) -> None:
        new = kept.opened.new_room("Any", owner_limit=1_000_000)
        world = World(kept, await kept.opened.store.create_room(new))
        for number, batch in enumerate(batches):
            await gatherResults([world.start(step, f"{number}.{place}") for place, step in enumerate(batch)])
            await world.check()
        await kept.opened.store.remove_room(world.room, audit("remove-room", room_id=world.room.id))

    @settings(max_examples=100, deadline=None)
    @given(st.lists(st.lists(STEPS, min_size=1, max_size=8), min_size=1, max_size=8))
    def anything(batches: list[list[tuple[str, int]]]) -> None:
        in_reactor(lambda: run(batches))

    await deferToThread(anything)
