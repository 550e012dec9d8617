"""history: what was said in a room."""

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
    """The newest messages, those since a time (both newest first), or those after a seq (oldest first, tombstones
    included, at most 500); at most about half a megabyte at once. For who may enter the room; else raises
    NO_SUCH_ROOM.
    """

    event = "history"
    verbs = ("list",)
    reply_event = "gn_history"
    request = ReadHistory
    requires = Requires.LOGGED_IN

    def __init__(self, services: Services) -> None:
        self._services = services
        self._limit = services.config.history.limit

    async def handle(self, context: Context, request: ReadHistory) -> Outcome:
        """See `IVerb`."""
        room = self._services.rooms.enterable(context.caller.id, request.room_id)
        if request.after_seq is not None:
            return Outcome(await self._after(room, request.after_seq))
        span = await self._newest(room, request)
        return Outcome(History(room_id=room.id, messages=self._entries(reversed(span.messages))))

    async def _newest(self, room: Room, request: ReadHistory) -> Span:
        if request.since is None:
            return await self._services.timelines.recent(room)
        span: Span = await self._services.store.messages_since(room, request.since, self._limit)
        return span

    def _entries(self, messages: Iterable[Message]) -> tuple[HistoryEntry, ...]:
        return tuple(map(self._services.users.in_history, within_bytes(messages)))

    async def _after(self, room: Room, seq: int) -> History:
        span: Span = await self._services.store.messages_after(room, seq, SPAN_LIMIT)
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
