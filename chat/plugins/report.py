"""report: show operators a message."""

from __future__ import annotations

from zope.interface import implementer

from chat.activities import RoomRef, UserRef
from chat.errors import ChatError, ErrorCode
from chat.events import MessageReported
from chat.ichat import IVerb
from chat.model import Message, Room
from chat.moderation import Report
from chat.plugin import Context, Contribution, NoOptions, Outcome, Plugin, Requires, Services
from chat.requests import ReportMessage


@implementer(IVerb)
class ReportVerb:
    """Keeps a report of a message, and tells the operators and whoever is in the admin room of its channel, with what
    the message says, be it deleted since. For who is in its room, or owns its conversation. Of one message and reporter
    there is one report: a second one is answered as the first, and nobody hears of it.

    Raises VALIDATION_ERROR for a message that is unknown or of another author, USER_NOT_IN_ROOM; NO_SUCH_ROOM when the
    room is removed meanwhile; NOT_ALLOWED above REPORTS_PER_DAY.
    """

    event = "report"
    verbs = ("report",)
    reply_event = "gn_ack"
    request = ReportMessage
    requires = Requires.LOGGED_IN

    def __init__(self, services: Services) -> None:
        self._services = services

    async def handle(self, context: Context, request: ReportMessage) -> Outcome:
        """See `IVerb`."""
        message: Message | None = await self._services.store.find_message(request.message_id)
        if message is None:
            raise ChatError(ErrorCode.VALIDATION_ERROR, "there is no such message")
        room = await self._room(context, message)
        if message.author.id != request.author_id:
            raise ChatError(ErrorCode.VALIDATION_ERROR, "the message is of another user")
        if not await self._services.store.put_report(self._report(context, request, message)):
            return Outcome()
        return Outcome(events=(self._event(context, request, message, room),))

    async def _room(self, context: Context, message: Message) -> Room:
        """Where the message is. Which rooms there are besides one's own is not betrayed by messages in them."""
        try:
            return (await self._services.places.standing(context.caller, message.room_id)).room
        except ChatError:
            raise ChatError(ErrorCode.USER_NOT_IN_ROOM) from None

    def _report(self, context: Context, request: ReportMessage, message: Message) -> Report:
        return Report(
            message_id=message.id,
            room_id=message.room_id,
            author_id=message.author.id,
            reporter_id=context.caller.id,
            body=message.body,
            reason=request.reason or "",
            created=context.now,
        )

    def _event(self, context: Context, request: ReportMessage, message: Message, room: Room) -> MessageReported:
        admin_room = self._services.rooms.admin_room_of(room)
        return MessageReported(
            published=context.now,
            reporter=UserRef.of(context.caller),
            message_id=message.id,
            body=message.body,
            reason=request.reason or None,
            author=UserRef.of(message.author),
            room=RoomRef.of(room),
            admin_room_id=None if admin_room is None else admin_room.id,
        )


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(verbs=(ReportVerb(services),))


plugin = Plugin("report", build)
