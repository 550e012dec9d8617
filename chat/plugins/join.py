"""join: come into a room and see what was said there."""

from __future__ import annotations

from zope.interface import implementer

from chat.activities import HistoryEntry, RoomRef, UserRef, acl_entries
from chat.ichat import IVerb
from chat.messages import Unread, within_bytes
from chat.model import Room, User
from chat.places import Place
from chat.plugin import Context, Contribution, NoOptions, Outcome, Plugin, Requires, Services
from chat.requests import Join, Joined
from chat.rosters import owners_of, roster, shown_owners


@implementer(IVerb)
class JoinVerb:
    """The session subscribes to the room, its user occupies it. Joining again answers again and announces nothing.

    Nothing waits between the look at the newest messages and the subscription, so that the session gets each message
    above the head of its reply exactly once. Whose a conversation is need not join it, hears it anyway, and gets the
    same answer: nothing else happens. Raises NO_SUCH_ROOM, MULTIPLE_ROOMS_WITH_NAME, NOT_ONLINE, ROOM_FULL,
    USER_IS_BANNED, NOT_ALLOWED where the access rules for `join` do not hold. By name, rooms that the user may not list
    are not found.
    """

    event = "join"
    verbs = ("join",)
    reply_event = "gn_join"
    request = Join
    requires = Requires.LOGGED_IN

    def __init__(self, services: Services) -> None:
        self._services = services

    async def handle(self, context: Context, request: Join) -> Outcome:
        """See `IVerb`."""
        assert context.session is not None
        services, user = self._services, context.caller
        place = None if request.by_name else await services.places.private(user.id, request.room_id)
        if place is not None:
            return Outcome(await self._conversation(context, place))
        room = services.rooms.entered(user, request, services.presence.rooms_of(user.id))
        unread = await services.histories.unread(user, room)
        events = await services.occupancy.enter(context.session, room, context.now)
        return Outcome(self._reply(context, services.rooms.room(room.id), unread), events)

    async def _conversation(self, context: Context, place: Place) -> Joined:
        services, viewer = self._services, self._services.occupancy.viewer(context.caller)
        head = (await services.timelines.recent(place.room)).head
        owners, history = await owners_of(services, place), await services.histories.recent(context.caller, place.room)
        users = shown_owners(services, owners, viewer)
        return Joined(
            published=context.now,
            room=RoomRef.of(place.room),
            acls=(),
            history=tuple(map(services.users.in_history, within_bytes(history))),
            owners=tuple(map(UserRef.of, owners)),
            users=users,
            user_count=len(users),
            head=head,
        )

    def _reply(self, context: Context, room: Room, unread: Unread | None) -> Joined:
        services, viewer = self._services, self._services.occupancy.viewer(context.caller)
        return Joined(
            published=context.now,
            room=RoomRef.of(room),
            acls=acl_entries(room.acls),
            history=self._history(context.caller, room, unread),
            owners=tuple(UserRef(*owner) for owner in services.rooms.roles.owners_of(room.id)),
            users=roster(services, room, viewer, 0, services.config.rooms.join_users_max),
            user_count=services.presence.shown_count(room.id, viewer),
            head=services.timelines.newest(room.id).head,
        )

    def _history(self, user: User, room: Room, unread: Unread | None) -> tuple[HistoryEntry, ...]:
        """What the user is shown of the room; nothing where the rules for `history` do not hold."""
        services = self._services
        if not services.rooms.permits.lets(user, "history", room):
            return ()
        return tuple(map(services.users.in_history, within_bytes(services.histories.entered(user, room, unread))))


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(verbs=(JoinVerb(services),))


plugin = Plugin("join", build)
