"""REST: POST /create."""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from zope.interface import implementer

from chat.errors import ChatError, ErrorCode
from chat.ichat import IEndpoint
from chat.model import RoomId, UserId
from chat.names import RoomNames
from chat.plugin import Context, Contribution, NoOptions, Outcome, Plugin, Scope, Services
from chat.requests import BringIn, CreateRoom, RoomMade
from chat.rest import GivenId, short_text_of, user_id_of, user_ids_of
from chat.texts import base64_of, text_of
from chat.users import stranger


class CreateBody(Struct, frozen=True, kw_only=True):
    """The room, whose it is, and who is to come in, at most ASK_LIMIT users. Names are base64."""

    room_name: str
    owner_id: GivenId
    owner_name: str | None = None
    user_ids: tuple[GivenId, ...] = ()
    temporary: bool = True


@implementer(IEndpoint)
class PostCreate:
    """Makes a temporary room in the default channel, and has those users come in who are online; the others are told.
    There is no other kind of room to be made here. An owner who is not known is made known; who owns as many rooms as
    users may make gets one more all the same. As for every temporary room, one of its owners is to be in it within
    `rooms.owner_grace_s`: an owner who is not among `user_ids`, or not online, has so long to join.

    Raises what the verb `create` raises for the name, USER_IS_BANNED for the owner, VALIDATION_ERROR for ids and names
    of owners that cannot be, too many users, and `temporary` false.
    """

    method = "POST"
    path = "create"
    scope = Scope.ROOMS
    body = CreateBody

    def __init__(self, services: Services) -> None:
        self._services = services
        config = services.config
        self._names = RoomNames(config.rooms, config.content.restricted_names, services.words)

    async def call(self, caller: Context, body: CreateBody) -> dict[str, Any]:
        """See `IEndpoint`."""
        if not body.temporary:
            raise ChatError(ErrorCode.VALIDATION_ERROR, "only temporary rooms are made here")
        name = self._names.checked(text_of(body.room_name, "room_name"))
        user_ids = user_ids_of(body.user_ids) if body.user_ids else ()
        made = await self._made(caller, body, name)
        missing = [user_id for user_id in user_ids if not await self._brought_in(caller, user_id, made)]
        answer: dict[str, Any] = {
            "room_id": made.ref.id,
            "room_name": base64_of(made.ref.name),
            "channel_id": made.channel_id,
        }
        return answer | {"user_ids_not_joined": missing} if missing else answer

    async def _made(self, caller: Context, body: CreateBody, name: str) -> RoomMade:
        """The room. Whoever owns it is made known with it, and stays unknown where there is to be none."""
        owner_id, owner_name = user_id_of(body.owner_id), short_text_of(body.owner_name, "owner_name")
        known = await self._services.users.find(owner_id)
        owner = known or stranger(owner_id, owner_name)
        channel_id = self._services.rooms.default_channel().id
        request = CreateRoom(channel_id=channel_id, name=name, kind="temporary", is_newcomer=known is None)
        outcome: Outcome = await self._services.dispatch(caller.on_behalf_of(owner), request)
        assert isinstance(outcome.reply, RoomMade)
        return outcome.reply

    async def _brought_in(self, caller: Context, user_id: UserId, made: RoomMade) -> bool:
        await self._services.pause()
        try:
            await self._services.dispatch(caller, BringIn(user_id, RoomId(made.ref.id)))
        except ChatError:
            return False
        return True


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(endpoints=(PostCreate(services),))


plugin = Plugin("rest-create", build)
