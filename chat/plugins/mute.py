"""Mutes: a guard that keeps muted users from speaking, and the verbs behind the REST calls that set, end and list
mutes.
"""

from __future__ import annotations

from functools import partial

from zope.interface import implementer

from chat.activities import RoomRef
from chat.crossing import rooms_of
from chat.durations import end_of
from chat.events import UserMuted, UserUnmuted
from chat.ichat import IGuard, IVerb
from chat.model import BanScope, Mute, RoomId
from chat.moderation import Audit
from chat.plugin import Context, Contribution, NoOptions, Outcome, Phase, Plugin, Requires, Services
from chat.requests import EditMessage, ListMutes, MutePlan, Mutes, MuteUsers, SendMessage, UnmuteUser, Whisper
from chat.rest import naming_user
from chat.rights import Act


@implementer(IGuard)
class MuteGuard:
    """Refuses what a muted user says, or makes of what was said, with USER_IS_BANNED, the whole seconds left and the
    reason. Rooms of which the user may not know are left to the verb, which does not betray them.
    """

    name = "mute"
    phase = Phase.ACCESS
    verbs = frozenset({"message", "edit", "whisper"})

    def __init__(self, services: Services) -> None:
        self._services = services

    async def check(self, context: Context, request: SendMessage | EditMessage | Whisper) -> None:
        """See `IGuard`."""
        services, user = self._services, context.caller
        for room in filter(None, map(services.rooms.find, _concerned(request))):
            if services.mutes.of(user.id, room.id) is not None and services.places.is_known_to(user, room):
                services.mutes.check(user.id, room)


def _concerned(request: SendMessage | EditMessage | Whisper) -> tuple[RoomId, ...]:
    """The rooms in which a mute keeps from this."""
    if isinstance(request, SendMessage):
        return rooms_of(request)
    return (request.room_id if isinstance(request, Whisper) else RoomId(request.target),)


@implementer(IVerb)
class MuteVerb:
    """Mutes users, all or none; the first entry that may not be decides. A second mute replaces the duration, and the
    reason where one is given; one that somebody above has set is made longer, and stays theirs with their reason.

    Raises NO_SUCH_USER, NO_SUCH_ROOM, USER_IS_BANNED, INVALID_BAN_DURATION; NOT_ALLOWED, also for a mute that ends
    before one that somebody above has set.
    """

    event = None
    verbs = ()
    reply_event = "gn_mute"
    request = MuteUsers
    requires = Requires.LOGGED_IN

    def __init__(self, services: Services) -> None:
        self._services = services

    async def handle(self, context: Context, request: MuteUsers) -> Outcome:
        """See `IVerb`."""
        async with self._services.mutes.alone(map(_named_by, request.plans)):
            return await self._mute_all(context, request)

    async def _mute_all(self, context: Context, request: MuteUsers) -> Outcome:
        mutes = []
        for plan in request.plans:
            with naming_user(plan.user_id):
                mutes.append(await self._mute(context, plan))
        audits = [
            Audit(
                context.now,
                context.key_name,
                plan.actor_id,
                "mute",
                mute.user_id,
                mute.room_id,
                mute.reason,
                mute.until,
            )
            for mute, plan in zip(mutes, request.plans, strict=True)
        ]
        in_force = [self._in_force(context, mute) for mute in mutes]
        await self._services.mutes.keep(self._services.store, in_force, audits)
        return Outcome(events=tuple(map(partial(self._event, context), mutes, request.plans)))

    async def _mute(self, context: Context, plan: MutePlan) -> Mute:
        user = await self._services.users.known(plan.user_id)
        actor = (await self._services.users.acting(context, plan.actor_id)).actor
        room = self._services.places.manageable(context.caller, plan.room_id)
        self._services.rooms.rights.check(Act.MUTE, context.caller.id, room, user.id)
        former, until = self._services.mutes.of(user.id, room.id), end_of(plan.duration, context.now)
        reason = plan.reason if plan.reason is not None else "" if former is None else former.reason
        self._services.rooms.rights.check_change(context.caller.id, former, until)
        return Mute(user.id, room.id, actor.id, plan.duration, reason, until)

    def _in_force(self, context: Context, mute: Mute) -> Mute:
        former = self._services.mutes.of(mute.user_id, mute.room_id)
        return self._services.rooms.rights.in_force(context.caller.id, mute, former)

    def _event(self, context: Context, mute: Mute, plan: MutePlan) -> UserMuted:
        return UserMuted(
            published=context.now,
            actor_id=plan.actor_id,
            user_id=mute.user_id,
            duration=mute.duration,
            until=mute.until,
            reason=mute.reason,
            room=RoomRef.of(self._services.rooms.room(mute.room_id)),
        )


@implementer(IVerb)
class UnmuteVerb:
    """Ends a mute; ending one that is not there announces nothing. Raises NO_SUCH_USER, NO_SUCH_ROOM, USER_IS_BANNED,
    NOT_ALLOWED.
    """

    event = None
    verbs = ()
    reply_event = "gn_unmute"
    request = UnmuteUser
    requires = Requires.LOGGED_IN

    def __init__(self, services: Services) -> None:
        self._services = services

    async def handle(self, context: Context, request: UnmuteUser) -> Outcome:
        """See `IVerb`."""
        async with self._services.mutes.alone([_named_by(request)]):
            return await self._end(context, request)

    async def _end(self, context: Context, request: UnmuteUser) -> Outcome:
        user = await self._services.users.known(request.user_id)
        room = self._services.places.manageable(context.caller, request.room_id)
        self._services.rooms.rights.check(Act.MUTE, context.caller.id, room, user.id)
        mute = self._services.mutes.of(user.id, room.id)
        if mute is None:
            return Outcome()
        row = Audit(context.now, context.key_name, context.actor.id, "unmute", user.id, room.id, "")
        self._services.rooms.rights.check_change(context.caller.id, mute)
        await self._services.store.end_sanction(mute, row)
        self._services.mutes.end(mute.place, user.id)
        event = UserUnmuted(published=context.now, actor_id=context.actor.id, user_id=user.id, room=RoomRef.of(room))
        return Outcome(events=(event,))


@implementer(IVerb)
class ListMutesVerb:
    """The mutes in force of a room, or of users. Raises NO_SUCH_ROOM."""

    event = None
    verbs = ()
    reply_event = "gn_mutes"
    request = ListMutes
    requires = Requires.LOGGED_IN

    def __init__(self, services: Services) -> None:
        self._services = services

    async def handle(self, context: Context, request: ListMutes) -> Outcome:
        """See `IVerb`."""
        mutes = self._services.mutes
        if request.room_id is not None:
            return Outcome(Mutes(tuple(mutes.in_room(self._services.rooms.room(request.room_id).id))))
        return Outcome(Mutes(tuple(mute for user in request.user_ids for mute in mutes.of_user(user))))


def _named_by(request: MutePlan | UnmuteUser) -> tuple[str, str, str]:
    """Which mute a request is about."""
    return BanScope.ROOM.value, request.room_id, request.user_id


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(
        verbs=(MuteVerb(services), UnmuteVerb(services), ListMutesVerb(services)), guards=(MuteGuard(services),)
    )


plugin = Plugin("mute", build)
