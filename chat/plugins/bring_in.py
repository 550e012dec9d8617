"""The verb behind the REST calls that have users come into rooms."""

from __future__ import annotations

from zope.interface import implementer

from chat.errors import ChatError, ErrorCode
from chat.ichat import IVerb
from chat.plugin import Context, Contribution, NoOptions, Outcome, Plugin, Requires, Services
from chat.requests import BringIn


@implementer(IVerb)
class BringInVerb:
    """Has an online user come into a room with all sessions. Neither its access rules nor that it is for members stops
    that; into a room for operators come operators alone. Bringing in who is in already announces nothing.

    Raises NOT_ALLOWED unless an operator asks, NOT_ONLINE for who is not, or is as if gone; NO_SUCH_ROOM,
    USER_IS_BANNED, ROOM_FULL.
    """

    event = None
    verbs = ()
    reply_event = "gn_join"
    request = BringIn
    requires = Requires.LOGGED_IN

    def __init__(self, services: Services) -> None:
        self._services = services

    async def handle(self, context: Context, request: BringIn) -> Outcome:
        """See `IVerb`."""
        rooms = self._services.rooms
        if not rooms.rights.is_operator(context.caller.id):
            raise ChatError(ErrorCode.NOT_ALLOWED)
        room, user = rooms.room(request.room_id), self._services.presence.user(request.user_id)
        if user is None:
            raise ChatError(ErrorCode.NOT_ONLINE)
        return Outcome(events=self._services.occupancy.bring_in(user, room, context.now))


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(verbs=(BringInVerb(services),))


plugin = Plugin("bring-in", build)
