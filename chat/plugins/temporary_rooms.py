"""Temporary rooms end when nobody keeps them: an observer that sets, cancels and obeys their timers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from chat.errors import ChatError, ErrorCode
from chat.events import RoleChanged, UserJoined, UserLeft
from chat.ichat import IObserver, IStarted
from chat.model import Room, RoomId, RoomKind
from chat.plugin import Context, Contribution, NoOptions, Plugin, Services
from chat.requests import RemoveRoom
from chat.timers import REMOVE_ROOM
from chat.times import utc_now
from chat.world import Timer


@implementer(IObserver, IStarted)
class TemporaryRooms:
    """A temporary room is kept as long as one of its owners is in it (`rooms.temporary_until` `owner`), or anybody
    (`empty`), seen by others or not. It is removed when the last owner leaves, and when nobody has kept it for
    `rooms.owner_grace_s`, counted from its making too, and from the start of a server that stopped while it was kept.
    Whoever comes when that time is over comes too late: the room is closed before its removal is written. One that
    nobody knows when its time has come is taken out of the store: its making was given up.
    """

    log = Logger()
    name = "temporary-rooms"
    events = (UserJoined, UserLeft, RoleChanged)

    def __init__(self, services: Services) -> None:
        self._services = services
        self._grace = timedelta(seconds=services.config.rooms.owner_grace_s)
        self._until_empty = services.config.rooms.temporary_until == "empty"
        services.timers.add_kind(REMOVE_ROOM, self._expire)

    def start(self) -> None:
        """See `IStarted`. Nobody is in any room yet."""
        for room in self._services.rooms.temporary:
            if not self._services.timers.is_set(REMOVE_ROOM, room.id):
                self._watch(self._services.timers.set(Timer(REMOVE_ROOM, room.id, utc_now() + self._grace)))

    async def observe(self, event: UserJoined | UserLeft | RoleChanged) -> None:
        """See `IObserver`. Waits for nothing, so that no event is missed when thousands leave at once.

        A server that stops sends its users away; nobody is to lose a room by that.
        """
        room = None if event.room_id is None else self._services.rooms.find(event.room_id)
        if room is None or not self._is_watched(room):
            return
        timers, is_kept = self._services.timers, self._is_kept(room)
        if is_kept and timers.is_set(REMOVE_ROOM, room.id):
            self._watch(timers.cancel(REMOVE_ROOM, room.id))
        elif not isinstance(event, UserJoined) and not is_kept and not timers.is_set(REMOVE_ROOM, room.id):
            grace = timedelta() if self._ends_with(event, room) else self._grace
            self._watch(timers.set(Timer(REMOVE_ROOM, room.id, event.published + grace)))

    def _is_watched(self, room: Room) -> bool:
        is_open = self._services.rooms.is_open(room.id)
        return room.kind is RoomKind.TEMPORARY and is_open and self._services.timers.runs

    def _is_kept(self, room: Room) -> bool:
        presence = self._services.presence
        if self._until_empty:
            return presence.occupant_count(room.id) > 0
        owners = self._services.rooms.roles.owners_of(room.id)
        return any(presence.occupies(user_id, room.id) for user_id, _ in owners)

    def _ends_with(self, event: UserLeft | RoleChanged, room: Room) -> bool:
        """Whether the last owner went on purpose. One who is no owner any more has not gone."""
        if isinstance(event, RoleChanged):
            return False
        is_owner = self._services.rooms.roles.is_owner(event.user.id, room.id)
        return event.on_purpose and is_owner and not self._until_empty

    async def _expire(self, subject: str) -> None:
        rooms = self._services.rooms
        room = rooms.find(RoomId(subject))
        if room is None:
            await self._services.store.discard_room(RoomId(subject), utc_now())
            return
        if rooms.is_open(room.id) and self._is_kept(room):
            await self._services.timers.cancel(REMOVE_ROOM, room.id)
            return
        rooms.close(room)
        try:
            await self._services.dispatch(Context(utc_now(), self._services.users.system), RemoveRoom(room_id=room.id))
        except ChatError as refusal:
            if refusal.code is not ErrorCode.NO_SUCH_ROOM:
                raise

    def _watch(self, doing: Deferred[Any]) -> None:
        doing.addErrback(self._failed)

    def _failed(self, failure: Failure) -> None:
        self.log.failure("the timer of a temporary room could not be written", failure)


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    keeper = TemporaryRooms(services)
    return Contribution(observers=(keeper,), started=(keeper,))


plugin = Plugin("temporary-rooms", build)
