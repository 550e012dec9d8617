"""delete: a message is taken back, or away; or all that a room has."""

from __future__ import annotations

from zope.interface import implementer

from chat.activities import UserRef
from chat.errors import ChatError, ErrorCode
from chat.events import MessageDeleted
from chat.ichat import IVerb
from chat.model import Message, MessageId
from chat.moderation import Audit
from chat.places import Place
from chat.plugin import Context, Contribution, NoOptions, Outcome, Plugin, Requires, Services
from chat.requests import DeleteMessage
from chat.rights import Act


@implementer(IVerb)
class DeleteVerb:
    """Deletes a message of a room that the sender is in, or of a conversation: one's own where
    `messages.sender_can_delete` allows it, in rooms that of another for who keeps order there and is not below its
    author, which is noted in the audit log. Or all messages that a room has, for who keeps order there, whoever wrote
    them. What is deleted already is answered alike, and nobody hears of it again.

    Raises NO_SUCH_ROOM, USER_NOT_IN_ROOM, NOT_ALLOWED; VALIDATION_ERROR when the message is unknown or of another room,
    and when the room is not the one of `target.id`.
    """

    event = "delete"
    verbs = ("delete",)
    reply_event = "gn_delete"
    request = DeleteMessage
    requires = Requires.LOGGED_IN

    def __init__(self, services: Services) -> None:
        self._services = services
        self._sender_can_delete = services.config.messages.sender_can_delete

    async def handle(self, context: Context, request: DeleteMessage) -> Outcome:
        """See `IVerb`."""
        place = await self._services.places.standing(context.caller, request.room_id)
        if request.is_of_room:
            return await self._clear(context, place, request.object_id)
        message = await self._services.revisions.find(place.room, MessageId(request.object_id))
        row = self._checked(context, place, message)
        if not await self._services.revisions.delete(message, context.now, row):
            return Outcome()
        return self._outcome(context, place, message)

    def _checked(self, context: Context, place: Place, message: Message) -> Audit | None:
        """The row for the audit log when it is the message of somebody else. Raises NOT_ALLOWED."""
        caller_id, author_id, room = context.caller.id, message.author.id, place.room
        may_moderate = self._services.rooms.rights.may(Act.DELETE_OF_OTHERS, caller_id, room, author_id)
        if not may_moderate and not (caller_id == author_id and self._sender_can_delete):
            raise ChatError(ErrorCode.NOT_ALLOWED)
        if caller_id == author_id:
            return None
        key, actor_id = context.key_name, context.actor.id
        return Audit(context.now, key, actor_id, "delete-message", author_id, room.id, message.id)

    async def _clear(self, context: Context, place: Place, object_id: str) -> Outcome:
        room, actor = place.room, context.actor
        if object_id != room.id:
            raise ChatError(ErrorCode.VALIDATION_ERROR, "object.id is not the room of target.id")
        self._services.rooms.rights.check(Act.CLEAR_ROOM, context.caller.id, room)
        row = Audit(context.now, context.key_name, actor.id, "clear-room", actor.id, room.id, "")
        if not await self._services.revisions.clear(room, row):
            return Outcome()
        return self._outcome(context, place, None)

    def _outcome(self, context: Context, place: Place, message: Message | None) -> Outcome:
        event = MessageDeleted(
            published=context.now,
            actor=UserRef.of(context.actor),
            object_id=place.room.id if message is None else message.id,
            object_kind="room" if message is None else None,
            room_id=place.room.id,
            message=message,
            to=self._services.places.told(place, context.caller.id),
        )
        return Outcome(events=(event,))


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(verbs=(DeleteVerb(services),))


plugin = Plugin("delete", build)
