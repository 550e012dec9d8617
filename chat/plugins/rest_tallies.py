"""REST: GET /count-joins, GET /last-online."""

from __future__ import annotations

from msgspec import Struct
from zope.interface import implementer

from chat.ichat import IEndpoint
from chat.model import UserId
from chat.plugin import Context, Contribution, NoOptions, Plugin, Scope, Services
from chat.rest import GivenId, RoomsAsked, user_ids_of
from chat.times import rfc3339


@implementer(IEndpoint)
class GetCountJoins:
    """How often rooms were joined so far, by room; unknown rooms are left out."""

    method = "GET"
    path = "count-joins"
    scope = Scope.READ
    body = RoomsAsked

    def __init__(self, services: Services) -> None:
        self._services = services

    async def call(self, caller: Context, body: RoomsAsked) -> dict[str, int]:
        """See `IEndpoint`."""
        asked = body.ids(self._services.rooms)
        joins = await self._services.tallies.joins(tuple(dict.fromkeys(asked.values())))
        return {given: joins[room_id] for given, room_id in asked.items() if room_id in joins}


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
        asked = user_ids_of(body.users if body.user_id is None else (body.user_id,))
        found = await self._services.tallies.last_online(asked)
        return {user_id: rfc3339(at) for user_id, at in found.items()}


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(endpoints=(GetCountJoins(services), GetLastOnline(services)))


plugin = Plugin("rest-tallies", build)
