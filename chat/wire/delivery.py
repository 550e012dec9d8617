"""From an event to the sessions that are to hear of it, with as few encodings and writes as can be.

An event is encoded once, framed once per framing. The frames of a room wait in its log until the reactor's turn ends,
are joined once and written once per session, together with what waits for that session alone; that goes first, so that
a reply comes before the echo of its event. Events that may wait do so in a large room that was written to a moment ago.

Whenever a session is sent something of one room it is sent all that waits for it in its other rooms too. So every
session hears of events in the order of their publication, and of one that is in several logs once.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from typing import Protocol

from twisted.internet.interfaces import IReactorTime

from chat.audiences import (
    Audience,
    Everyone,
    InRoom,
    Listed,
    OfUser,
    OfUserIn,
    Operators,
    OperatorsIn,
    OperatorsSharing,
    Sharing,
)
from chat.events import Event
from chat.metrics import Counts
from chat.model import RoomId, User, UserId
from chat.presence import Presence
from chat.rooms import Rooms
from chat.sessions import Session
from chat.wire.encoding import Encoder
from chat.wire.room_log import NOTHING, Entry, Joined, RoomLog, join, merge

# How long events that may wait are held back at most, in rooms with at least so many sessions.
HOLD_S = 0.05
LARGE_ROOM = 50
# Frames of several rooms that are remembered, for sessions that are in the same ones.
MERGED_LIMIT = 100


class Backlog(Protocol):
    """What a session is still to be sent before it hears of some events."""

    def takes(self, event: Event, size_bytes: int) -> bool:
        """Whether the event is not for the session to hear now. Its bytes are those of the encoded activity."""


class Delivery:
    """Writes events and replies to sessions. `rooms` knows who is an operator and who may list a room.

    `events` counts events by name, `delivered` how often one was handed to a session.
    """

    def __init__(self, presence: Presence, encoder: Encoder, rooms: Rooms, clock: IReactorTime) -> None:
        self._presence = presence
        self._encoder = encoder
        self._directory = rooms
        self._clock = clock
        self.events = Counts()
        self.delivered = 0
        self._numbers = count()
        self._is_scheduled = False
        self._logs: dict[RoomId, RoomLog] = {}
        self._due: dict[RoomId, None] = {}
        self._resting: set[RoomId] = set()
        self._private: dict[Session, list[bytes]] = {}
        self._merged: dict[object, Joined] = {}
        self._backlogs: dict[Session, Backlog] = {}

    def deliver(self, event: Event) -> None:
        """Tell the event's audience, each session once."""
        audience = event.audience()
        if not audience:
            return
        self.events.add(event.wire)
        besides, subscribers = _excepted(audience), self._presence.subscribers
        rooms = {room_id for part in audience for room_id in _rooms_of(part, besides) if subscribers(room_id)}
        beyond = {session for part in audience for session in self._beyond(part, besides)}
        if not rooms and not beyond:
            return
        activity = self._encoder.encode(event)
        entry = Entry(next(self._numbers), event.wire, activity, besides)
        for room_id in rooms:
            self._put(room_id, entry, event.may_wait)
        for session in beyond:
            if session.rooms.isdisjoint(rooms) and not self._is_held(session, event, activity):
                self._tell(session, entry)

    def send(self, session: Session, frame: bytes) -> None:
        """Write a frame to one session, in the order of the calls."""
        self._private.setdefault(session, []).append(frame)
        self._schedule()

    def settle(self, session: Session, room_id: RoomId) -> None:
        """The session is about to come into the room or to go out: send it what waits for it, and nothing older."""
        if not session.is_gone:
            self.flush_session(session)
        log = self._logs.get(room_id)
        if log is not None:
            log.pass_by(session)

    # What is for one session alone

    def hold(self, session: Session, backlog: Backlog) -> None:
        """Ask the backlog first about each event that comes for this session alone."""
        self._backlogs[session] = backlog

    def holds(self, session: Session) -> bool:
        """Whether there is a backlog."""
        return session in self._backlogs

    def let_go(self, session: Session) -> None:
        """There is none any more."""
        self._backlogs.pop(session, None)

    def tell(self, session: Session, event: Event) -> None:
        """Send an event to one session, whoever else hears of it, and whatever its backlog says."""
        self._tell(session, Entry(next(self._numbers), event.wire, self._encoder.encode(event)))

    def _tell(self, session: Session, entry: Entry) -> None:
        if not session.is_gone:
            self._gather(session)
            self.delivered += 1
            self.send(session, entry.framed(session.link.framing))

    def _is_held(self, session: Session, event: Event, activity: bytes) -> bool:
        backlog = self._backlogs.get(session)
        return backlog is not None and backlog.takes(event, len(activity))

    # Audiences

    def _beyond(self, part: Audience, besides: UserId | None) -> Iterable[Session]:
        """The sessions of an audience that the logs of its rooms may not reach."""
        presence = self._presence
        if isinstance(part, InRoom):
            return () if part.besides == besides else _not_of(part.besides, presence.subscribers(part.room_id))
        if isinstance(part, OperatorsIn):
            return [one for one in presence.subscribers(part.room_id) if self._may_know(one, part.also)]
        if isinstance(part, OfUserIn):
            return [one for one in presence.sessions_of(part.user_id) if part.room_id in one.rooms]
        if isinstance(part, Sharing) and part.besides == besides:
            return _not_of(besides, (one for room_id in part.room_ids for one in presence.bystanders(room_id)))
        return [session for user_id in self._users(part) for session in presence.sessions_of(user_id)]

    def _users(self, part: OfUser | Sharing | Operators | OperatorsSharing | Listed | Everyone) -> Iterable[UserId]:
        if isinstance(part, OfUser):
            return (part.user_id,)
        if isinstance(part, (Everyone, Listed)):
            online = self._presence.users()
            return (user.id for user in online if isinstance(part, Everyone) or self._lists(user, part))
        if isinstance(part, Sharing):
            told = (user.id for room_id in part.room_ids for user in self._presence.occupants(room_id))
        else:
            told = (one for one in self._directory.roles.operators if self._shares(one, part))
        return (user_id for user_id in told if user_id != part.besides)

    def _may_know(self, session: Session, also: UserId | None) -> bool:
        user = session.user
        return user is not None and (user.id == also or self._directory.roles.is_operator(user.id))

    def _shares(self, user_id: UserId, part: Operators | OperatorsSharing) -> bool:
        if isinstance(part, Operators):
            return True
        return any(self._presence.occupies(user_id, room_id) for room_id in part.room_ids)

    def _lists(self, user: User, part: Listed) -> bool:
        """Who is in a room hears of it, be it one that the user may not list."""
        return self._presence.occupies(user.id, part.room.id) or self._directory.is_news_for(user, part.room)

    # What waits

    def _put(self, room_id: RoomId, entry: Entry, may_wait: bool) -> None:
        log = self._logs.get(room_id)
        if log is None:
            log = self._logs[room_id] = RoomLog()
        log.add(entry)
        self._merged.clear()
        if not (may_wait and room_id in self._resting):
            self._due[room_id] = None
            self._schedule()

    def _gather(self, session: Session) -> None:
        """Let what waits for the session in its rooms go out before what comes for it alone."""
        frames, number = self._take(session) if self._logs else NOTHING
        self.delivered += number
        if frames:
            self.send(session, frames)

    def _take(self, session: Session) -> Joined:
        """What waits for a session in all of its rooms; from now on it does not."""
        logs = [self._logs[room_id] for room_id in session.rooms if room_id in self._logs]
        joined = logs[0].joined(session) if len(logs) == 1 else self._merge(session, logs)
        for log in logs:
            log.pass_by(session)
        return joined

    def _merge(self, session: Session, logs: list[RoomLog]) -> Joined:
        """The frames of several rooms, joined once for all sessions that are to get the same."""
        framing, parts = session.link.framing, [(log, log.part(session)) for log in logs]
        key = (framing, *parts)
        joined = self._merged.get(key)
        if joined is None:
            if len(self._merged) == MERGED_LIMIT:
                self._merged.clear()
            joined = self._merged[key] = join(merge(log.entries(part) for log, part in parts), framing)
        return joined

    # Writing

    def _schedule(self) -> None:
        if not self._is_scheduled:
            self._is_scheduled = True
            self._clock.callLater(0, self._end_turn)

    def _end_turn(self) -> None:
        """Write what is due."""
        self._is_scheduled = False
        due, self._due = self._due, {}
        for room_id in due:
            self._flush_room(room_id)
        for session in list(self._private):
            self._write_private(session)

    def flush(self) -> None:
        """Write everything that waits."""
        self._due.update(dict.fromkeys(self._logs))
        self._end_turn()

    def flush_session(self, session: Session) -> None:
        """Write what waits for one session, in its rooms and for it alone."""
        self._gather(session)
        self._write_private(session)

    def _write_private(self, session: Session) -> None:
        own = self._private.pop(session, None)
        if own is not None:
            session.link.write(b"".join(own))

    def _flush_room(self, room_id: RoomId) -> None:
        """Write what waits for a room to the sessions that are in it now, and let the room rest if it is large."""
        log = self._logs.get(room_id)
        if log is None:
            return
        subscribers = self._presence.subscribers(room_id)
        try:
            self._write_out(log, subscribers)
        finally:
            del self._logs[room_id]
            self._merged.clear()
            if len(subscribers) >= LARGE_ROOM and room_id not in self._resting:
                self._resting.add(room_id)
                self._clock.callLater(HOLD_S, self._end_rest, room_id)

    def _write_out(self, log: RoomLog, subscribers: Iterable[Session]) -> None:
        private = self._private
        for session in subscribers:
            frames, number = log.joined(session) if len(session.rooms) == 1 else self._take(session)
            self.delivered += number
            own = private.pop(session, None) if private else None
            if own is not None:
                frames = b"".join((*own, frames))
            if frames:
                session.link.write(frames)

    def _end_rest(self, room_id: RoomId) -> None:
        """What waited has waited long enough."""
        self._resting.discard(room_id)
        self._flush_room(room_id)


def _excepted(audience: tuple[Audience, ...]) -> UserId | None:
    """The user whom all parts of an audience leave out, or None when they do not agree."""
    left_out = {getattr(part, "besides", None) for part in audience}
    return left_out.pop() if len(left_out) == 1 else None


def _not_of(user_id: UserId | None, sessions: Iterable[Session]) -> Iterable[Session]:
    """The sessions that are not the user's."""
    return [session for session in sessions if session.user is None or session.user.id != user_id]


def _rooms_of(part: Audience, besides: UserId | None) -> tuple[RoomId, ...]:
    """The rooms of an audience whose sessions, but for those of the user `besides`, all hear of the event."""
    if not isinstance(part, (InRoom, Sharing)) or part.besides != besides:
        return ()
    return part.room_ids if isinstance(part, Sharing) else (part.room_id,)
