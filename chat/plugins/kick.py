"""kick: a user is put out of a room, and may come back."""

from __future__ import annotations

from zope.interface import implementer

from chat.errors import ChatError, ErrorCode
from chat.ichat import IVerb
from chat.kicks import put_out
from chat.model import Room, User, UserId
from chat.moderation import Audit
from chat.plugin import Context, Contribution, NoOptions, Outcome, Plugin, Requires, Services
from chat.requests import KickUser
from chat.rights import Act


@implementer(IVerb)
class KickVerb:
    """Puts a user out of a room with all sessions, for those who may; noted in the audit log. What the user said stays,
    and the user may come back. The sender need not be in the room.

    Raises NO_SUCH_ROOM, NOT_ALLOWED; USER_NOT_IN_ROOM also for an occupant whom the sender does not see, but operators
    put out whoever is there.
    """

    event = "kick"
    verbs = ("kick",)
    reply_event = "gn_kick"
    request = KickUser
    requires = Requires.LOGGED_IN

    def __init__(self, services: Services) -> None:
        self._services = services

    async def handle(self, context: Context, request: KickUser) -> Outcome:
        """See `IVerb`."""
        services, actor, user_id = self._services, context.caller, request.user_id
        room = services.places.manageable(actor, request.room_id)
        services.rooms.rights.check(Act.KICK, actor.id, room, user_id)
        services.rooms.permits.check(actor, "kick", room)
        if not self._is_there(actor, room, user_id):
            raise ChatError(ErrorCode.USER_NOT_IN_ROOM)
        reason = context.heard(request.reason) or None
        row = Audit(context.now, context.key_name, context.actor.id, "kick", user_id, room.id, reason or "")
        await services.store.record(row)
        return Outcome(events=put_out(services, context, room, user_id, ("kick", reason)))

    def _is_there(self, actor: User, room: Room, user_id: UserId) -> bool:
        """Whether the user is in the room, as far as the actor may know."""
        services = self._services
        if not services.presence.occupies(user_id, room.id):
            return False
        viewer = services.occupancy.viewer(actor)
        return services.rooms.rights.is_operator(actor.id) or services.presence.sees(viewer, user_id)


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(verbs=(KickVerb(services),))


plugin = Plugin("kick", build)
