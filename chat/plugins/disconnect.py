"""disconnect: the session ends, asked by the client or because its connection is gone."""

from __future__ import annotations

from zope.interface import implementer

from chat.activities import RoomRef, UserRef
from chat.events import Event, UserDisconnected, UserLeft
from chat.ichat import IVerb
from chat.model import RoomId
from chat.plugin import Context, Contribution, NoOptions, Outcome, Plugin, Requires, Services
from chat.requests import Disconnect


@implementer(IVerb)
class DisconnectVerb:
    """With the user's last session the user leaves every room, and those who shared one hear of it."""

    event = "disconnect"
    verbs = ()
    reply_event = "gn_disconnect"
    request = Disconnect
    requires = Requires.ANYONE

    def __init__(self, services: Services) -> None:
        self._services = services

    async def handle(self, context: Context, request: Disconnect) -> Outcome:
        """See `IVerb`."""
        assert context.session is not None
        rooms = self._services.presence.logout(context.session)
        if rooms is None:
            return Outcome(closing=True)
        return Outcome(events=self._events(context, rooms), closing=True)

    def _events(self, context: Context, rooms: tuple[RoomId, ...]) -> tuple[Event, ...]:
        user = UserRef.of(context.caller)
        left: list[Event] = []
        for room_id in rooms:
            room = RoomRef.of(self._services.rooms.room(room_id))
            left.append(UserLeft(published=context.now, user=user, room=room, room_id=room_id))
            self._services.timelines.release_if_empty(room_id)
        return (*left, UserDisconnected(published=context.now, user=user, room_ids=rooms))


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(verbs=(DisconnectVerb(services),))


plugin = Plugin("disconnect", build)
