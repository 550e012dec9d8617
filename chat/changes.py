"""What becomes of messages while they are read from the store. A read that began before an edit or a deletion was told
of may not have seen it, and its result would come after it: so that is put right here. No I/O.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from msgspec import structs

from chat.model import Message, MessageId, RoomId


class Changes:
    """What became of the messages of a room since somebody began to read them."""

    __slots__ = ("_cleared", "_revised")

    def __init__(self) -> None:
        self._cleared = 0
        self._revised: dict[MessageId, Message] = {}

    def revise(self, messages: Iterable[Message]) -> None:
        """Messages have become these."""
        self._revised.update((message.id, message) for message in messages)

    def clear(self, seq: int) -> None:
        """All messages up to this number were deleted."""
        self._cleared = seq

    def applied(self, messages: Iterable[Message]) -> Iterator[Message]:
        """The messages as they are now."""
        for message in messages:
            if message.seq <= self._cleared:
                yield structs.replace(message, deleted=True)
            else:
                yield self._revised.get(message.id, message)


class Watches:
    """Tells those who read messages what becomes of them meanwhile."""

    def __init__(self) -> None:
        self._by_room: dict[RoomId, list[Changes]] = {}

    @contextmanager
    def watching(self, room_id: RoomId) -> Iterator[Changes]:
        """What becomes of the room's messages from now to the end of the block."""
        changes = Changes()
        watches = self._by_room.setdefault(room_id, [])
        watches.append(changes)
        try:
            yield changes
        finally:
            watches.remove(changes)
            if not watches:
                del self._by_room[room_id]

    def of(self, room_id: RoomId) -> Iterable[Changes]:
        """Those that go on for the room."""
        return self._by_room.get(room_id, ())
