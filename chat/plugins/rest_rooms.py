"""REST: GET /rooms, GET /rooms-acl, GET /rooms-for-users."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from msgspec import Struct
from zope.interface import implementer

from chat.errors import ChatError, ErrorCode
from chat.ichat import IEndpoint
from chat.model import Channel, Room, RoomId, RoomKind, User, UserId
from chat.plugin import Context, Contribution, NoOptions, Plugin, Scope, Services
from chat.rest import ANYBODY, GivenId, Nothing, UsersAsked, user_id_of
from chat.texts import base64_of

# After how many rooms others get a turn.
BATCH = 200
# How many rooms of users one answer has.
ROOMS_LIMIT = 20_000


@implementer(IEndpoint)
class GetRooms:
    """Lists every room: channels in sort order, in each the rooms that stay and then the temporary ones."""

    method = "GET"
    path = "rooms"
    scope = Scope.READ
    body = Nothing

    def __init__(self, services: Services) -> None:
        self._services = services

    async def call(self, caller: Context, body: Nothing) -> list[dict[str, str]]:
        """See `IEndpoint`."""
        return await _listed(self._services, self._entry)

    def _entry(self, channel: Channel, room: Room) -> dict[str, str]:
        return {
            "id": room.id,
            "name": base64_of(room.name),
            "status": _status(room),
            "channel": base64_of(channel.name),
            "channel_id": channel.id,
        }


class UserAsked(Struct, frozen=True, kw_only=True):
    """Whose rooms."""

    user_id: GivenId


@implementer(IEndpoint)
class GetRoomsAcl:
    """Lists the rooms that a user may join: not banned, a member where only members are, and with the access rules for
    `join` of the room and its channel holding for what the authenticator said at the latest login, online or not.
    `users` counts those whom everybody sees. Raises NO_SUCH_USER.
    """

    method = "GET"
    path = "rooms-acl"
    scope = Scope.READ
    body = UserAsked

    def __init__(self, services: Services) -> None:
        self._services = services

    async def call(self, caller: Context, body: UserAsked) -> list[dict[str, Any]]:
        """See `IEndpoint`."""
        user = await self._services.users.known(user_id_of(body.user_id))
        return await _listed(self._services, partial(self._entry, user))

    def _entry(self, user: User, channel: Channel, room: Room) -> dict[str, Any] | None:
        if not self._may_join(user, channel, room):
            return None
        users = self._services.presence.shown_count(room.id, ANYBODY)
        return {"status": _status(room), "users": users} | _named(room, channel)

    def _may_join(self, user: User, channel: Channel, room: Room) -> bool:
        rooms = self._services.rooms
        if not rooms.is_open(room.id) or not rooms.may_enter(user.id, room):
            return False
        return rooms.bans.of(user.id, channel, room) is None and rooms.permits.lets(user, "join", room)


@implementer(IEndpoint)
class GetRoomsForUsers:
    """Lists the rooms that users are in now, seen by others or not; none for who is not online, or not known. Raises
    VALIDATION_ERROR above ASK_LIMIT users or ROOMS_LIMIT rooms of theirs.
    """

    method = "GET"
    path = "rooms-for-users"
    scope = Scope.READ
    body = UsersAsked

    def __init__(self, services: Services) -> None:
        self._services = services

    async def call(self, caller: Context, body: UsersAsked) -> dict[UserId, list[dict[str, str]]]:
        """See `IEndpoint`."""
        found = {user_id: self._services.presence.rooms_of(user_id) for user_id in body.ids}
        if sum(map(len, found.values())) > ROOMS_LIMIT:
            raise ChatError(ErrorCode.VALIDATION_ERROR, f"more than {ROOMS_LIMIT} rooms: ask for fewer users")
        listed: dict[UserId, list[dict[str, str]]] = {user_id: [] for user_id in found}
        pairs = [(user_id, room_id) for user_id, room_ids in found.items() for room_id in room_ids]
        for start in range(0, len(pairs), BATCH):
            for user_id, room_id in pairs[start : start + BATCH]:
                listed[user_id] += self._entries(room_id)
            await self._services.pause()
        return listed

    def _entries(self, room_id: RoomId) -> Iterator[dict[str, str]]:
        """That of the room, if it is still there."""
        room = self._services.rooms.find(room_id)
        channel = None if room is None else self._services.rooms.channel_of(room)
        if room is not None and channel is not None:
            yield _named(room, channel)


async def _listed(services: Services, entry: Callable[[Channel, Room], dict[str, Any] | None]) -> list[dict[str, Any]]:
    """The entries of all rooms that have one."""
    rooms = services.rooms
    found = [(channel, room) for channel in rooms.channels for room in rooms.rooms_in(channel.id)]
    listed: list[dict[str, Any]] = []
    for start in range(0, len(found), BATCH):
        entries = (entry(channel, room) for channel, room in found[start : start + BATCH])
        listed += [one for one in entries if one is not None]
        await services.pause()
    return listed


def _status(room: Room) -> str:
    return "temporary" if room.kind is RoomKind.TEMPORARY else "static"


def _named(room: Room, channel: Channel) -> dict[str, str]:
    return {
        "room_id": room.id,
        "room_name": base64_of(room.name),
        "channel_id": channel.id,
        "channel_name": base64_of(channel.name),
    }


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(endpoints=(GetRooms(services), GetRoomsAcl(services), GetRoomsForUsers(services)))


plugin = Plugin("rest-rooms", build)
