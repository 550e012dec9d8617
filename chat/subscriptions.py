"""Which sessions hear what happens in which rooms. In memory; no I/O.

A session that joined a room subscribes to it. The other sessions of its user stand by: they hear little of it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING

from chat.model import RoomId

if TYPE_CHECKING:
    from chat.sessions import Session


class Subscriptions:
    """Sessions by room.

    `before_change(session, room_id)` is called before a session subscribes to a room, also once more, and before it is
    taken out, so that it gets what was meant for it, and nothing older.
    """

    def __init__(self) -> None:
        self.before_change: Callable[[Session, RoomId], None] = _nothing
        self._subscribers: dict[RoomId, set[Session]] = {}
        self._bystanders: dict[RoomId, set[Session]] = {}

    def subscribers(self, room_id: RoomId) -> Collection[Session]:
        """The sessions that joined the room."""
        return self._subscribers.get(room_id, ())

    def bystanders(self, room_id: RoomId) -> Collection[Session]:
        """The sessions that stand by."""
        return self._bystanders.get(room_id, ())

    def add(self, session: Session, room_id: RoomId) -> None:
        """The session subscribes, and stands by no more."""
        self.before_change(session, room_id)
        self._subscribers.setdefault(room_id, set()).add(session)
        session.rooms.add(room_id)
        self.dismiss((session,), room_id)

    def remove(self, session: Session, room_id: RoomId) -> None:
        """The session hears of the room no more. Harmless for one that did not join it."""
        if room_id not in session.rooms:
            return
        self.before_change(session, room_id)
        session.rooms.discard(room_id)
        subscribers = self._subscribers[room_id]
        subscribers.discard(session)
        if not subscribers:
            del self._subscribers[room_id]

    def stand_by(self, session: Session, room_id: RoomId) -> None:
        """The session's user is in the room, and it did not join itself."""
        self._bystanders.setdefault(room_id, set()).add(session)

    def dismiss(self, sessions: Iterable[Session], room_id: RoomId) -> None:
        """These do not stand by any more: they subscribed, or their user is out."""
        bystanders = self._bystanders.get(room_id)
        if bystanders is not None:
            bystanders.difference_update(sessions)
            if not bystanders:
                del self._bystanders[room_id]


def _nothing(session: Session, room_id: RoomId) -> None:
    """Nobody waits for changes."""
