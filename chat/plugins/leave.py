"""leave: go out of a room, with all sessions."""

from __future__ import annotations

from zope.interface import implementer

from chat.ichat import IVerb
from chat.plugin import Context, Contribution, NoOptions, Outcome, Plugin, Requires, Services
from chat.requests import Leave


@implementer(IVerb)
class LeaveVerb:
    """Takes the user out of the room; who is not there is out already. Out of one's own conversation nobody goes.

    Raises NO_SUCH_ROOM, MULTIPLE_ROOMS_WITH_NAME.
    """

    event = "leave"
    verbs = ("leave", "join")  # the example of seed 000 for leaving by name says "join"
    reply_event = "gn_leave"
    request = Leave
    requires = Requires.LOGGED_IN

    def __init__(self, services: Services) -> None:
        self._services = services

    async def handle(self, context: Context, request: Leave) -> Outcome:
        """See `IVerb`."""
        services, user = self._services, context.caller
        private = None if request.by_name else await services.places.private(user.id, request.room_id)
        if private is not None:
            return Outcome()
        room = services.rooms.entered(user, request, services.presence.rooms_of(user.id))
        return Outcome(events=services.occupancy.leave(user, room, context.now))


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(verbs=(LeaveVerb(services),))


plugin = Plugin("leave", build)
