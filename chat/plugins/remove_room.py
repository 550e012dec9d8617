"""remove_room: a room is taken away, with everybody who is in it."""

from __future__ import annotations

from zope.interface import implementer

from chat.activities import RoomRef, UserRef
from chat.events import RoomRemoved
from chat.ichat import IVerb
from chat.model import Room
from chat.moderation import Audit
from chat.plugin import Context, Contribution, NoOptions, Outcome, Plugin, Requires, Services
from chat.requests import RemoveRoom, RoomRemovedReply
from chat.rights import Act


@implementer(IVerb)
class RemoveRoomVerb:
    """Removes a room, for those who may; also what a timer dispatches. Its messages stay in the store, out of reach.

    Raises NO_SUCH_ROOM, NOT_ALLOWED, also for a channel's admin room.
    """

    event = "remove_room"
    verbs = ("remove",)
    reply_event = "gn_remove_room"
    request = RemoveRoom
    requires = Requires.LOGGED_IN

    def __init__(self, services: Services) -> None:
        self._services = services

    async def handle(self, context: Context, request: RemoveRoom) -> Outcome:
        """See `IVerb`."""
        rooms, caller, actor = self._services.rooms, context.caller, context.actor
        room = self._services.places.manageable(caller, request.room_id)
        rooms.rights.check(Act.REMOVE_ROOM, caller.id, room)
        reason = context.heard(request.reason)
        row = Audit(context.now, context.key_name, actor.id, "remove-room", actor.id, room.id, reason or "")
        await self._services.store.remove_room(room, row)
        # Gone before: by somebody else, or by a removal that was given up and still written. Then it is to go here too.
        event = self._removed(context, rooms.room(room.id), reason)
        return Outcome(RoomRemovedReply(id=event.id, published=context.now, ref=event.ref), (event,))

    def _removed(self, context: Context, room: Room, reason: str | None) -> RoomRemoved:
        rooms, users = self._services.rooms, self._services.presence.users()
        listing = frozenset(user.id for user in users if rooms.is_news_for(user, room))
        known_to = listing | rooms.members_of(room.id) | self._services.occupancy.clear(room.id)
        rooms.forget(room)
        self._services.mutes.forget_room(room.id)
        self._services.timers.forget(room.id)
        return RoomRemoved(
            published=context.now,
            actor=UserRef.of(context.actor),
            ref=RoomRef.of(room),
            reason=reason,
            room=room,
            known_to=known_to,
        )


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(verbs=(RemoveRoomVerb(services),))


plugin = Plugin("remove-room", build)
