"""What was said, as those see it who keep order from outside: all that the store holds, deleted messages too, the
newest first. Looked for bit by bit, so that a search through many messages keeps nobody waiting.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from sys import getsizeof

from msgspec import Struct, structs

from chat.ichat import IStore
from chat.messages import ROOM_BYTES
from chat.model import Message, MessageId, Room, User, UserId

# How many messages one read gives at the most, and how many it looks at.
FOUND_AT_ONCE = 100
SEEN_AT_ONCE = 20_000
# How many messages are read besides, at the most, to get to the beginning of a second.
SECOND_LIMIT = 5_000
# By how much a message may be older than the one before it: commands wait before they are written, and clocks are put
# right. Whoever looks for a time looks that much further.
CLOCK_SLACK = timedelta(minutes=1)


class Search(Struct, frozen=True, kw_only=True):
    """Which messages are looked for: of a room, of an author, or all; those since a time and up to another one, which
    is not included; those that came before another message; those alone that are not deleted.
    """

    room: Room | None = None
    author: User | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: MessageId | None = None
    is_live: bool = False
    limit: int = FOUND_AT_ONCE


class Whereabouts(Struct, frozen=True):
    """Where a message was said: in a room, which may be removed by now, or between the owners of a conversation, by id
    and name.
    """

    id: str
    name: str
    channel_id: str = ""
    channel_name: str = ""
    is_private: bool = False
    owners: tuple[tuple[UserId, str], ...] = ()


class Record(Struct, frozen=True):
    """A message as it is kept, with what it says, be it deleted."""

    message: Message
    place: Whereabouts


class Found(Struct, frozen=True):
    """A bit of what is looked for, the newest first. `below`: the position under which to go on; None at the end."""

    records: tuple[Record, ...]
    below: int | None


class Reading:
    """The newest `search.limit` messages of those that are looked for, read bit by bit: not more than about ROOM_BYTES
    of text, but one message at least.

    With `whole_second` it goes on to the beginning of the second of the last of them, within the same bounds once more:
    whoever is told times in whole seconds can look for what came before without a gap.
    """

    def __init__(self, store: IStore, search: Search, *, whole_second: bool = False) -> None:
        self._store = store
        self._search = search
        self._whole_second = whole_second
        self._below: int | None = None

    async def bits(self) -> AsyncIterator[tuple[Record, ...]]:
        """The messages, the newest first; to be asked for once. Raises StorageError."""
        last: Record | None = None
        async for records in self._read(self._search):
            last = records[-1]
            yield records
        if self._whole_second and last is not None and self._below is not None:
            async for records in self._rest_of_second(last.message.published.replace(microsecond=0), self._below):
                yield records

    async def has_more(self) -> bool:
        """Whether more messages are found than those that were read. Raises StorageError."""
        while self._below is not None:
            if await self._next(self._search, 1):
                return True
        return False

    async def _rest_of_second(self, second: datetime, below: int) -> AsyncIterator[tuple[Record, ...]]:
        search = self._search
        since = second if search.since is None else max(second, search.since)
        async for records in self._read(structs.replace(search, since=since, limit=SECOND_LIMIT)):
            yield records
        if self._below is None:
            # All of the second is read: what is left came before it.
            self._search, self._below = structs.replace(search, until=second), below

    async def _read(self, search: Search) -> AsyncIterator[tuple[Record, ...]]:
        left, left_bytes = search.limit, ROOM_BYTES
        while left > 0 and left_bytes > 0:
            records = await self._next(search, min(left, FOUND_AT_ONCE))
            if records:
                yield records
            if self._below is None:
                break
            left -= len(records)
            left_bytes -= sum(getsizeof(record.message.body) for record in records)

    async def _next(self, search: Search, limit: int) -> tuple[Record, ...]:
        bit: Found = await self._store.search_messages(structs.replace(search, limit=limit), self._below)
        self._below = bit.below
        return bit.records
