"""Which message of a room its sessions were told of last: whether there are some that nobody told them of."""

from __future__ import annotations

from collections import OrderedDict

from chat.model import Message, RoomId

# Rooms and conversations of which that is remembered: those that were active last.
ROOMS_LIMIT = 20_000


class Gaps:
    """What is missing is a message that the store committed after its sender had been told that it did not: it has a
    number, and was announced to nobody.
    """

    def __init__(self, rooms_limit: int = ROOMS_LIMIT) -> None:
        self._rooms_limit = rooms_limit
        # The one that was active last is at the end.
        self._told: OrderedDict[RoomId, int] = OrderedDict()

    def look(self, room_id: RoomId, head: int) -> None:
        """Somebody sees the room's messages up to this one. Others in the room may know of less."""
        if room_id not in self._told:
            self._tell(room_id, head)

    def announce(self, message: Message) -> int | None:
        """The message is about to be announced. The number after which others before it are missing, or None when none
        are.
        """
        told = self._told.get(message.room_id, message.seq)
        self._tell(message.room_id, message.seq)
        return told if told + 1 < message.seq else None

    def repeat(self, message: Message) -> int | None:
        """The message was stored by an earlier try. The number after which it is missing, if nobody was told of it;
        from now on it counts as told of.
        """
        told = self._told.get(message.room_id, message.seq)
        if told >= message.seq:
            return None
        self._tell(message.room_id, message.seq)
        return told

    def forget(self, room_id: RoomId) -> None:
        """Nobody is in the room any more."""
        self._told.pop(room_id, None)

    def _tell(self, room_id: RoomId, seq: int) -> None:
        self._told[room_id] = seq
        self._told.move_to_end(room_id)
        if len(self._told) > self._rooms_limit:
            self._told.popitem(last=False)
