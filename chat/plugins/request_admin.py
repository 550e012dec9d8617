"""request_admin: call operators into a room."""

from __future__ import annotations

from zope.interface import implementer

from chat.activities import RoomRef, UserRef
from chat.errors import ChatError, ErrorCode
from chat.events import AdminRequested
from chat.ichat import IVerb
from chat.messages import check_body
from chat.model import Status, UserId
from chat.plugin import Context, Contribution, NoOptions, Outcome, Plugin, Requires, Services
from chat.requests import RequestAdmin


@implementer(IVerb)
class RequestAdminVerb:
    """Asks the operators, and whoever is in the admin room of the channel, to come into a room that the sender is in or
    owns.
    Operators whom nobody sees count as online.

    Raises EMPTY_MESSAGE, MSG_TOO_LONG, NO_SUCH_ROOM, USER_NOT_IN_ROOM, NO_ADMIN_ONLINE, NO_ADMIN_ROOM_FOUND.
    """

    event = "request_admin"
    verbs = ("help", "request")
    reply_event = "gn_request_admin"
    request = RequestAdmin
    requires = Requires.LOGGED_IN

    def __init__(self, services: Services) -> None:
        self._services = services
        self._max_characters = services.config.messages.max_characters

    async def handle(self, context: Context, request: RequestAdmin) -> Outcome:
        """See `IVerb`."""
        check_body(request.body, self._max_characters)
        user = context.caller
        place = self._services.places.own_or_occupied(user, request.room_id)
        if not any(self._is_there(operator) for operator in self._services.rooms.roles.operators):
            raise ChatError(ErrorCode.NO_ADMIN_ONLINE)
        admin_room = self._services.rooms.admin_room_of(place.room)
        if admin_room is None:
            raise ChatError(ErrorCode.NO_ADMIN_ROOM_FOUND)
        requested = AdminRequested(
            published=context.now,
            user=UserRef.of(user),
            attributes=self._services.users.public(user),
            body=request.body,
            room=RoomRef.of(place.room),
            admin_room=RoomRef.of(admin_room),
        )
        return Outcome(events=(requested,))

    def _is_there(self, operator: UserId) -> bool:
        return self._services.presence.status_of(operator) is not Status.OFFLINE


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(verbs=(RequestAdminVerb(services),))


plugin = Plugin("request-admin", build)
