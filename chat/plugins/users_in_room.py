"""users_in_room: who is in a room now."""

from __future__ import annotations

from zope.interface import implementer

from chat.ichat import IVerb
from chat.plugin import Context, Contribution, NoOptions, Outcome, Plugin, Requires, Services
from chat.requests import ListUsers, Users
from chat.rosters import owners_of, roster, shown_owners


@implementer(IVerb)
class UsersInRoomVerb:
    """Pages through the users of a room, operators and owners first; operators see invisible users too. A page has at
    most about 512 KiB, but one user at least. For who may join the room or is in it. Of a conversation its owners see
    which of them are online.

    Raises NO_SUCH_ROOM for a room that is for others alone, NOT_ALLOWED.
    """

    event = "users_in_room"
    verbs = ("list",)
    reply_event = "gn_users_in_room"
    request = ListUsers
    requires = Requires.LOGGED_IN

    def __init__(self, services: Services) -> None:
        self._services = services
        self._most = services.config.rooms.join_users_max

    async def handle(self, context: Context, request: ListUsers) -> Outcome:
        """See `IVerb`."""
        services, viewer = self._services, self._services.occupancy.viewer(context.caller)
        place = await services.places.private(context.caller.id, request.room_id)
        if place is not None:
            owners = shown_owners(services, await owners_of(services, place), viewer)
            return Outcome(Users(owners[request.offset :][: request.limit], len(owners)))
        room = services.places.joinable(context.caller, request.room_id)
        limit = self._most if request.limit is None else min(request.limit, self._most)
        page = roster(services, room, viewer, request.offset, limit)
        return Outcome(Users(page, services.presence.shown_count(room.id, viewer)))


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(verbs=(UsersInRoomVerb(services),))


plugin = Plugin("users-in-room", build)
