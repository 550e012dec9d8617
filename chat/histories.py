"""What a join and a history show at first: the newest messages of a place, or those that the user has not read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from msgspec import structs

from chat.config import HistoryOptions
from chat.ichat import IStore
from chat.messages import Unread
from chat.model import Message, Room, User
from chat.timelines import Timelines


class Histories:
    """As `history.type` says, at most `history.limit` messages. Unread is what others wrote above the user's marker; of
    more than the limit the newest are shown, so that what comes live follows on them.
    """

    def __init__(self, store: IStore, timelines: Timelines, options: HistoryOptions) -> None:
        self._store = store
        self._timelines = timelines
        self._limit = options.limit
        self._shows_unread = options.type == "unread"

    async def recent(self, user: User, room: Room) -> Sequence[Message]:
        """What the user is shown of a place, newest first. Raises StorageError."""
        unread = await self.unread(user, room)
        messages = (await self._timelines.recent(room)).messages if unread is None else unread.messages
        return messages[::-1]

    async def unread(self, user: User, room: Room) -> Unread | None:
        """What the user has not read; None where all see the same. Raises StorageError."""
        if not self._shows_unread:
            return None
        asked = self._store.unread_messages(user, room, self._limit)
        found = cast("Unread", await self._timelines.read(room.id, asked))
        return structs.replace(found, messages=tuple(one for one in found.messages if not one.deleted))

    def entered(self, user: User, room: Room, unread: Unread | None) -> Sequence[Message]:
        """What the user is shown who comes into the room now, newest first. The room is open; `unread` was asked before
        it was: what is in memory goes before that, unless so much came meanwhile that there is a gap between.
        """
        newest = self._timelines.newest(room.id)
        if unread is None:
            return newest.messages[::-1]
        begin = newest.messages[0].seq if newest.messages else newest.head + 1
        older = [one for one in unread.messages if one.seq < begin <= unread.head + 1]
        live = [one for one in newest.messages if one.seq > unread.read_up_to and one.author.id != user.id]
        return [*older, *live][: -self._limit - 1 : -1]
