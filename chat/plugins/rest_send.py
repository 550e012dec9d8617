"""REST: POST /send."""

from __future__ import annotations

from msgspec import Struct
from zope.interface import implementer

from chat.errors import ChatError, ErrorCode
from chat.ichat import IEndpoint
from chat.messages import check_body
from chat.model import RoomId, UserId
from chat.plugin import Context, Contribution, NoOptions, Plugin, Scope, Services
from chat.requests import SendMessage, Telling
from chat.rest import GivenId, RoomChoice, short_text_of, user_id_of
from chat.texts import text_of


class SendBody(Struct, frozen=True, kw_only=True):
    """Who says what to whom. Names and content are base64."""

    user_id: GivenId
    user_name: str | None = None
    object_type: str
    target_id: GivenId | None = None
    target_name: str | None = None
    content: str
    persist: bool = False
    include_user_info: bool = False


@implementer(IEndpoint)
class PostSend:
    """Has a user say something in a room, be the user in it or not, or to another user. Stored with `persist` alone:
    what is not reaches those who are online and nobody else, and makes no conversation. `user_name` is the name that is
    shown; a user who is not known is made known by it. A room is named by id, or by name in the default channel.

    Raises NO_SUCH_ROOM, NO_SUCH_USER, INVALID_TARGET_TYPE, EMPTY_MESSAGE, MSG_TOO_LONG; USER_IS_BANNED for a user who
    is banned, or muted in the room; VALIDATION_ERROR, NOT_BASE64.
    """

    method = "POST"
    path = "send"
    scope = Scope.ROOMS
    body = SendBody

    def __init__(self, services: Services) -> None:
        self._services = services
        self._max_characters = services.config.messages.max_characters

    async def call(self, caller: Context, body: SendBody) -> None:
        """See `IEndpoint`."""
        target, text = await self._target(body), text_of(body.content, "content")
        # Before the user is made known, who is to stay unknown when nothing is to be said.
        check_body(text, self._max_characters)
        name = short_text_of(body.user_name, "user_name")
        user = await self._services.users.made_known(user_id_of(body.user_id), name, caller.now)
        telling = Telling(is_stored=body.persist, author_name=name, shows_author=body.include_user_info)
        request = SendMessage(body=text, target=target, kind=body.object_type, telling=telling)
        await self._services.dispatch(caller.on_behalf_of(user), request)

    async def _target(self, body: SendBody) -> str:
        """The id of the room or user that is there. Raises NO_SUCH_ROOM, NO_SUCH_USER, INVALID_TARGET_TYPE."""
        target_id = None if body.target_id is None else str(body.target_id)
        if body.object_type == "room":
            choice = RoomChoice(room_id=RoomId(target_id or ""), room_name=body.target_name)
            return choice.room(self._services.rooms).id
        if body.object_type != "private":
            raise ChatError(ErrorCode.INVALID_TARGET_TYPE, "object_type is neither room nor private")
        if not target_id:
            raise ChatError(ErrorCode.MISSING_TARGET_ID, "a private message needs a target_id")
        return (await self._services.users.known(UserId(target_id))).id


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(endpoints=(PostSend(services),))


plugin = Plugin("rest-send", build)
