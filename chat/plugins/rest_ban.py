"""REST: POST /ban, DELETE /ban, GET /banned."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Annotated, Any

from msgspec import Meta, Raw, field
from zope.interface import implementer

from chat.bans import banned_from, scope_of
from chat.errors import OK, ChatError
from chat.ichat import IRefusingEndpoint
from chat.model import Ban, BanScope, ChannelId, RoomId, SanctionPlace, User, UserId
from chat.plugin import Context, Contribution, NoOptions, Plugin, Scope, Services
from chat.requests import BanPlan, BanUsers, UnbanUser
from chat.rest import DONE, GivenId, RoomChoice, check_number, entry_of, failed, naming_user, short_text_of, user_id_of
from chat.rooms import Rooms
from chat.texts import base64_of
from chat.times import rfc3339

OLD_FAILURE = 500
ASKED_AT_ONCE = 200
_ROOM, _CHANNEL, _GLOBAL = (scope.value for scope in (BanScope.ROOM, BanScope.CHANNEL, BanScope.GLOBAL))


class BanPlace(RoomChoice, frozen=True, kw_only=True):
    """What a ban is from. `type` says it, or `global`; without it `target` is the id of a room or a channel, and rooms
    go before channels. Nothing is global unless it says so.
    """

    type: str | None = None
    target: str | None = None
    channel_id: ChannelId | None = None
    is_global: bool = field(name="global", default=False)

    @property
    def is_named(self) -> bool:
        """Whether anything is named at all."""
        return bool(self.type or self.target or self.channel_id or self.is_global or self.names_room)

    def place(self, services: Services, caller: Context) -> tuple[BanScope, str]:
        """How far the ban reaches, and the id of the room or channel, which need not be there.

        Raises INVALID_TARGET_TYPE, MISSING_TARGET_ID, NO_SUCH_ROOM, NOT_BASE64.
        """
        kind, target_id = self._target(services.rooms)
        scope = scope_of(services, caller.caller, kind, target_id)
        return scope, "" if scope is BanScope.GLOBAL else target_id or ""

    def _target(self, rooms: Rooms) -> tuple[str | None, str | None]:
        if self.is_global and not self.type:
            return _GLOBAL, None
        if self.target:
            return self.type or None, self.target
        if self.names_room and self.type in (None, "", _ROOM):
            return _ROOM, self.room(rooms).id
        if self.channel_id and self.type in (None, "", _CHANNEL):
            return _CHANNEL, self.channel_id
        return self.type or None, None


class BanEntry(BanPlace, frozen=True, kw_only=True):
    """How a user is to be banned and by whom; a duration is needed. Whom nobody knows is made known by the name, or
    else by the id.
    """

    duration: str = ""
    reason: str | None = None
    admin_id: GivenId | None = None
    name: str | None = None


@implementer(IRefusingEndpoint)
class PostBan:
    """Bans the users that are the keys of the body, all or none: whether all entries make sense is looked at first,
    then whether they may be, and the first that does not do is told.
    """

    method = "POST"
    path = "ban"
    scope = Scope.MODERATE
    body = dict[UserId, Annotated[Raw, Meta(extra={"entry": BanEntry})]]

    def __init__(self, services: Services) -> None:
        self._services = services

    async def call(self, caller: Context, body: dict[UserId, Raw]) -> dict[str, str]:
        """See `IEndpoint`."""
        check_number(len(body))
        plans = tuple(self._plan(caller, user_id, raw) for user_id, raw in body.items())
        await self._services.dispatch(caller, BanUsers(plans))
        return DONE

    def _plan(self, caller: Context, user_id: UserId, raw: Raw) -> BanPlan:
        with naming_user(user_id):
            entry = entry_of(raw, BanEntry)
            scope, target_id = entry.place(self._services, caller)
            return BanPlan(
                user_id=user_id,
                scope=scope,
                target_id=target_id,
                duration=entry.duration,
                reason=short_text_of(entry.reason, "reason") or "",
                actor_id=user_id_of(entry.admin_id) if entry.admin_id else caller.actor.id,
                name=short_text_of(entry.name, "name") or user_id,
            )

    def refusal(self, error: ChatError) -> tuple[int, Any]:
        """See `IRefusingEndpoint`."""
        return OK, failed(error)


class UnbanBody(BanPlace, frozen=True, kw_only=True):
    """Whose ban is to end, and which."""

    user_id: GivenId


@implementer(IRefusingEndpoint)
class DeleteBan:
    """Ends a ban; one that is not there has ended already."""

    method = "DELETE"
    path = "ban"
    scope = Scope.MODERATE
    body = UnbanBody

    def __init__(self, services: Services) -> None:
        self._services = services

    async def call(self, caller: Context, body: UnbanBody) -> dict[str, str]:
        """See `IEndpoint`."""
        scope, target_id = body.place(self._services, caller)
        await self._services.dispatch(caller, UnbanUser(user_id_of(body.user_id), scope, target_id))
        return DONE

    def refusal(self, error: ChatError) -> tuple[int, Any]:
        """See `IRefusingEndpoint`."""
        return OLD_FAILURE, failed(error)


@implementer(IRefusingEndpoint)
class GetBanned:
    """Lists the bans in force: those from the server, from channels and from rooms; or those from what is named, then
    with the whole seconds that are left instead of the duration that was given.
    """

    method = "GET"
    path = "banned"
    scope = Scope.READ
    body = BanPlace

    def __init__(self, services: Services) -> None:
        self._services = services

    async def call(self, caller: Context, body: BanPlace) -> dict[str, Any]:
        """See `IEndpoint`."""
        if not body.is_named:
            return await self._all()
        scope, target_id = body.place(self._services, caller)
        banned_from(self._services, caller.caller, scope, target_id)
        bans = self._services.rooms.bans
        left = [(ban, str(bans.seconds_left(ban))) for ban in bans.at((scope.value, target_id))]
        return {ban.user_id: entry async for ban, entry in self._entries(left)}

    async def _all(self) -> dict[str, Any]:
        bans = self._services.rooms.bans
        shown: dict[str, Any] = {"global": {}, "channels": {}, "rooms": {}}
        at = {place: self._users(shown, place) for place in bans.places() if bans.at(place)}
        async for ban, entry in self._entries([(ban, ban.duration) for place in at for ban in bans.at(place)]):
            at[ban.place][ban.user_id] = entry
        return shown

    def _users(self, shown: dict[str, Any], place: SanctionPlace) -> dict[UserId, Any]:
        """Where those go in the answer who are banned from there."""
        if place == (_GLOBAL, ""):
            users: dict[UserId, Any] = shown["global"]
            return users
        scope, target_id = place
        rooms = self._services.rooms
        where = rooms.channel(ChannelId(target_id)) if scope == _CHANNEL else rooms.room(RoomId(target_id))
        shown[f"{scope}s"][target_id] = {"name": base64_of(where.name), "users": (users := {})}
        return users

    async def _entries(self, bans: Sequence[tuple[Ban, str]]) -> AsyncIterator[tuple[Ban, dict[str, str]]]:
        """The bans with what is shown of them, some at a time: everybody else has a turn while the store is asked."""
        for start in range(0, len(bans), ASKED_AT_ONCE):
            some = bans[start : start + ASKED_AT_ONCE]
            users: Mapping[UserId, User] = await self._services.store.find_users([ban.user_id for ban, _ in some])
            for ban, duration in some:
                user = users.get(ban.user_id)
                yield ban, _entry(ban, ban.user_id if user is None else user.name, duration)

    def refusal(self, error: ChatError) -> tuple[int, Any]:
        """See `IRefusingEndpoint`."""
        return OK, {"code": error.code.wire, "message": error.detail}


def _entry(ban: Ban, name: str, duration: str) -> dict[str, str]:
    return {
        "name": base64_of(name),
        "duration": duration,
        "reason": base64_of(ban.reason),
        "timestamp": rfc3339(ban.until),
        "admin_id": ban.actor_id,
    }


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(endpoints=(PostBan(services), DeleteBan(services), GetBanned(services)))


plugin = Plugin("rest-ban", build)
