"""From an event to the sessions that are to hear of it, with as few encodings and writes as can be.

An event is encoded once, framed once per framing. The frames of a room are collected until the reactor's turn ends,
joined once and written once per session, together with what waits for that session alone; that goes first, so that a
reply comes before the echo of its event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from chat.audiences import Audience, Everyone, InRoom, Listed, OfUser, Operators, OperatorsIn, OperatorsSharing, Sharing
from chat.events import Event
from chat.model import RoomId, UserId
from chat.presence import Framing, Presence, Session
from chat.rooms import Rooms
from chat.wire.activity import Encoder


class _Frames:
    """One event in every framing that is needed."""

    __slots__ = ("_by_framing", "activity", "event")

    def __init__(self, event: str, activity: bytes) -> None:
        self.event = event
        self.activity = activity
        self._by_framing: dict[Framing, bytes] = {}

    def framed(self, framing: Framing) -> bytes:
        """The event's bytes for one kind of connection."""
        frame = self._by_framing.get(framing)
        if frame is None:
            frame = self._by_framing[framing] = framing.frame(self.event, self.activity)
        return frame


class Delivery:
    """Writes events and replies to sessions. `at_turn_end(f)` calls f once, when the reactor's turn ends."""

    def __init__(
        self,
        presence: Presence,
        encoder: Encoder,
        rooms: Rooms,
        at_turn_end: Callable[[Callable[[], None]], object],
    ) -> None:
        self._presence = presence
        self._encoder = encoder
        self._directory = rooms
        self._at_turn_end = at_turn_end
        self._scheduled = False
        self._rooms: dict[RoomId, list[tuple[_Frames, UserId | None]]] = {}
        self._private: dict[Session, list[bytes]] = {}

    def deliver(self, event: Event) -> None:
        """Tell the event's audience, each session once."""
        audience = event.audience()
        if not audience:
            return
        frames = _Frames(event.wire, self._encoder.encode(event))
        if len(audience) == 1 and type(audience[0]) is InRoom:
            self._put(audience[0].room_id, frames, audience[0].besides)
            return
        sessions = {session for part in audience for session in self._sessions(part)}
        for room_id, besides in _lead_room(audience):
            # Those who are in this room get it with the room's other frames: many may leave it in one turn.
            self._put(room_id, frames, besides)
            sessions.difference_update(self._presence.subscribers(room_id))
        self._flush_rooms_of(sessions)
        for session in sessions:
            self.send(session, frames.framed(session.link.framing))

    def _put(self, room_id: RoomId, frames: _Frames, besides: UserId | None) -> None:
        self._rooms.setdefault(room_id, []).append((frames, besides))
        self._schedule()

    def send(self, session: Session, frame: bytes) -> None:
        """Write a frame to one session, in the order of the calls."""
        self._private.setdefault(session, []).append(frame)
        self._schedule()

    def _sessions(self, audience: Audience) -> Iterable[Session]:
        presence = self._presence
        if isinstance(audience, InRoom):
            subscribers = presence.subscribers(audience.room_id)
            return [one for one in subscribers if one.user is None or one.user.id != audience.besides]
        if isinstance(audience, OperatorsIn):
            subscribers = presence.subscribers(audience.room_id)
            return [one for one in subscribers if one.user is not None and self._may_know(one.user.id, audience.also)]
        if isinstance(audience, OfUser):
            return presence.sessions_of(audience.user_id)
        return [session for user_id in self._users(audience) for session in presence.sessions_of(user_id)]

    def _users(self, audience: Sharing | OperatorsSharing | Operators | Listed | Everyone) -> Iterable[UserId]:
        online = (user.id for user in self._presence.users())
        if isinstance(audience, Everyone):
            return online
        if isinstance(audience, Listed):
            may_enter, room, known_to = self._directory.may_enter, audience.room, audience.known_to
            return [user_id for user_id in online if user_id in known_to or may_enter(user_id, room)]
        if not isinstance(audience, Operators):
            online = (user.id for room_id in audience.room_ids for user in self._presence.occupants(room_id))
        told = set(online) - {audience.besides}
        return told if isinstance(audience, Sharing) else filter(self._directory.roles.is_operator, told)

    def _may_know(self, user_id: UserId, also: UserId | None) -> bool:
        return user_id == also or self._directory.roles.is_operator(user_id)

    def _flush_rooms_of(self, sessions: Iterable[Session]) -> None:
        """What these sessions are to get from their rooms goes before what comes now."""
        if self._rooms:
            for room_id in {room_id for session in sessions for room_id in session.rooms if room_id in self._rooms}:
                self.flush_room(room_id)

    def _schedule(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            self._at_turn_end(self.flush)

    def flush(self) -> None:
        """Write everything that waits."""
        self._scheduled = False
        for room_id in list(self._rooms):
            self.flush_room(room_id)
        for session in list(self._private):
            self.flush_session(session)

    def flush_room(self, room_id: RoomId) -> None:
        """Write what waits for a room to the sessions that are in it now."""
        waiting = self._rooms.pop(room_id, None)
        if waiting is None:
            return
        joined: dict[Framing, bytes] = {}
        excepted = {besides for _, besides in waiting if besides is not None}
        private = self._private
        for session in self._presence.subscribers(room_id):
            link = session.link
            if excepted and session.user is not None and session.user.id in excepted:
                frames = _join(waiting, link.framing, session.user.id)
            elif link.framing in joined:
                frames = joined[link.framing]
            else:
                frames = joined[link.framing] = _join(waiting, link.framing, None)
            own = private.pop(session, None) if private else None
            if own is not None:
                frames = b"".join([*own, frames])
            if frames:
                link.write(frames)

    def flush_session(self, session: Session) -> None:
        """Write what waits for one session alone."""
        own = self._private.pop(session, None)
        if own is not None:
            session.link.write(b"".join(own))


def _lead_room(audience: tuple[Audience, ...]) -> list[tuple[RoomId, UserId | None]]:
    """The last of the rooms whose users are all told, if there is one: what the others are told goes out before."""
    return [(room_id, part.besides) for part in audience if isinstance(part, Sharing) for room_id in part.room_ids[-1:]]


def _join(waiting: list[tuple[_Frames, UserId | None]], framing: Framing, user_id: UserId | None) -> bytes:
    """The frames that a user is to get; for None all of them."""
    return b"".join([frames.framed(framing) for frames, besides in waiting if user_id is None or besides != user_id])
