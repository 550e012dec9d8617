"""REST: POST /join, POST /leave."""

from __future__ import annotations

from typing import Any

from msgspec import structs
from zope.interface import implementer

from chat.errors import ChatError, ErrorCode
from chat.events import BanNotice
from chat.ichat import IEndpoint
from chat.model import ID_LENGTH, NAME_LIMIT, Room, RoomId, UserId
from chat.plugin import Context, Contribution, NoOptions, Plugin, Scope, Services
from chat.requests import BringIn, Leave
from chat.rest import GivenId, RoomChoice, user_ids_of
from chat.texts import text_of


class UsersAndRoom(RoomChoice, frozen=True, kw_only=True):
    """Who is to come in or go out, at most ASK_LIMIT users, and where."""

    user_ids: tuple[GivenId, ...]


@implementer(IEndpoint)
class PostJoin:
    """Has online users come into a room, each with all sessions. Tells how many came in, and why others did not: 800
    for who is not online, 802 where there is no such room, 703 for the banned, 707 where the room is full.
    """

    method = "POST"
    path = "join"
    scope = Scope.ROOMS
    body = UsersAndRoom

    def __init__(self, services: Services) -> None:
        self._services = services

    async def call(self, caller: Context, body: UsersAndRoom) -> dict[str, Any]:
        """See `IEndpoint`."""
        user_ids, room_id, errors = user_ids_of(body.user_ids), self._room_id(body), []
        # Before anybody comes in: a call that is refused has done nothing.
        nowhere = _nowhere(body)
        for user_id in user_ids:
            refusal = (
                ChatError(ErrorCode.NO_SUCH_ROOM) if room_id is None else await self._try(caller, user_id, room_id)
            )
            if refusal is not None:
                errors.append(_error(refusal, user_id, nowhere))
        return {"success": len(user_ids) - len(errors), "failures": len(errors), "errors": errors}

    def _room_id(self, body: UsersAndRoom) -> RoomId | None:
        """The room, None for one that is not there. Raises VALIDATION_ERROR, NOT_BASE64."""
        try:
            return body.room(self._services.rooms).id
        except ChatError as refusal:
            if refusal.code is ErrorCode.NO_SUCH_ROOM:
                return None
            raise

    async def _try(self, caller: Context, user_id: UserId, room_id: RoomId) -> ChatError | None:
        await self._services.pause()
        try:
            await self._services.dispatch(caller, BringIn(user_id, room_id))
        except ChatError as refusal:
            return refusal
        return None


def _nowhere(body: UsersAndRoom) -> str:
    """What is said of a room that is not there; a name beside an id means nothing. Raises NOT_BASE64."""
    name = "" if body.room_id else text_of(body.room_name or "", "room_name")
    # Every user's error has them: they are not to be of any length.
    return f"no room exists with id {(body.room_id or '')[:ID_LENGTH]} or name {name[:NAME_LIMIT]}"


def _error(refusal: ChatError, user_id: UserId, nowhere: str) -> dict[str, Any]:
    """How a refusal stands in the answer."""
    code, text = refusal.code, refusal.detail
    if code is ErrorCode.NO_SUCH_ROOM:
        text = nowhere
    elif code is ErrorCode.NOT_ONLINE:
        # The code that callers know for it.
        code, text = ErrorCode.NO_SUCH_USER, f"user not online: {user_id}"
    elif isinstance(refusal.notice, BanNotice):
        text = _ban_text(refusal.notice, user_id)
    return {"status_code": code.wire, "error": text}


def _ban_text(ban: BanNotice, user_id: UserId) -> str:
    place = " ".join(filter(None, (ban.target_kind, ban.target_name)))
    return f"user {user_id} is banned from {place} for {ban.seconds_left} seconds. Reason: {ban.reason}"


@implementer(IEndpoint)
class PostLeave:
    """Has users go out of a room, with all sessions; who is not there is out already."""

    method = "POST"
    path = "leave"
    scope = Scope.ROOMS
    body = UsersAndRoom

    def __init__(self, services: Services) -> None:
        self._services = services

    async def call(self, caller: Context, body: UsersAndRoom) -> None:
        """See `IEndpoint`."""
        user_ids, room = user_ids_of(body.user_ids), body.room(self._services.rooms)
        for user_id in user_ids:
            await self._put_out(caller, user_id, room)

    async def _put_out(self, caller: Context, user_id: UserId, room: Room) -> None:
        presence = self._services.presence
        user = presence.user(user_id)
        if user is not None and presence.occupies(user_id, room.id):
            await self._services.dispatch(structs.replace(caller, user=user), Leave(room.id))
            await self._services.pause()


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(endpoints=(PostJoin(services), PostLeave(services)))


plugin = Plugin("rest-join", build)
