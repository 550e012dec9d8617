"""message: say something in a room."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from zope.interface import implementer

from chat.activities import RoomRef, UserRef
from chat.errors import ChatError, ErrorCode
from chat.events import MessagePosted
from chat.ichat import IVerb
from chat.messages import Appended, Draft, check_body
from chat.model import Room
from chat.plugin import Context, Contribution, NoOptions, Outcome, Plugin, Requires, Services
from chat.requests import SendMessage


@implementer(IVerb)
class MessageVerb:
    """Stores a message and tells the room. The reply is the message as everybody gets it.

    Raises EMPTY_MESSAGE, MSG_TOO_LONG, INVALID_TARGET_TYPE, NO_SUCH_ROOM, USER_NOT_IN_ROOM; VALIDATION_ERROR when
    `object.id` was used for another message. A retry gets the first reply again, and nobody hears of it.
    """

    event = "message"
    verbs = ("send",)
    reply_event = "gn_message"
    request = SendMessage
    requires = Requires.LOGGED_IN

    def __init__(self, services: Services) -> None:
        self._services = services
        self._max_characters = services.config.messages.max_characters

    async def handle(self, context: Context, request: SendMessage) -> Deferred[Outcome]:
        """See `IVerb`."""
        check_body(request.body, self._max_characters)
        if request.kind != "room":
            raise ChatError(ErrorCode.INVALID_TARGET_TYPE)
        room = self._services.rooms.enterable(context.caller.id, request.room_id)
        if not self._services.presence.occupies(context.caller.id, room.id):
            raise ChatError(ErrorCode.USER_NOT_IN_ROOM)
        draft = Draft(
            room=room,
            author=context.caller,
            body=request.body,
            published=context.now,
            client_id=request.client_id,
        )
        stored: Deferred[Appended] = self._services.store.append_message(draft)
        return stored.addCallback(self._posted, room, request.more)

    def _posted(self, appended: Appended, room: Room, more: dict[str, Any]) -> Outcome:
        posted = self._event(appended, room, more)
        if appended.repeated:
            return Outcome(posted)
        self._services.timelines.posted(appended.message)
        return Outcome(posted, (posted,))

    def _event(self, appended: Appended, room: Room, more: dict[str, Any]) -> MessagePosted:
        message = appended.message
        channel = self._services.rooms.channel_of(room)
        return MessagePosted(
            id=message.id,
            published=message.published,
            seq=message.seq,
            author=UserRef.of(message.author),
            room=RoomRef.of(room),
            body=message.body,
            channel_id="" if channel is None else channel.id,
            channel_name="" if channel is None else channel.name,
            kind="room",
            target_kind="room",
            more=more,
            message=message,
        )


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(verbs=(MessageVerb(services),))


plugin = Plugin("message", build)
