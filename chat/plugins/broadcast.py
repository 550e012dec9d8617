"""Broadcasts of a backend to everyone who is logged in, or to a room."""

from __future__ import annotations

from zope.interface import implementer

from chat.activities import RoomRef, UserRef
from chat.errors import ChatError, ErrorCode
from chat.events import Announced
from chat.ichat import IVerb
from chat.model import ID_LENGTH, SYSTEM_ID
from chat.moderation import Audit
from chat.plugin import Context, Contribution, NoOptions, Outcome, Plugin, Requires, Services
from chat.requests import Broadcast


@implementer(IVerb)
class BroadcastVerb:
    """Announces what a backend says, so that every client can take it: at most `messages.max_characters`, with a verb
    of at most ID_LENGTH characters. The audit log has who and where, not what. Raises NO_SUCH_ROOM, MSG_TOO_LONG,
    VALIDATION_ERROR for the verb.
    """

    event = None
    verbs = ()
    reply_event = "gn_broadcast"
    request = Broadcast
    requires = Requires.LOGGED_IN

    def __init__(self, services: Services) -> None:
        self._services = services
        self._max_characters = services.config.messages.max_characters

    async def handle(self, context: Context, request: Broadcast) -> Outcome:
        """See `IVerb`."""
        self._check(request)
        room = None if request.room_id is None else self._services.rooms.room(request.room_id)
        room_id = None if room is None else room.id
        row = Audit(context.now, context.key_name, context.actor.id, "broadcast", SYSTEM_ID, room_id, "")
        await self._services.store.record(row)
        announced = Announced(
            published=context.now,
            actor=UserRef.of(context.actor),
            body=request.body,
            verb=request.verb,
            room=None if room is None else RoomRef.of(room),
            room_kind=None if room is None else "room",
            room_id=room_id,
        )
        return Outcome(events=(announced,))

    def _check(self, request: Broadcast) -> None:
        if len(request.body) > self._max_characters:
            raise ChatError(ErrorCode.MSG_TOO_LONG, f"body has more than {self._max_characters} characters")
        if len(request.verb) > ID_LENGTH or "\0" in request.verb:
            raise ChatError(ErrorCode.VALIDATION_ERROR, f"verb has a NUL, or more than {ID_LENGTH} characters")


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(verbs=(BroadcastVerb(services),))


plugin = Plugin("broadcast", build)
