"""Mutes in force, kept in memory beside the store; they end by themselves when their time is over."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct, field

from chat.agenda import Agenda
from chat.model import MessageId, Mute, RoomId, UserId, new_id

# Of one user. More would be a way to fill the database.
REPORTS_PER_DAY = 100


class Audit(Struct, frozen=True):
    """One row of the audit log: who did what to whom, where, why, until when."""

    at: datetime
    key_name: str
    actor_id: UserId
    action: str
    user_id: UserId
    room_id: RoomId | None
    reason: str
    until: datetime | None = None


class Report(Struct, frozen=True, kw_only=True):
    """A user shows operators a message. `body` is what it said at that time; names are those of now, and are for those
    who read reports alone.
    """

    id: str = field(default_factory=new_id)
    message_id: MessageId
    room_id: RoomId
    room_name: str = ""
    author_id: UserId
    author_name: str = ""
    reporter_id: UserId
    reporter_name: str = ""
    body: str
    reason: str
    created: datetime


class Mutes:
    """The mutes that have not ended."""

    def __init__(self) -> None:
        self._rooms: dict[RoomId, dict[UserId, Mute]] = {}
        self._ends: Agenda[tuple[RoomId, UserId]] = Agenda()

    def load(self, mutes: Iterable[Mute]) -> None:
        """Take those that the store holds."""
        for mute in mutes:
            self._set(mute)

    def put(self, mute: Mute, now: datetime) -> None:
        """Set a mute in place of the user's former one in the room, and forget all that ended."""
        for room_id, user_id in self._ends.take_due(now):
            self.end(user_id, room_id)
        self._set(mute)

    def _set(self, mute: Mute) -> None:
        self._rooms.setdefault(mute.room_id, {})[mute.user_id] = mute
        self._ends.put((mute.room_id, mute.user_id), mute.until)

    def end(self, user_id: UserId, room_id: RoomId) -> None:
        """Take a mute away, if there is one."""
        self._ends.take_off((room_id, user_id))
        room = self._rooms.get(room_id, {})
        room.pop(user_id, None)
        if not room:
            self._rooms.pop(room_id, None)

    def forget_room(self, room_id: RoomId) -> None:
        """The room is gone."""
        for user_id in self._rooms.pop(room_id, {}):
            self._ends.take_off((room_id, user_id))

    def of(self, user_id: UserId, room_id: RoomId, now: datetime) -> Mute | None:
        """The mute that keeps the user from speaking in the room at `now`."""
        room = self._rooms.get(room_id)
        mute = None if room is None else room.get(user_id)
        return mute if mute is not None and mute.until > now else None

    def in_room(self, room_id: RoomId, now: datetime) -> list[Mute]:
        """The mutes of a room."""
        return [mute for mute in self._rooms.get(room_id, {}).values() if mute.until > now]

    def of_user(self, user_id: UserId, now: datetime) -> list[Mute]:
        """The mutes of a user in all rooms."""
        found = (self.of(user_id, room_id, now) for room_id in self._rooms)
        return [mute for mute in found if mute is not None]
