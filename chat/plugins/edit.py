"""edit: the author of a message gives it another text."""

from __future__ import annotations

from datetime import timedelta

from msgspec import structs
from zope.interface import implementer

from chat.errors import ChatError, ErrorCode
from chat.events import EditUnheard, MessageEdited
from chat.ichat import IVerb
from chat.messages import check_body
from chat.model import Message, RoomId
from chat.places import Place
from chat.plugin import Context, Contribution, NoOptions, Outcome, Plugin, Requires, Services
from chat.requests import EditMessage


@implementer(IVerb)
class EditVerb:
    """Changes the text of a message, for its author alone, as long as it is younger than `messages.edit_window_s`; the
    time of the edit stands beside that of the message. Of the text that it has nobody hears. One that is to be unheard
    changes nothing, and its author alone hears of it.

    Raises EMPTY_MESSAGE, MSG_TOO_LONG; NO_SUCH_ROOM, USER_NOT_IN_ROOM; USER_IS_BANNED for who has been muted or banned
    by now; VALIDATION_ERROR when the message is deleted, unknown or of another room; NOT_ALLOWED.
    """

    event = "edit"
    verbs = ("edit",)
    reply_event = "gn_edit"
    request = EditMessage
    requires = Requires.LOGGED_IN

    def __init__(self, services: Services) -> None:
        self._services = services
        self._max_characters = services.config.messages.max_characters
        self._window = timedelta(seconds=services.config.messages.edit_window_s)

    async def handle(self, context: Context, request: EditMessage) -> Outcome:
        """See `IVerb`."""
        check_body(request.body, self._max_characters)
        place = await self._services.places.standing(context.caller, RoomId(request.target))
        if place.channel is not None:
            self._services.rooms.permits.check(context.caller, "message", place.room)
        revisions = self._services.revisions
        message = await revisions.find(place.room, request.message_id)
        self._services.places.check_voice(context.caller, place)
        self._check(context, message)
        is_new = message.body != request.body
        if is_new and context.is_unheard:
            return self._said_to_nobody(context, message, request.body, place)
        if is_new:
            message = await revisions.edit(message, request.body, context.now)
        told = self._services.places.told(place, context.caller.id)
        edited = MessageEdited.of(message, (place.room, place.channel), told, context.now)
        return Outcome(edited, (edited,) if is_new else ())

    def _said_to_nobody(self, context: Context, message: Message, body: str, place: Place) -> Outcome:
        pretended = structs.replace(message, body=body, edited=context.now)
        told = self._services.places.told_alone(place, context.caller.id)
        unheard = EditUnheard.of(pretended, (place.room, place.channel), told, context.now)
        return Outcome(unheard, (unheard,))

    def _check(self, context: Context, message: Message) -> None:
        if message.author.id != context.caller.id:
            raise ChatError(ErrorCode.NOT_ALLOWED, "only the author edits a message")
        if message.deleted:
            raise ChatError(ErrorCode.VALIDATION_ERROR, "the message is deleted")
        if context.now - message.published >= self._window:
            raise ChatError(ErrorCode.NOT_ALLOWED, "the message is too old to be edited")


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(verbs=(EditVerb(services),))


plugin = Plugin("edit", build)
