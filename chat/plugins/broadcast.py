"""Broadcasts of a backend to everyone who is logged in, or to a room."""

from __future__ import annotations

from zope.interface import implementer

from chat.activities import RoomRef, UserRef
from chat.events import Announced
from chat.ichat import IVerb
from chat.model import SYSTEM_ID
from chat.moderation import Audit
from chat.plugin import Context, Contribution, NoOptions, Outcome, Plugin, Requires, Services
from chat.requests import Broadcast


@implementer(IVerb)
class BroadcastVerb:
    """Announces whatever a backend says; the audit log has who and where, not what. Raises NO_SUCH_ROOM."""

    event = None
    verbs = ()
    reply_event = "gn_broadcast"
    request = Broadcast
    requires = Requires.LOGGED_IN

    def __init__(self, services: Services) -> None:
        self._services = services

    async def handle(self, context: Context, request: Broadcast) -> Outcome:
        """See `IVerb`."""
        room = None if request.room_id is None else self._services.rooms.room(request.room_id)
        room_id = None if room is None else room.id
        row = Audit(context.now, context.key_name, context.actor.id, "broadcast", SYSTEM_ID, room_id, "")
        await self._services.store.record(row)
        announced = Announced(
            published=context.now,
            actor=UserRef.of(context.actor),
            body=request.body,
            verb=request.verb,
            room=None if room is None else RoomRef.of(room),
            room_kind=None if room is None else "room",
            room_id=room_id,
        )
        return Outcome(events=(announced,))


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(verbs=(BroadcastVerb(services),))


plugin = Plugin("broadcast", build)
