"""Bans are decided, carried out and written down: what the verbs for them have in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

from msgspec import Struct

from chat.activities import RoomRef, UserRef
from chat.audiences import Audience, InRoom, OfUser, OperatorsIn
from chat.coroutines import to_its_end
from chat.durations import end_of
from chat.errors import ChatError, ErrorCode
from chat.events import Event, OccupantBanned, UserBanned
from chat.kicks import put_out
from chat.model import Ban, BanScope, Channel, ChannelId, Room, RoomId, Status, User, UserId
from chat.moderation import Audit
from chat.occupancy import DEPARTURES_AT_ONCE
from chat.plugin import Context, Identity, Services
from chat.requests import BanPlan, UnbanUser
from chat.rights import Act
from chat.rooms import Rooms
from chat.slots import Activity
from chat.times import utc_now
from chat.users import newcomer

_ACTS = {
    BanScope.ROOM: Act.BAN_FROM_ROOM,
    BanScope.CHANNEL: Act.BAN_FROM_CHANNEL,
    BanScope.GLOBAL: Act.BAN_GLOBALLY,
}


class Sentence(Struct, frozen=True):
    """A ban that may be, as it is told, and as it is `in_force`. `where` is None for the server; `context` says in
    whose name it is. A user with an `identity` is made known by it.
    """

    ban: Ban
    in_force: Ban
    user: UserRef
    where: Room | Channel | None
    context: Context
    identity: Identity | None


class PutOut(Activity, frozen=True):
    """Put users out of where bans keep them from that are in force already, and tell of the bans."""

    sentences: tuple[Sentence, ...]


class Court:
    """Decides on bans, and carries them out."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def sentence(self, context: Context, plan: BanPlan) -> Sentence:
        """What the plan comes to.

        Raises INVALID_BAN_DURATION, NO_SUCH_ROOM, NO_SUCH_CHANNEL, USER_IS_BANNED, NOT_ALLOWED, NO_SUCH_USER;
        VALIDATION_ERROR for a user who cannot be made known.
        """
        until = end_of(plan.duration, context.now)
        where = banned_from(self._services, context.caller, plan.scope, plan.target_id)
        check(self._services.rooms, context.caller, plan.scope, where, plan.user_id)
        acting = await self._services.users.acting(context, plan.actor_id)
        user, identity = await self._user(plan)
        ban = Ban(plan.user_id, plan.scope, _id_of(where), acting.actor.id, plan.duration, plan.reason, until)
        return Sentence(ban, self._in_place_of_former(context.caller, ban), user, where, acting, identity)

    def _in_place_of_former(self, caller: User, ban: Ban) -> Ban:
        """The ban as it is in force then. Raises NOT_ALLOWED."""
        rooms = self._services.rooms
        former = rooms.bans.get(ban.place, ban.user_id)
        rooms.rights.check_change(caller.id, former, ban.until)
        return rooms.rights.in_force(caller.id, ban, former)

    async def _user(self, plan: BanPlan) -> tuple[UserRef, Identity | None]:
        user = await self._services.users.find(plan.user_id)
        if user is not None:
            return UserRef.of(user), None
        if plan.name is None:
            raise ChatError(ErrorCode.NO_SUCH_USER)
        identity = newcomer(plan.user_id, plan.name)
        return UserRef(plan.user_id, identity.name), identity

    async def carry_out(self, sentences: Sequence[Sentence]) -> None:
        """Have all the bans in force, or none; then the users out, one part in each turn of the reactor. What has begun
        comes to its end, also when nobody waits for it any more.
        """
        await to_its_end(self._carry_out(sentences))

    async def _carry_out(self, sentences: Sequence[Sentence]) -> None:
        await self.put_in_force(sentences)
        for part in self._parts(sentences):
            # A bug is in the log by then, and nothing that keeps the others in.
            with suppress(ChatError):
                await self._services.dispatch(Context(utc_now(), self._services.users.system), PutOut(part))
            await self._services.pause()

    def _parts(self, sentences: Sequence[Sentence]) -> Iterator[tuple[Sentence, ...]]:
        """A user goes out of all rooms at once, so that what is told of each ban stays together."""
        part: list[Sentence] = []
        count = 0
        for sentence in sentences:
            part.append(sentence)
            count += 1 + len(self._concerned(sentence.ban.user_id, sentence.where))
            if count >= DEPARTURES_AT_ONCE:
                yield tuple(part)
                part, count = [], 0
        if part:
            yield tuple(part)

    async def put_in_force(self, sentences: Sequence[Sentence]) -> None:
        """Have all the bans in force, or none."""
        bans, store = self._services.rooms.bans, self._services.store
        newcomers = {one.ban.user_id: one.identity for one in sentences if one.identity is not None}
        rows = [audit_of(one.context, "ban", one.ban) for one in sentences]
        await bans.keep(store, [one.in_force for one in sentences], rows, newcomers)

    def put_out(self, sentences: Sequence[Sentence]) -> tuple[Event, ...]:
        """Have the users out at once, of bans that are in force; what is to be told of them."""
        return tuple(event for one in sentences for event in self._out(one))

    def _out(self, sentence: Sentence) -> Iterator[Event]:
        """Put the user out of all rooms that the ban concerns; what is to be told of it."""
        context, ban, where = sentence.context, sentence.ban, sentence.where
        actor, ref = UserRef.of(context.actor), sentence.user
        yield UserBanned.of(ban, ref, actor, None if where is None else where.name, context.now)
        for room in self._concerned(ban.user_id, where):
            told = (*self._audience(ban, room), OfUser(ban.user_id))
            yield OccupantBanned(published=context.now, actor=actor, ref=ref, room=RoomRef.of(room), to=told)
            yield from put_out(self._services, context, room, ban.user_id, ("ban", ban.reason or None))

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


