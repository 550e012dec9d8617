"""received and read: a user acknowledges messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from zope.interface import implementer

from chat.activities import MessageRef
from chat.audiences import OfUser
from chat.errors import ChatError, ErrorCode
from chat.events import Event, MessagesAcknowledged, MessagesRead, MessagesReceived
from chat.ichat import IVerb
from chat.model import MessageId, Receipt, Status, UserId
from chat.places import Place
from chat.plugin import Context, Contribution, NoOptions, Outcome, Plugin, Requires, Services
from chat.requests import Acknowledge, Read, Receive

ByAuthor = Mapping[UserId, tuple[MessageId, ...]]


@implementer(IVerb)
class AcknowledgeVerb:
    """Notes what became of messages, all of one room or conversation, and tells the others there; in rooms of more than
    `rooms.relay_receipts_max` users each author alone, of the author's own messages. Nobody hears of what a user
    acknowledges who is not seen, nor of one's own messages.

    Raises NO_SUCH_ROOM, USER_NOT_IN_ROOM; MISSING_OBJECT_ATTACHMENTS, TOO_MANY_ATTACHMENTS; VALIDATION_ERROR when a
    message is unknown or of another room: then nothing is noted.
    """

    event: str
    verbs: tuple[str, ...]
    reply_event = "gn_ack"
    request: type[Acknowledge]
    requires = Requires.LOGGED_IN

    receipt: Receipt
    told: type[MessagesAcknowledged]

    def __init__(self, services: Services) -> None:
        self._services = services
        self._relay_max = services.config.rooms.relay_receipts_max

    async def handle(self, context: Context, request: Acknowledge) -> Outcome:
        """See `IVerb`."""
        if not request.messages:
            raise ChatError(ErrorCode.MISSING_OBJECT_ATTACHMENTS)
        user = context.caller
        place = await self._services.places.standing(user, request.room_id)
        ids = [MessageId(message.id) for message in request.messages]
        found: ByAuthor = await self._services.receipts.acknowledge(user, place.room, ids, self.receipt, context.now)
        if self._services.presence.status_of(user.id) is not Status.ONLINE:
            return Outcome()
        return Outcome(events=tuple(self._events(context, place, found)))

    def _events(self, context: Context, place: Place, found: ByAuthor) -> Iterator[Event]:
        presence = self._services.presence
        if presence.occupant_count(place.room.id) <= self._relay_max:
            together = tuple(message_id for ids in found.values() for message_id in ids)
            groups = [(place.audience(besides=context.caller.id), together)] if together else []
        else:
            groups = [((OfUser(one),), ids) for one, ids in found.items() if presence.occupies(one, place.room.id)]
        for to, ids in groups:
            yield self.told(
                published=context.now,
                actor_id=context.caller.id,
                room_id=place.room.id,
                messages=tuple(map(MessageRef, ids)),
                to=to,
            )


class ReceivedVerb(AcknowledgeVerb):
    """Messages have come."""

    event = "received"
    verbs = ("receive",)
    request = Receive
    receipt = Receipt.RECEIVED
    told = MessagesReceived


class ReadVerb(AcknowledgeVerb):
    """Messages were read. The user's marker moves to the newest of them."""

    event = "read"
    verbs = ("read",)
    request = Read
    receipt = Receipt.READ
    told = MessagesRead


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(verbs=(ReceivedVerb(services), ReadVerb(services)))


plugin = Plugin("acknowledge", build)
