"""list_rooms: the rooms of a channel that the caller may list."""

from __future__ import annotations

from zope.interface import implementer

from chat.activities import acl_entries
from chat.ichat import IVerb
from chat.model import Room, RoomKind
from chat.occupants import Viewer
from chat.plugin import Context, Contribution, NoOptions, Outcome, Plugin, Requires, Services
from chat.requests import ListRooms, RoomEntry, Rooms


@implementer(IVerb)
class ListRoomsVerb:
    """Lists rooms in sort order, with the number of users in each and the caller's roles there, without those whose
    access rules for `list` do not hold for the caller.

    Raises NO_SUCH_CHANNEL, also for a channel that the caller may not list; USER_IS_BANNED.
    """

    event = "list_rooms"
    verbs = ("list",)
    reply_event = "gn_list_rooms"
    request = ListRooms
    requires = Requires.LOGGED_IN

    def __init__(self, services: Services) -> None:
        self._services = services

    async def handle(self, context: Context, request: ListRooms) -> Outcome:
        """See `IVerb`."""
        rooms, user = self._services.rooms, context.caller
        channel = rooms.listable(user, request.channel_id)
        rooms.bans.check(user.id, channel)
        viewer = self._services.occupancy.viewer(user)
        entries = [self._entry(viewer, room) for room in rooms.rooms_in(channel.id) if rooms.may_list(user, room)]
        return Outcome(Rooms(channel.id, tuple(entries)))

    def _entry(self, viewer: Viewer, room: Room) -> RoomEntry:
        return RoomEntry(
            id=room.id,
            name=room.name,
            sort=room.sort,
            users=self._services.presence.shown_count(room.id, viewer),
            kind="temporary" if room.kind is RoomKind.TEMPORARY else "static",
            roles=self._services.rooms.roles.shown_in(viewer.user_id, room),
            acls=acl_entries(room.acls),
        )


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(verbs=(ListRoomsVerb(services),))


plugin = Plugin("list-rooms", build)
