"""Receipts of private messages, and how far users have read in rooms: what is asked of the store, and what it says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from chat.errors import ChatError, ErrorCode
from chat.ichat import IStore
from chat.model import Message, MessageId, Receipt, Room, RoomKind, User, UserId
from chat.timelines import Timelines


class Named(Struct, frozen=True):
    """A message as an acknowledgement needs it."""

    key: int
    id: MessageId
    seq: int
    author_id: UserId

    @classmethod
    def of(cls, message: Message) -> Named:
        """The message."""
        return cls(message.key, message.id, message.seq, message.author.id)


class Acknowledgement(Struct, frozen=True):
    """A user received or read messages of a room. There is at least one."""

    user: User
    room: Room
    messages: tuple[Named, ...]
    receipt: Receipt
    at: datetime

    @property
    def is_kept(self) -> bool:
        """Whether the store has anything to do with it: in rooms only what was read matters later."""
        return self.room.kind is RoomKind.CONVERSATION or self.receipt is Receipt.READ


class Unacknowledged(Struct, frozen=True):
    """Private messages that a user has not acknowledged: the oldest of them, oldest first, and the key of the newest,
    0 when there is none.
    """

    messages: tuple[Message, ...] = ()
    up_to: int = 0


class LoginRecord(Struct, frozen=True):
    """A user whom the store knows since a login, and what waits for the user."""

    user: User
    waiting: Unacknowledged


class Window(Struct, frozen=True):
    """Which of the unacknowledged messages to read: keys above `above` and up to `up_to`, at most `limit` of them."""

    above: int
    up_to: int
    limit: int


class Receipts:
    """What users acknowledge."""

    def __init__(self, store: IStore, timelines: Timelines) -> None:
        self._store = store
        self._timelines = timelines

    async def acknowledge(
        self, user: User, room: Room, ids: Sequence[MessageId], receipt: Receipt, at: datetime
    ) -> Mapping[UserId, tuple[MessageId, ...]]:
        """Note that the user received or read these messages of the room; what others wrote, by its authors.

        Rows of private messages are never lowered and markers never moved back. Raises VALIDATION_ERROR when a message
        is unknown or of another room: then nothing is noted. Raises StorageError.
        """
        wanted = dict.fromkeys(ids)
        known = self._timelines.known(room.id, wanted)
        messages: Sequence[Named] = [Named.of(known[message_id]) for message_id in wanted if message_id in known]
        if len(messages) < len(wanted):
            messages = await self._store.find_named(room, tuple(wanted))
        if len(messages) < len(wanted):
            raise ChatError(ErrorCode.VALIDATION_ERROR, "a message is unknown or of another room")
        acknowledgement = Acknowledgement(user, room, tuple(messages), receipt, at)
        if acknowledgement.is_kept:
            await self._store.acknowledge(acknowledgement)
        return _by_author(message for message in messages if message.author_id != user.id)


def _by_author(messages: Iterable[Named]) -> Mapping[UserId, tuple[MessageId, ...]]:
    found: dict[UserId, list[MessageId]] = {}
    for message in messages:
        found.setdefault(message.author_id, []).append(message.id)
    return {author_id: tuple(ids) for author_id, ids in found.items()}
