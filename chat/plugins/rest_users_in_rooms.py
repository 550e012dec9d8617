"""REST: GET /users-in-rooms."""

from __future__ import annotations

from typing import Any

from zope.interface import implementer

from chat.errors import ChatError, ErrorCode
from chat.ichat import IEndpoint
from chat.model import Room, RoomId
from chat.occupants import Occupant
from chat.plugin import Context, Contribution, NoOptions, Plugin, Scope, Services
from chat.rest import ANYBODY, RoomsAsked
from chat.texts import base64_of

# How many users one answer has, and after how many others get a turn.
USERS_LIMIT = 20_000
BATCH = 100


class UsersInRoomsAsked(RoomsAsked, frozen=True, kw_only=True):
    """Which rooms; with `only_count` how many users alone."""

    only_count: bool = False


@implementer(IEndpoint)
class GetUsersInRooms:
    """Lists the users in rooms whom everybody sees, by name, with the attributes that others may see and their roles
    there; or counts them. In a room that is not known is nobody. Raises NO_SUCH_ROOM for a name that no room has,
    VALIDATION_ERROR above ASK_LIMIT rooms or USERS_LIMIT users.
    """

    method = "GET"
    path = "users-in-rooms"
    scope = Scope.READ
    body = UsersInRoomsAsked

    def __init__(self, services: Services) -> None:
        self._services = services

    async def call(self, caller: Context, body: UsersInRoomsAsked) -> dict[str, Any]:
        """See `IEndpoint`."""
        asked, presence = body.ids(self._services.rooms), self._services.presence
        counts: dict[str, Any] = {given: presence.shown_count(room_id, ANYBODY) for given, room_id in asked.items()}
        if body.only_count:
            return counts
        if sum(counts.values()) > USERS_LIMIT:
            text = f"more than {USERS_LIMIT} users: ask for fewer rooms, or with only_count"
            raise ChatError(ErrorCode.VALIDATION_ERROR, text)
        found = {given: list(presence.shown(room_id, ANYBODY)) for given, room_id in asked.items()}
        return {given: await self._entries(asked[given], inside) for given, inside in found.items()}

    async def _entries(self, room_id: RoomId, inside: list[Occupant]) -> list[dict[str, Any]]:
        room, entries = self._services.rooms.find(room_id), []
        for start in range(0, len(inside), BATCH):
            entries += [self._entry(room, occupant) for occupant in inside[start : start + BATCH]]
            await self._services.pause()
        return entries

    def _entry(self, room: Room | None, occupant: Occupant) -> dict[str, Any]:
        services, user = self._services, occupant.user
        return {
            "id": user.id,
            "name": base64_of(user.name),
            "info": {one.kind: base64_of(one.content) for one in services.users.public(user)},
            "roles": "" if room is None else services.rooms.roles.shown_in(user.id, room),
        }


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(endpoints=(GetUsersInRooms(services),))


plugin = Plugin("rest-users-in-rooms", build)
