"""Timelines over a store, and looks at what they keep in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest_twisted
from twisted.internet.defer import ensureDeferred

from chat import timelines
from chat.model import Message, Room
from chat.presence import Presence
from chat.timelines import Timelines

from .conformance.opened import Opened
from .conformance.stores import SqliteCase

LIMIT = 5


class Kept:
    """Timelines over a store."""

    def __init__(self, opened: Opened) -> None:
        self.opened = opened
        self.timelines = Timelines(opened.store, Presence(), LIMIT)

    def room(self, number: int = 0) -> Room:
        return self.opened.room(number)

    async def post(self, *bodies: str, room: int = 0) -> list[Message]:
        """Post, and tell the timelines, as the verb does."""
        posted = []
        for body in bodies:
            appended = await self.opened.store.append_message(self.opened.draft(body, room))
            self.timelines.posted(appended.message)
            posted.append(appended.message)
        return posted

    def bodies(self, room: int = 0) -> list[str]:
        """What is in memory."""
        return [message.body for message in self.timelines.newest(self.room(room).id).messages]

    async def opened_bodies(self, room: int = 0) -> list[str]:
        """What is in memory after a look at the room."""
        await self.timelines.open(self.room(room))
        return self.bodies(room)

    def is_open(self, room: int = 0) -> bool:
        """Whether the room is in memory."""
        return self.room(room).id in self.timelines._rooms

    def counted(self) -> int:
        """What the timelines count of their memory, checked against what they hold."""
        held = [timeline.messages for timeline in self.timelines._rooms.values()]
        total = sum(timelines._memory_bytes(message) for one in held for message in one)
        assert self.timelines._memory_bytes == total
        return total


@contextmanager
def keeping(folder: Path) -> Iterator[Kept]:
    """Timelines over a store in a folder."""
    case = SqliteCase(folder)
    opened = Opened(case)
    pytest_twisted.blockon(ensureDeferred(opened.open()))
    yield Kept(opened)
    pytest_twisted.blockon(ensureDeferred(opened.close()))
    case.dispose()