def named_by(plan: BanPlan | UnbanUser) -> tuple[str, str, str]:
    """Which ban a request is about: scope, id of the place and of the user."""
    return plan.scope.value, "" if plan.scope is BanScope.GLOBAL else plan.target_id, plan.user_id


def _id_of(where: Room | Channel | None) -> str:
    return "" if where is None else where.id


def scope_of(services: Services, caller: User, kind: str | None, target_id: str | None) -> BanScope:
    """How far a ban is to reach: nothing is global unless the kind says so, and without a kind it is what the id is of.

    Raises INVALID_TARGET_TYPE, MISSING_TARGET_ID.
    """
    if kind == BanScope.GLOBAL.value:
        return BanScope.GLOBAL
    if kind not in (None, BanScope.ROOM.value, BanScope.CHANNEL.value):
        raise ChatError(ErrorCode.INVALID_TARGET_TYPE, "the type of a ban is room, channel or global")
    if target_id is None:
        raise ChatError(ErrorCode.MISSING_TARGET_ID, "missing target id")
    if kind is not None:
        return BanScope(kind)
    try:
        services.places.channel(caller, ChannelId(target_id))
    except ChatError:
        return BanScope.ROOM
    return BanScope.CHANNEL


def banned_from(services: Services, caller: User, scope: BanScope, target_id: str) -> Room | Channel | None:
    """What a ban is from; None for the server. Raises NO_SUCH_ROOM, NO_SUCH_CHANNEL, USER_IS_BANNED."""
    if scope is BanScope.ROOM:
        return services.places.manageable(caller, RoomId(target_id))
    if scope is BanScope.GLOBAL:
        return None
    return services.places.manageable_channel(caller, ChannelId(target_id))


def check(rooms: Rooms, caller: User, scope: BanScope, where: Room | Channel | None, user_id: UserId) -> None:
    """Raise NOT_ALLOWED for who may not, and for who would be out alone."""
    rooms.rights.check(_ACTS[scope], caller.id, where, user_id)
    if where is not None:
        rooms.permits.check(caller, "ban", where)
    if user_id == caller.id:
        raise ChatError(ErrorCode.NOT_ALLOWED, "nobody bans themselves")


def audit_of(context: Context, word: str, ban: Ban) -> Audit:
    """The row that says what became of a ban: `ban-room`, `unban-global`."""
    where, until = ban.target_id or None, ban.until if word == "ban" else None
    action, reason = f"{word}-{ban.scope.value}", ban.reason if word == "ban" else ""
    place = None if where is None else RoomId(where)
    return Audit(context.now, context.key_name, context.actor.id, action, ban.user_id, place, reason, until)
