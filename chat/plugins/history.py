"""history: what was said in a room, or privately."""

from __future__ import annotations

from collections.abc import Iterable

from zope.interface import implementer

from chat.activities import HistoryEntry
from chat.ichat import IVerb
from chat.messages import Span, within_bytes
from chat.model import Message, Room
from chat.plugin import Context, Contribution, NoOptions, Outcome, Plugin, Requires, Services
from chat.requests import History, ReadHistory

SPAN_LIMIT = 500


@implementer(IVerb)
class HistoryVerb:
    """The newest messages or those that the caller has not read (`history.type`), or of them those since a time (newest
    first), or those after a seq (oldest first, tombstones included, at most 500); about half a megabyte at once. For
    who may join the room or is in it, where its access rules for `history` hold, and for who owns the conversation.
    With a user nothing was said before the first message.

    Raises NO_SUCH_ROOM for a room that is for others alone, NOT_ALLOWED.
    """

    event = "history"
    verbs = ("list",)
    reply_event = "gn_history"
    request = ReadHistory
    requires = Requires.LOGGED_IN

    def __init__(self, services: Services) -> None:
        self._services = services

    async def handle(self, context: Context, request: ReadHistory) -> Outcome:
        """See `IVerb`."""
        place = await self._services.places.readable(context.caller, request.target)
        if place is None:
            return Outcome(self._nothing(request))
        self._services.rooms.permits.check(context.caller, "history", place.room)
        room = place.room
        if request.after_seq is not None:
            return Outcome(await self._after(room, request.after_seq))
        recent = await self._services.histories.recent(context.caller, room)
        shown = (message for message in recent if request.since is None or message.published >= request.since)
        return Outcome(History(room_id=room.id, messages=self._entries(shown)))

    def _nothing(self, request: ReadHistory) -> History:
        """Of a conversation that there is not yet."""
        if request.after_seq is None:
            return History(room_id=request.target, messages=())
        return History(room_id=request.target, messages=(), head=0, more=False, recovered=request.after_seq == 0)

    def _entries(self, messages: Iterable[Message]) -> tuple[HistoryEntry, ...]:
        return tuple(map(self._services.users.in_history, within_bytes(messages)))

    async def _after(self, room: Room, seq: int) -> History:
        asked = self._services.store.messages_after(room, seq, SPAN_LIMIT)
        span: Span = await self._services.timelines.read(room.id, asked)
        entries = self._entries(span.messages)
        return History(
            room_id=room.id,
            messages=entries,
            head=span.head,
            more=bool(entries) and entries[-1].seq < span.head,
            recovered=span.floor <= seq <= span.head,
        )


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(verbs=(HistoryVerb(services),))


plugin = Plugin("history", build)
