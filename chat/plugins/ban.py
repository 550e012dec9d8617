"""ban: a user is out of a room, a channel or the server until a time; the verb that ends it before; and what keeps
users who are banned from the server from doing anything there.
"""

from __future__ import annotations

from zope.interface import implementer

from chat.bans import Court, PutOut, audit_of, banned_from, check, named_by, scope_of
from chat.events import UserBanned
from chat.ichat import IGuard, IObserver, IVerb
from chat.model import BanScope
from chat.plugin import Context, Contribution, NoOptions, Outcome, Phase, Plugin, Requires, Services
from chat.requests import BanPlan, BanUser, BanUsers, UnbanUser
from chat.rest import naming_user
from chat.slots import Activity


@implementer(IVerb)
class BanVerb:
    """Bans a user from a room, from a channel with all its rooms, or from the server, for those who may: owner of the
    room or not, the user is out at once with all sessions, and refused until the end; banned from the server, the
    sessions end too. Another ban from the same replaces duration and reason; one that somebody above has set is made
    longer, and stays theirs with their reason. Nothing is global unless it says so; without `target.objectType` the
    ban is from what the id is of. Private conversations are not concerned by bans from rooms and channels.

    Raises INVALID_BAN_DURATION, INVALID_TARGET_TYPE, MISSING_TARGET_ID, NO_SUCH_ROOM, NO_SUCH_CHANNEL, USER_IS_BANNED;
    NOT_ALLOWED, also for oneself and for a ban that ends before one that somebody above has set; NO_SUCH_USER.
    """

    event = "ban"
    verbs = ("ban",)
    reply_event = "gn_ban"
    request = BanUser
    requires = Requires.LOGGED_IN

    def __init__(self, services: Services) -> None:
        self._services = services
        self._court = Court(services)

    async def handle(self, context: Context, request: BanUser) -> Outcome:
        """See `IVerb`."""
        scope = scope_of(self._services, context.caller, request.kind, request.target)
        plan = BanPlan(
            user_id=request.user_id,
            scope=scope,
            target_id=request.target or "",
            duration=request.duration,
            reason=context.heard(request.reason) or "",
            actor_id=context.actor.id,
        )
        async with self._services.rooms.bans.alone([named_by(plan)]):
            sentences = [await self._court.sentence(context, plan)]
            await self._court.put_in_force(sentences)
            return Outcome(events=self._court.put_out(sentences))


@implementer(IVerb)
class BanUsersVerb:
    """Bans users as `BanVerb` does, all or none; the first entry that may not be decides. Once the bans are in force
    the users are put out some by some, and all are out in the end.

    Raises, with the user of the entry, INVALID_BAN_DURATION, NO_SUCH_ROOM, NO_SUCH_CHANNEL, USER_IS_BANNED,
    NOT_ALLOWED, NO_SUCH_USER; VALIDATION_ERROR for a user who cannot be made known.
    """

    event = None
    verbs = ()
    reply_event = "gn_ban"
    request = BanUsers
    requires = Requires.LOGGED_IN

    def __init__(self, services: Services) -> None:
        self._bans = services.rooms.bans
        self._court = Court(services)

    async def handle(self, context: Context, request: BanUsers) -> Outcome:
        """See `IVerb`."""
        async with self._bans.alone(map(named_by, request.plans)):
            sentences = []
            for plan in request.plans:
                with naming_user(plan.user_id):
                    sentences.append(await self._court.sentence(context, plan))
            await self._court.carry_out(sentences)
            return Outcome()


@implementer(IVerb)
class PutOutVerb:
    """Puts users out whose bans are in force already."""

    event = None
    verbs = ()
    reply_event = "gn_ban"
    request = PutOut
    requires = Requires.LOGGED_IN

    def __init__(self, services: Services) -> None:
        self._court = Court(services)

    async def handle(self, context: Context, request: PutOut) -> Outcome:
        """See `IVerb`."""
        return Outcome(events=self._court.put_out(request.sentences))


@implementer(IVerb)
class UnbanVerb:
    """Ends a ban; ending one that is not there does nothing. Raises NO_SUCH_USER, NO_SUCH_ROOM, NO_SUCH_CHANNEL,
    USER_IS_BANNED, NOT_ALLOWED, also for one that somebody above has set.
    """

    event = None
    verbs = ()
    reply_event = "gn_unban"
    request = UnbanUser
    requires = Requires.LOGGED_IN

    def __init__(self, services: Services) -> None:
        self._services = services

    async def handle(self, context: Context, request: UnbanUser) -> Outcome:
        """See `IVerb`."""
        async with self._services.rooms.bans.alone([named_by(request)]):
            return await self._end(context, request)

    async def _end(self, context: Context, request: UnbanUser) -> Outcome:
        rooms = self._services.rooms
        where = banned_from(self._services, context.caller, request.scope, request.target_id)
        check(rooms, context.caller, request.scope, where, request.user_id)
        user = await self._services.users.known(request.user_id)
        ban = rooms.bans.get((request.scope.value, "" if where is None else where.id), user.id)
        if ban is not None:
            rooms.rights.check_change(context.caller.id, ban)
            await self._services.store.end_sanction(ban, audit_of(context, "unban", ban))
            rooms.bans.end(ban.place, user.id)
        return Outcome()


@implementer(IGuard)
class BanGuard:
    """Refuses whatever users do who are banned from the server, until their sessions have ended. What bans from rooms
    and channels keep from is for the directory of rooms to say.
    """

    name = "ban"
    phase = Phase.ACCESS
    verbs = None

    def __init__(self, services: Services) -> None:
        self._bans = services.rooms.bans

    async def check(self, context: Context, request: Activity) -> None:
        """See `IGuard`."""
        if context.user is not None:
            self._bans.check(context.user.id)


@implementer(IObserver)
class Ending:
    """Ends the sessions of users who were banned from the server, when they have been told."""

    name = "ban"
    events = (UserBanned,)

    def __init__(self, services: Services) -> None:
        self._send_away = services.send_away

    async def observe(self, event: UserBanned) -> None:
        """See `IObserver`."""
        if event.ban.scope is BanScope.GLOBAL:
            self._send_away(event.ban.user_id)


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(
        verbs=(BanVerb(services), BanUsersVerb(services), PutOutVerb(services), UnbanVerb(services)),
        guards=(BanGuard(services),),
        observers=(Ending(services),),
    )


plugin = Plugin("ban", build)
