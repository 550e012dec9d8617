"""What becomes of messages that were said: edited, deleted, cleared away with all others of their room. In the store
first, then in memory, in the order in which the store wrote it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Iterable, Sequence
from datetime import datetime
from typing import TypeVar

from msgspec import structs

from chat.errors import ChatError, ErrorCode
from chat.ichat import IStore
from chat.model import Message, MessageId, Room, RoomId
from chat.moderation import Audit
from chat.timelines import Timelines

Written = TypeVar("Written")


class Revisions:
    """Changes messages. Who may and who is told is for others to say. All raise StorageError."""

    def __init__(self, store: IStore, timelines: Timelines) -> None:
        self._store = store
        self._timelines = timelines

    async def find(self, room: Room, message_id: MessageId) -> Message:
        """The message of this id, which may be deleted. Raises VALIDATION_ERROR when the room has none."""
        message: Message | None = await self._store.find_message(message_id)
        if message is None or message.room_id != room.id:
            raise ChatError(ErrorCode.VALIDATION_ERROR, "object.id is no message of the room")
        return message

    async def delete(self, message: Message, at: datetime, audit: Audit | None = None) -> bool:
        """Delete a message. Returns whether it was there still; only then there is an audit row."""
        was_there: bool = await self._written((message.room_id,), self._store.delete_message(message, at, audit))
        if was_there:
            self._timelines.revised(message.room_id, (structs.replace(message, deleted=True),))
        return was_there

    async def delete_all(
        self, messages: Sequence[Message], at: datetime, audit: Audit | None = None
    ) -> tuple[Message, ...]:
        """Delete messages of any rooms. Returns those that were there still; only for these there is an audit row."""
        of_rooms: defaultdict[RoomId, list[Message]] = defaultdict(list)
        for message in messages:
            of_rooms[message.room_id].append(structs.replace(message, deleted=True))
        ids: frozenset[MessageId] = await self._written(of_rooms, self._store.delete_messages(messages, at, audit))
        for room_id, deleted in of_rooms.items():
            self._timelines.revised(room_id, [message for message in deleted if message.id in ids])
        return tuple(message for message in messages if message.id in ids)

    async def edit(self, message: Message, body: str, at: datetime) -> Message:
        """Give a message another text. Returns it as it is now. Raises VALIDATION_ERROR when it is deleted."""
        edited = structs.replace(message, body=body, edited=at)
        if not await self._written((message.room_id,), self._store.edit_message(edited)):
            raise ChatError(ErrorCode.VALIDATION_ERROR, "the message is deleted")
        self._timelines.revised(message.room_id, (edited,))
        return edited

    async def clear(self, room: Room, audit: Audit) -> bool:
        """Delete all messages of a room. Returns whether there were any that came since it was cleared."""
        seq: int = await self._written((room.id,), self._store.clear_room(room, audit))
        if seq:
            self._timelines.cleared(room.id, seq)
        return seq > 0

    async def _written(self, room_ids: Iterable[RoomId], writing: Awaitable[Written]) -> Written:
        """What the store says. One that was given up may still be written, and nobody hears of it then."""
        try:
            return await writing
        except BaseException:
            for room_id in room_ids:
                self._timelines.doubt(room_id)
            raise
