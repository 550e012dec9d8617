"""Who is connected, who is online, who is in which room now. In memory; no I/O; nobody else keeps a copy.

A session is one connection. Occupancy is the user's: it begins with the first join and ends with a leave or with the
user's last session. A session receives a room's events after its own join: it subscribes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Protocol

from chat.model import RoomId, User, UserId


class Framing(Protocol):
    """How an event becomes bytes for one kind of connection. Equal framings share the bytes."""

    def frame(self, event: str, activity: bytes) -> bytes:
        """The bytes that carry the event with its encoded activity."""


class Link(Protocol):
    """The way to a client."""

    framing: Framing

    def write(self, frames: bytes) -> None:
        """Send whole frames. Never blocks; what cannot be sent is bounded by the link."""

    def close(self, code: int, reason: str) -> None:
        """End the connection with a close code."""


class Session:
    """One connection. `user` is None before the login; `rooms` are those that this session subscribed to."""

    __slots__ = ("link", "rooms", "user")

    def __init__(self, link: Link) -> None:
        self.link = link
        self.user: User | None = None
        self.rooms: set[RoomId] = set()


class Online:
    """A user with at least one session. `announced` are the rooms whose occupants know that the user is connected."""

    __slots__ = ("announced", "rooms", "sessions", "user")

    def __init__(self, user: User) -> None:
        self.user = user
        self.sessions: set[Session] = set()
        self.rooms: set[RoomId] = set()
        self.announced: set[RoomId] = set()


class Presence:
    """The live state of one node.

    `before_change(room_id)` is called before the subscribers of a room change, so that what was meant for the old ones
    can go out first.
    """

    def __init__(self) -> None:
        self.before_change: Callable[[RoomId], None] = _nothing
        self._online: dict[UserId, Online] = {}
        self._occupants: dict[RoomId, dict[UserId, Online]] = {}
        self._subscribers: dict[RoomId, set[Session]] = {}

    def login(self, session: Session, user: User) -> bool:
        """The session belongs to `user` from now on; the user's other sessions see the name and attributes too.

        Returns whether the user was offline before.
        """
        online = self._online.get(user.id)
        first = online is None
        if online is None:
            online = self._online[user.id] = Online(user)
        online.user = user
        online.sessions.add(session)
        for each in online.sessions:
            each.user = user
        return first

    def logout(self, session: Session) -> tuple[RoomId, ...] | None:
        """The session is over and nobody's. For the user's last one: the rooms that the user was in, and is not any
        more; else None.

        Harmless for a session that is not logged in, and the second time.
        """
        online = None if session.user is None else self._online.get(session.user.id)
        for room_id in list(session.rooms):
            self._unsubscribe(session, room_id)
        session.user = None
        if online is None:
            return None
        online.sessions.discard(session)
        if online.sessions:
            return None
        del self._online[online.user.id]
        rooms = tuple(online.rooms)
        for room_id in rooms:
            self._vacate(online, room_id)
        return rooms

    def join(self, session: Session, room_id: RoomId) -> tuple[bool, bool]:
        """The session subscribes, its user occupies. Returns whether the user came in just now, and whether the room's
        occupants have not yet been told that the user is connected.
        """
        assert session.user is not None
        online = self._online[session.user.id]
        self.before_change(room_id)
        self._subscribers.setdefault(room_id, set()).add(session)
        session.rooms.add(room_id)
        came_in = room_id not in online.rooms
        online.rooms.add(room_id)
        self._occupants.setdefault(room_id, {})[online.user.id] = online
        unannounced = room_id not in online.announced
        online.announced.add(room_id)
        return came_in, unannounced

    def leave(self, user_id: UserId, room_id: RoomId) -> bool:
        """The user is out, with all sessions. Returns whether the user was in."""
        online = self._online.get(user_id)
        if online is None or room_id not in online.rooms:
            return False
        for session in online.sessions:
            self._unsubscribe(session, room_id)
        self._vacate(online, room_id)
        return True

    def _unsubscribe(self, session: Session, room_id: RoomId) -> None:
        if room_id not in session.rooms:
            return
        self.before_change(room_id)
        session.rooms.discard(room_id)
        subscribers = self._subscribers[room_id]
        subscribers.discard(session)
        if not subscribers:
            del self._subscribers[room_id]

    def _vacate(self, online: Online, room_id: RoomId) -> None:
        online.rooms.discard(room_id)
        occupants = self._occupants[room_id]
        del occupants[online.user.id]
        if not occupants:
            del self._occupants[room_id]

    def is_online(self, user_id: UserId) -> bool:
        """Whether the user has a session."""
        return user_id in self._online

    def user(self, user_id: UserId) -> User | None:
        """The online user as of the latest login."""
        online = self._online.get(user_id)
        return None if online is None else online.user

    def users(self) -> Iterable[User]:
        """Everyone who is online."""
        return (online.user for online in self._online.values())

    def occupies(self, user_id: UserId, room_id: RoomId) -> bool:
        """Whether the user is in the room."""
        occupants = self._occupants.get(room_id)
        return occupants is not None and user_id in occupants

    def occupants(self, room_id: RoomId) -> list[User]:
        """The users in the room."""
        return [online.user for online in self._occupants.get(room_id, {}).values()]

    def occupant_count(self, room_id: RoomId) -> int:
        """How many users are in the room."""
        return len(self._occupants.get(room_id, ()))

    def subscribers(self, room_id: RoomId) -> Collection[Session]:
        """The sessions that receive the room's events."""
        return self._subscribers.get(room_id, ())

    def sessions_of(self, user_id: UserId) -> Collection[Session]:
        """The user's sessions."""
        online = self._online.get(user_id)
        return () if online is None else online.sessions


def _nothing(room_id: RoomId) -> None:
    """Nobody waits for changes."""
