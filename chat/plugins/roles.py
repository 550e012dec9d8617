"""Roles that are given and taken at run time, beside those of the configuration."""

from __future__ import annotations

from collections.abc import Iterator

from zope.interface import implementer

from chat.errors import ChatError, ErrorCode
from chat.events import Event, RoleChanged
from chat.ichat import IVerb
from chat.kicks import put_out
from chat.model import Channel, Room, RoomId, User, UserId
from chat.moderation import Audit
from chat.plugin import Context, Contribution, NoOptions, Outcome, Plugin, Requires, Services
from chat.requests import GiveRole, RoleChange, TakeRole
from chat.rights import ROLES_OF, Act
from chat.world import Grant


class _RoleVerb:
    event = None
    verbs = ()
    requires = Requires.LOGGED_IN

    def __init__(self, services: Services) -> None:
        self._services = services

    async def _granted(self, context: Context, request: RoleChange) -> tuple[Grant, User]:
        """What the request is about, for a caller who may change it. Raises what `GiveRoleVerb` raises."""
        act, where = self._place(context, request)
        if request.role not in ROLES_OF[act]:
            raise ChatError(ErrorCode.VALIDATION_ERROR, f"nobody is {request.role.value} there")
        self._services.rooms.rights.check(act, context.caller.id, where, request.user_id)
        user = await self._services.users.known(request.user_id)
        return Grant(user.id, user.name, request.role, request.channel_id, request.room_id), user

    def _place(self, context: Context, request: RoleChange) -> tuple[Act, Room | Channel | None]:
        places = self._services.places
        if request.room_id is not None:
            return Act.SET_ROOM_ROLES, places.manageable(context.caller, request.room_id)
        if request.channel_id is not None:
            return Act.SET_CHANNEL_ROLES, places.manageable_channel(context.caller, request.channel_id)
        return Act.SET_GLOBAL_ROLES, None

    def _row(self, context: Context, request: RoleChange, word: str) -> Audit:
        place, action = request.room_id or request.channel_id, f"{word}-{request.role.value}"
        where = None if place is None else RoomId(place)
        return Audit(context.now, context.key_name, context.actor.id, action, request.user_id, where, request.reason)


@implementer(IVerb)
class GiveRoleVerb(_RoleVerb):
    """Gives a user a role, which survives a restart and is in force at once. Who has one in a room belongs to it as
    long.

    Raises NO_SUCH_ROOM, NO_SUCH_CHANNEL, USER_IS_BANNED for who is banned from there; VALIDATION_ERROR for a role that
    there is not in such a place, NOT_ALLOWED, NO_SUCH_USER.
    """

    reply_event = "gn_give_role"
    request = GiveRole

    async def handle(self, context: Context, request: GiveRole) -> Outcome:
        """See `IVerb`."""
        grant, user = await self._granted(context, request)
        await self._services.store.put_role(grant, self._row(context, request, "give"))
        self._services.rooms.roles.put(grant)
        return Outcome(events=(RoleChanged(published=context.now, user=user, grant=grant, room_id=grant.room_id),))


@implementer(IVerb)
class TakeRoleVerb(_RoleVerb):
    """Takes a role away from a user, who has it no longer at once, and is out of the rooms that are not for the user
    any more: those for operators, and those for members where the user is one by nothing else. The user and the room
    hear of that as of a kick. What the configuration declares is there again after the next start.

    Raises NO_SUCH_ROOM, NO_SUCH_CHANNEL, USER_IS_BANNED for who is banned from there; VALIDATION_ERROR for a role that
    there is not in such a place, NOT_ALLOWED, NO_SUCH_USER.
    """

    reply_event = "gn_take_role"
    request = TakeRole

    async def handle(self, context: Context, request: TakeRole) -> Outcome:
        """See `IVerb`."""
        grant, user = await self._granted(context, request)
        await self._services.store.end_role(grant, self._row(context, request, "take"))
        self._services.rooms.roles.take(grant)
        changed = RoleChanged(published=context.now, user=user, grant=grant, room_id=grant.room_id)
        return Outcome(events=(changed, *self._shown_out(context, user.id)))

    def _shown_out(self, context: Context, user_id: UserId) -> Iterator[Event]:
        """Put the user out of the rooms that are not for the user any more. The reason for the loss of the role is for
        the audit log alone.
        """
        services = self._services
        inside = [services.rooms.room(room_id) for room_id in services.presence.rooms_of(user_id)]
        for room in inside:
            if not services.rooms.may_enter(user_id, room):
                yield from put_out(services, context, room, user_id, ("kick", None))


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(verbs=(GiveRoleVerb(services), TakeRoleVerb(services)))


plugin = Plugin("roles", build)
