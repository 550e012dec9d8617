"""The newest messages of active rooms, in memory."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Collection, Container, Iterable
from datetime import UTC, datetime
from sys import getsizeof

from msgspec import structs
from twisted.internet.defer import Deferred

from chat.changes import Changes, Watches
from chat.gaps import Gaps
from chat.ichat import IStore
from chat.messages import ROOM_BYTES, Span
from chat.model import Message, MessageId, Room, RoomId
from chat.presence import Presence

# What the newest messages of all rooms may take in memory, and about what one takes besides its text.
MEMORY_BYTES = 64 * 2**20
MESSAGE_BYTES = 450


def _memory_bytes(message: Message) -> int:
    """About what a message takes in memory."""
    return getsizeof(message.body) + MESSAGE_BYTES


class _Timeline:
    """The newest messages of one room. While it loads, those that were posted since.

    `is_stale`: it was right for whoever looked so far, and the next one is to read it anew.
    """

    __slots__ = ("head", "is_stale", "limit", "memory_bytes", "messages", "waiting")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.messages: deque[Message] = deque()
        self.head = 0
        self.memory_bytes = 0
        self.is_stale = False
        self.waiting: list[Deferred[None]] | None = []

    def add(self, message: Message) -> int:
        """Put in a newer message. How much memory that takes, less that of those that it drives out."""
        messages, grown = self.messages, _memory_bytes(message)
        messages.append(message)
        while len(messages) > self.limit or (self.memory_bytes + grown > ROOM_BYTES and len(messages) > 1):
            grown -= _memory_bytes(messages.popleft())
        self.memory_bytes += grown
        return grown

    def loaded(self, span: Span, changes: Changes) -> None:
        """Put what the store holds before what was posted since, unless there is a gap between."""
        live = [message for message in self.messages if message.seq > span.head]
        stored = span.messages if not live or live[0].seq == span.head + 1 else ()
        self.keep(changes.applied((*stored, *live)))
        self.head = live[-1].seq if live else span.head

    def forget_before(self, moment: datetime) -> int:
        """Let go of what was published before. How much memory that took; while the room loads, none is counted yet."""
        freed = 0
        while self.messages and self.messages[0].published < moment:
            freed += _memory_bytes(self.messages.popleft())
        self.memory_bytes -= freed
        return freed if self.waiting is None else 0

    def keep(self, messages: Iterable[Message]) -> None:
        """Have these and no others. In place of one that was deleted there is an older one to be read."""
        self.messages.clear()
        self.memory_bytes = 0
        for message in messages:
            if message.deleted:
                self.is_stale = True
            else:
                self.add(message)


class Timelines:
    """The newest messages of the rooms that somebody is in: of each at most `limit`, and not more than ROOM_BYTES.
    Beyond MEMORY_BYTES the rooms that were used the longest ago are forgotten, and read again when somebody looks.

    `open` before the first look at a room; `posted` for every committed message, in `seq` order; `revised` and
    `cleared` in the order in which the store wrote it; `release_if_empty` when a user has left.
    """

    def __init__(self, store: IStore, presence: Presence, limit: int) -> None:
        self._store = store
        self._presence = presence
        self._limit = limit
        # The one that was used last is at the end.
        self._rooms: OrderedDict[RoomId, _Timeline] = OrderedDict()
        self._memory_bytes = 0
        self._doubted: set[RoomId] = set()
        self._watches = Watches()
        self._gaps = Gaps()
        self._oldest = datetime.min.replace(tzinfo=UTC)

    async def open(self, room: Room) -> None:
        """Have the room's messages in memory. Returns at once when they are. Raises StorageError.

        They are there until the caller waits for something else. Whoever waited may have left again before it is the
        caller's turn, and the room been released: hence the loop.
        """
        known = self._rooms.get(room.id)
        if known is not None and known.waiting is None and known.is_stale:
            self._forget(room.id)
        while (timeline := self._rooms.get(room.id)) is None or timeline.waiting is not None:
            if timeline is None or timeline.waiting is None:
                await self._load(room)
            else:
                loaded: Deferred[None] = Deferred()
                timeline.waiting.append(loaded)
                await loaded
        self._rooms.move_to_end(room.id)
        self._gaps.look(room.id, timeline.head)

    async def _load(self, room: Room) -> None:
        timeline = self._rooms[room.id] = _Timeline(self._limit)
        try:
            await self._settle(room.id)
            with self._watches.watching(room.id) as changes:
                span: Span = await self._store.recent_messages(room, self._limit)
                # What it saw may be on disk and not announced yet. It is when the store has come to this.
                await self._store.ping()
        except BaseException as problem:
            del self._rooms[room.id]
            for waiting in timeline.waiting or ():
                waiting.errback(problem)
            raise
        timeline.loaded(span, changes)
        timeline.forget_before(self._oldest)
        waiters, timeline.waiting = timeline.waiting or (), None
        self._memory_bytes += timeline.memory_bytes
        self._keep_within_bound(room.id)
        for waiting in waiters:
            waiting.callback(None)

    async def _settle(self, room_id: RoomId) -> None:
        """Return when the store has come to the end of what was in doubt."""
        if room_id not in self._doubted:
            return
        self._doubted.discard(room_id)
        try:
            await self._store.ping()
        except BaseException:
            self._doubted.add(room_id)
            raise

    def posted(self, message: Message) -> int | None:
        """A message of the room is committed and about to be announced. The number after which others are missing that
        were not, given up by a timeout: the room loads anew then. None when all were.
        """
        self._add(message)
        return self._gaps.announce(message)

    def repeated(self, message: Message) -> int | None:
        """A message of the room was stored by an earlier try. The number after which it is missing, if it was announced
        to nobody: the room loads anew then. None when it was.
        """
        missing_after = self._gaps.repeat(message)
        timeline = self._rooms.get(message.room_id)
        if missing_after is not None and timeline is not None and timeline.waiting is None:
            self._forget(message.room_id)
        return missing_after

    def _add(self, message: Message) -> None:
        timeline = self._rooms.get(message.room_id)
        if timeline is None:
            return
        if timeline.waiting is not None:
            timeline.add(message)
        elif message.seq != timeline.head + 1:
            self._forget(message.room_id)
        else:
            self._memory_bytes += timeline.add(message)
            timeline.head = message.seq
            self._rooms.move_to_end(message.room_id)
            self._keep_within_bound(message.room_id)

    def revised(self, room_id: RoomId, messages: Collection[Message]) -> None:
        """Messages of a room were edited or deleted, and are these from now on."""
        self._change(room_id, lambda changes: changes.revise(messages))

    def cleared(self, room_id: RoomId, seq: int) -> None:
        """The room's messages up to this number were deleted."""
        self._change(room_id, lambda changes: changes.clear(seq))

    def doubt(self, room_id: RoomId) -> None:
        """Something was to become of messages of the room, and it is not known whether the store still writes that. At
        the next look they are read when it has come to its end.
        """
        self._doubted.add(room_id)
        if room_id in self._rooms:
            self._rooms[room_id].is_stale = True

    def forget_before(self, moment: datetime) -> None:
        """Messages that were published before are kept no more, not even in memory, and not when they are read again
        from now on.
        """
        self._oldest = moment
        for timeline in self._rooms.values():
            self._memory_bytes -= timeline.forget_before(moment)

    def _change(self, room_id: RoomId, note: Callable[[Changes], None]) -> None:
        for reading in self._watches.of(room_id):
            note(reading)
        timeline = self._rooms.get(room_id)
        if timeline is not None and timeline.waiting is None:
            changes, former_bytes = Changes(), timeline.memory_bytes
            note(changes)
            timeline.keep(changes.applied(tuple(timeline.messages)))
            self._memory_bytes += timeline.memory_bytes - former_bytes
            self._keep_within_bound(room_id)

    def _keep_within_bound(self, used: RoomId) -> None:
        """Forget rooms, but not the one that is just used, and none that loads: somebody waits for it."""
        while self._memory_bytes > MEMORY_BYTES:
            rooms = self._rooms.items()
            oldest = next((key for key, timeline in rooms if key != used and timeline.waiting is None), None)
            if oldest is None:
                return
            self._forget(oldest)

    def _forget(self, room_id: RoomId) -> None:
        self._memory_bytes -= self._rooms.pop(room_id).memory_bytes

    async def recent(self, room: Room) -> Span:
        """The room's newest messages, oldest first, from memory or else from the store. Raises StorageError."""
        if self._presence.occupant_count(room.id):
            await self.open(room)
            return self.newest(room.id)
        span = await self.read(room.id, self._store.recent_messages(room, self._limit))
        return structs.replace(span, messages=tuple(message for message in span.messages if not message.deleted))

    async def read(self, room_id: RoomId, asked: Awaitable[Span]) -> Span:
        """What the store was just asked of a room, with what became of the messages meanwhile: whoever gets this has
        been told of that already. Raises StorageError.
        """
        with self._watches.watching(room_id) as changes:
            span = await asked
        return structs.replace(span, messages=tuple(changes.applied(span.messages)))

    def newest(self, room_id: RoomId) -> Span:
        """The room's newest messages, oldest first, without deleted ones. The room is open."""
        timeline = self._rooms[room_id]
        return Span(tuple(timeline.messages), timeline.head)

    def known(self, room_id: RoomId, ids: Container[MessageId]) -> dict[MessageId, Message]:
        """Those of the messages that are in memory."""
        timeline = self._rooms.get(room_id)
        if timeline is None or timeline.waiting is not None:
            return {}
        return {message.id: message for message in timeline.messages if message.id in ids}

    def release_if_empty(self, room_id: RoomId) -> None:
        """Forget a room that nobody is in, unless somebody is just opening it."""
        if self._presence.occupant_count(room_id):
            return
        self._gaps.forget(room_id)
        timeline = self._rooms.get(room_id)
        if timeline is not None and timeline.waiting is None:
            self._forget(room_id)
