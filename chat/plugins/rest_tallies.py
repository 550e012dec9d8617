"""REST: GET /count-joins, GET /last-online."""

from __future__ import annotations

from msgspec import Struct
from zope.interface import implementer

from chat.errors import ChatError, ErrorCode
from chat.ichat import IEndpoint
from chat.model import RoomId, UserId
from chat.plugin import Context, Contribution, NoOptions, Plugin, Scope, Services
from chat.rest import GivenId, user_id_of
from chat.texts import text_of
from chat.times import rfc3339

ASK_LIMIT = 1_000


class RoomsAsked(Struct, frozen=True, kw_only=True):
    """Rooms by id, or by base64 name in the default channel; at most ASK_LIMIT."""

    room_ids: tuple[RoomId, ...] = ()
    room_names: tuple[str, ...] = ()


@implementer(IEndpoint)
class GetCountJoins:
    """How often rooms were joined so far, by room id; unknown rooms are left out."""

    method = "GET"
    path = "count-joins"
    scope = Scope.READ
    body = RoomsAsked

    def __init__(self, services: Services) -> None:
        self._services = services

    async def call(self, caller: Context, body: RoomsAsked) -> dict[RoomId, int]:
        """See `IEndpoint`."""
        _check_number(len(body.room_ids) + len(body.room_names))
        named = (self._services.rooms.named_in_default(text_of(name, "room_names")).id for name in body.room_names)
        return dict(await self._services.tallies.joins((*body.room_ids, *named)))


class UsersAsked(Struct, frozen=True, kw_only=True):
    """One user, or at most ASK_LIMIT."""

    user_id: GivenId | None = None
    users: tuple[GivenId, ...] = ()


@implementer(IEndpoint)
class GetLastOnline:
    """When users were last seen online; those who never were are left out. One who is online now was last online when
    the session before ended.
    """

    method = "GET"
    path = "last-online"
    scope = Scope.READ
    body = UsersAsked

    def __init__(self, services: Services) -> None:
        self._services = services

    async def call(self, caller: Context, body: UsersAsked) -> dict[UserId, str]:
        """See `IEndpoint`."""
        asked = [user_id_of(given) for given in (body.users if body.user_id is None else (body.user_id,))]
        _check_number(len(asked))
        found = await self._services.tallies.last_online(asked)
        return {user_id: rfc3339(at) for user_id, at in found.items()}


def _check_number(count: int) -> None:
    if not 0 < count <= ASK_LIMIT:
        raise ChatError(ErrorCode.VALIDATION_ERROR, f"ask for 1 to {ASK_LIMIT}")


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(endpoints=(GetCountJoins(services), GetLastOnline(services)))


plugin = Plugin("rest-tallies", build)
