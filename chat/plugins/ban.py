"""ban: a user is out of a room, a channel or the server until a time; the verb that ends it before; and what keeps
users who are banned from the server from doing anything there.
"""

from __future__ import annotations

from collections.abc import Iterator

from zope.interface import implementer

from chat.activities import RoomRef, UserRef
from chat.audiences import Audience, InRoom, OfUser, OperatorsIn
from chat.durations import end_of
from chat.errors import ChatError, ErrorCode
from chat.events import Event, OccupantBanned, UserBanned
from chat.ichat import IGuard, IObserver, IVerb
from chat.kicks import put_out
from chat.model import Ban, BanScope, Channel, ChannelId, Room, RoomId, Status, User, UserId
from chat.moderation import Audit
from chat.plugin import Context, Contribution, NoOptions, Outcome, Phase, Plugin, Requires, Services
from chat.requests import BanUser, UnbanUser
from chat.rights import Act
from chat.rooms import Rooms
from chat.slots import Activity

_ACTS = {
    BanScope.ROOM: Act.BAN_FROM_ROOM,
    BanScope.CHANNEL: Act.BAN_FROM_CHANNEL,
    BanScope.GLOBAL: Act.BAN_GLOBALLY,
}


@implementer(IVerb)
class BanVerb:
    """Bans a user from a room, from a channel with all its rooms, or from the server, for those who may: owner of the
    room or not, the user is out at once with all sessions, and refused until the end; banned from the server, the
    sessions end too. Another ban from the same replaces duration and reason; one that somebody above has set is made
    longer, and stays theirs. Nothing is global unless it says so; without `target.objectType` the ban is from what the
    id is of. Private conversations are not concerned by bans from rooms and channels.

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

    async def handle(self, context: Context, request: BanUser) -> Outcome:
        """See `IVerb`."""
        services, until = self._services, end_of(request.duration, context.now)
        rights = services.rooms.rights
        scope = _scope(services, context.caller, request)
        where = _place(services, context.caller, scope, request.target or "")
        _check(services.rooms, context.caller, scope, where, request.user_id)
        user = await services.users.known(request.user_id)
        target_id = "" if where is None else where.id
        former = services.rooms.bans.get((scope.value, target_id), user.id)
        rights.check_change(context.caller.id, former, until)
        setter_id = rights.setter_above(context.caller.id, former) or context.caller.id
        ban = Ban(user.id, scope, target_id, setter_id, request.duration, request.reason or "", until)
        await services.rooms.bans.keep(services.store, [ban], [_audit(context, "ban", ban)])
        return Outcome(events=tuple(self._out(context, ban, user, where)))

    def _out(self, context: Context, ban: Ban, user: User, where: Room | Channel | None) -> Iterator[Event]:
        """Put the user out of all rooms that the ban concerns; what is to be told of it."""
        actor, ref = UserRef.of(context.caller), UserRef.of(user)
        yield UserBanned.of(ban, ref, actor, None if where is None else where.name, context.now)
        for room in self._concerned(user.id, where):
            told = (*self._audience(ban, room), OfUser(user.id))
            yield OccupantBanned(published=context.now, actor=actor, ref=ref, room=RoomRef.of(room), to=told)
            yield from put_out(self._services, context, room, user.id, ("ban", ban.reason or None))

    def _concerned(self, user_id: UserId, where: Room | Channel | None) -> list[Room]:
        """The room, or those of the channel or of all rooms that the user is in."""
        if isinstance(where, Room):
            return [where]
        rooms = [self._services.rooms.room(room_id) for room_id in self._services.presence.rooms_of(user_id)]
        return [room for room in rooms if where is None or room.channel_id == where.id]

    def _audience(self, ban: Ban, room: Room) -> tuple[Audience, ...]:
        """Whether the user was in the room is not betrayed by a ban from it, but by one from more."""
        status = self._services.presence.status_of(ban.user_id)
        if ban.scope is BanScope.ROOM or status is Status.ONLINE:
            return (InRoom(room.id),)
        return (OperatorsIn(room.id),) if status is Status.INVISIBLE else ()


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
        rooms = self._services.rooms
        where = _place(self._services, context.caller, request.scope, request.target_id)
        _check(rooms, context.caller, request.scope, where, request.user_id)
        user = await self._services.users.known(request.user_id)
        ban = rooms.bans.get((request.scope.value, "" if where is None else where.id), user.id)
        if ban is not None:
            rooms.rights.check_change(context.caller.id, ban)
            await self._services.store.end_sanction(ban, _audit(context, "unban", ban))
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


def _scope(services: Services, actor: User, request: BanUser) -> BanScope:
    """How far a ban is to reach. Raises INVALID_TARGET_TYPE, MISSING_TARGET_ID."""
    if request.kind == BanScope.GLOBAL.value:
        return BanScope.GLOBAL
    if request.kind not in (None, BanScope.ROOM.value, BanScope.CHANNEL.value):
        raise ChatError(ErrorCode.INVALID_TARGET_TYPE)
    if request.target is None:
        raise ChatError(ErrorCode.MISSING_TARGET_ID)
    if request.kind is not None:
        return BanScope(request.kind)
    try:
        services.places.channel(actor, ChannelId(request.target))
    except ChatError:
        return BanScope.ROOM
    return BanScope.CHANNEL


def _place(services: Services, actor: User, scope: BanScope, target_id: str) -> Room | Channel | None:
    """What the ban is from; None for the server. Raises NO_SUCH_ROOM, NO_SUCH_CHANNEL, USER_IS_BANNED."""
    if scope is BanScope.ROOM:
        return services.places.manageable(actor, RoomId(target_id))
    if scope is BanScope.GLOBAL:
        return None
    channel = services.places.channel(actor, ChannelId(target_id))
    services.rooms.bans.check(actor.id, channel)
    return channel


def _check(rooms: Rooms, actor: User, scope: BanScope, where: Room | Channel | None, user_id: UserId) -> None:
    """Raise NOT_ALLOWED for who may not, and for who would be out alone."""
    rooms.rights.check(_ACTS[scope], actor.id, where, user_id)
    if where is not None:
        rooms.permits.check(actor, "ban", where)
    if user_id == actor.id:
        raise ChatError(ErrorCode.NOT_ALLOWED, "nobody bans themselves")


def _audit(context: Context, word: str, ban: Ban) -> Audit:
    """The row that says what became of a ban: `ban-room`, `unban-global`."""
    where, until = ban.target_id or None, ban.until if word == "ban" else None
    action, reason = f"{word}-{ban.scope.value}", ban.reason if word == "ban" else ""
    place = None if where is None else RoomId(where)
    return Audit(context.now, context.key_name, context.caller.id, action, ban.user_id, place, reason, until)


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(
        verbs=(BanVerb(services), UnbanVerb(services)), guards=(BanGuard(services),), observers=(Ending(services),)
    )


plugin = Plugin("ban", build)
