"""invite: ask somebody to come into a room."""

from __future__ import annotations

from zope.interface import implementer

from chat.activities import ChannelRef, RoomRef, UserRef
from chat.events import UserInvited
from chat.ichat import IVerb
from chat.model import User
from chat.places import Place
from chat.plugin import Context, Contribution, NoOptions, Outcome, Plugin, Requires, Services
from chat.requests import Invite


@implementer(IVerb)
class InviteVerb:
    """Asks a user to come into a room that the sender is in or owns. Nobody hears of an invitation to one who is
    offline or could not come in, which is answered as any other: neither is the room betrayed to that user, nor to the
    sender what the user is. Nothing is kept of it.

    Raises NO_SUCH_ROOM, USER_NOT_IN_ROOM, NO_SUCH_USER.
    """

    event = "invite"
    verbs = ("invite",)
    reply_event = "gn_invite"
    request = Invite
    requires = Requires.LOGGED_IN

    def __init__(self, services: Services) -> None:
        self._services = services

    async def handle(self, context: Context, request: Invite) -> Outcome:
        """See `IVerb`."""
        inviter = context.caller
        place = self._services.places.own_or_occupied(inviter, request.room_id)
        invited = await self._services.users.known(request.user_id)
        if not self._may_come(invited, place):
            return Outcome()
        invitation = UserInvited(
            published=context.now,
            inviter=UserRef.of(inviter),
            attributes=self._services.users.public(inviter),
            channel=ChannelRef.of(place.channel),
            room=RoomRef.of(place.room),
            invited_id=invited.id,
        )
        return Outcome(events=(invitation,))

    def _may_come(self, invited: User, place: Place) -> bool:
        rooms = self._services.rooms
        if not rooms.may_enter(invited.id, place.room) or rooms.bans.of(invited.id, place.channel, place.room):
            return False
        return rooms.permits.lets(invited, "join", place.room)


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(verbs=(InviteVerb(services),))


plugin = Plugin("invite", build)
