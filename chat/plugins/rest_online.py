"""REST: GET /online."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated, Any

import msgspec
from msgspec import Meta
from zope.interface import implementer

from chat.errors import ChatError, ErrorCode
from chat.ichat import IEndpoint
from chat.model import Room, User
from chat.plugin import Context, Contribution, NoOptions, Plugin, Scope, Services
from chat.rest import RoomChoice
from chat.texts import base64_of, text_of

PAGE_LIMIT = 500
# Rooms that are listed of one user, and after how many users others get a turn.
ROOMS_LIMIT = 100
BATCH = 100

_Place = tuple[str, str]


class OnlineAsked(RoomChoice, frozen=True, kw_only=True):
    """Who: all, or those in a room; with a base64 `search` those whose name or id has it, in upper or lower case. How
    many, and after whom: `after` is the `next` of the page before.
    """

    limit: Annotated[int, Meta(ge=1, le=PAGE_LIMIT)] = 100
    after: str | None = None
    search: str | None = None


@implementer(IEndpoint)
class GetOnline:
    """Lists who is online, seen by others or not, by name, page by page: with the status, at most ROOMS_LIMIT rooms,
    and the roles: those that a user has everywhere, or in the room that is asked for with it. `count` is how many there
    are, `next` is None on the last page.
    """

    method = "GET"
    path = "online"
    scope = Scope.READ
    body = OnlineAsked

    def __init__(self, services: Services) -> None:
        self._services = services

    async def call(self, caller: Context, body: OnlineAsked) -> dict[str, Any]:
        """See `IEndpoint`."""
        room = body.room(self._services.rooms) if body.names_room else None
        count, found = await self._first(
            self._asked(room), _matching(body.search), _place_after(body.after), body.limit
        )
        page = found[: body.limit]
        return {
            "count": count,
            "items": await self._entries(page, room),
            "next": _cursor(page[-1]) if len(found) > body.limit else None,
        }

    def _asked(self, room: Room | None) -> list[User]:
        presence = self._services.presence
        return list(presence.users()) if room is None else presence.occupants(room.id)

    async def _first(
        self, users: list[User], is_match: Callable[[User], bool], after: _Place, limit: int
    ) -> tuple[int, list[User]]:
        """How many match, and the first of those after a place, one more than the limit."""
        count, found = 0, list[User]()
        for start in range(0, len(users), BATCH):
            matching = [user for user in users[start : start + BATCH] if is_match(user)]
            count += len(matching)
            found = sorted((*found, *(user for user in matching if _place(user) > after)), key=_place)[: limit + 1]
            await self._services.pause()
        return count, found

    async def _entries(self, users: list[User], room: Room | None) -> list[dict[str, Any]]:
        """What is told of the users, but of those who are gone by now."""
        entries: list[dict[str, Any]] = []
        for start in range(0, len(users), BATCH):
            still = (user for user in users[start : start + BATCH] if self._services.presence.is_online(user.id))
            entries += [self._entry(user, room) for user in still]
            await self._services.pause()
        return entries

    def _entry(self, user: User, room: Room | None) -> dict[str, Any]:
        rooms, presence = self._services.rooms, self._services.presence
        inside = map(rooms.find, presence.rooms_of(user.id)[:ROOMS_LIMIT])
        return {
            "user_id": user.id,
            "name": base64_of(user.name),
            "status": presence.status_of(user.id).value,
            "rooms": [{"room_id": one.id, "room_name": base64_of(one.name)} for one in _by_name(inside)],
            "roles": self._global_roles(user) if room is None else rooms.roles.shown_in(user.id, room),
        }

    def _global_roles(self, user: User) -> str:
        return next((roles for scope, roles in self._services.rooms.roles.scopes(user.id) if scope is None), "")


def _by_name(rooms: Iterable[Room | None]) -> list[Room]:
    return sorted((one for one in rooms if one is not None), key=lambda one: (one.name.casefold(), one.id))


def _matching(search: str | None) -> Callable[[User], bool]:
    wanted = text_of(search or "", "search").casefold()
    return lambda user: wanted in user.name.casefold() or wanted in user.id.casefold()


def _place(user: User) -> _Place:
    return user.name.casefold(), user.id


def _cursor(user: User) -> str:
    return base64_of(msgspec.json.encode(_place(user)).decode())


def _place_after(cursor: str | None) -> _Place:
    if not cursor:
        return "", ""
    try:
        place: _Place = msgspec.json.decode(text_of(cursor, "after"), type=_Place)
    except msgspec.MsgspecError:
        raise ChatError(ErrorCode.VALIDATION_ERROR, "after is not the next of a page") from None
    return place


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(endpoints=(GetOnline(services),))


plugin = Plugin("rest-online", build)
