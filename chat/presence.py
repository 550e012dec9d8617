"""Who is connected, who is online, who is in which room now. In memory; no I/O; nobody else keeps a copy.

A user is online with one session at least, or kept online by a backend without any. Occupancy is the user's: it begins
with the first join and ends with a leave, or when the user goes offline. A session receives a room's events after its
own join: it subscribes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from chat.model import RoomId, Status, User, UserId
from chat.occupants import Occupant, Occupants, Viewer
from chat.sessions import Session
from chat.subscriptions import Subscriptions


class Online(Occupant):
    """A user with at least one session, or one who `is_kept` online without. `announced` are the rooms whose occupants
    know that the user is connected.
    """

    __slots__ = ("announced", "is_kept", "sessions")

    def __init__(self, user: User) -> None:
        super().__init__(user)
        self.sessions: set[Session] = set()
        self.is_kept = False
        self.announced: set[RoomId] = set()


class Arrival(NamedTuple):
    """What a join changed: `came_in`: the user was not in the room before; `unannounced`: the room's occupants have not
    yet been told that the user is connected.
    """

    came_in: bool
    unannounced: bool


class Gone(NamedTuple):
    """A user went offline: who, how seen until then, and in which rooms."""

    user: User
    status: Status
    room_ids: tuple[RoomId, ...]


class Presence:
    """The live state of one node."""

    def __init__(self) -> None:
        self.subscriptions = Subscriptions()
        self._online: dict[UserId, Online] = {}
        self._occupants: dict[RoomId, Occupants] = {}

    # Changes

    def login(self, session: Session, user: User, status: Status = Status.ONLINE) -> bool:
        """The session belongs to `user` from now on; the user's other sessions see the name and attributes too.

        Returns whether the user was offline before; `status` is that of a user who was.
        """
        first = self._come(user, status)
        online = self._online[user.id]
        online.sessions.add(session)
        session.user = user
        self.update(user)
        for room_id in online.rooms - session.rooms:
            self.subscriptions.stand_by(session, room_id)
        return first

    def keep(self, user: User, status: Status) -> bool:
        """Like `login`, for a user who is online from now on without a session too, until `let_go`."""
        first = self._come(user, status)
        self._online[user.id].is_kept = True
        return first

    def let_go(self, user_id: UserId) -> Gone | None:
        """The user is online only as long as there is a session. For one without: what that ended; else None."""
        online = self._online.get(user_id)
        if online is None:
            return None
        online.is_kept = False
        return self._go(online)

    def _come(self, user: User, status: Status) -> bool:
        if user.id in self._online:
            return False
        online = self._online[user.id] = Online(user)
        online.status = status
        return True

    def _go(self, online: Online) -> Gone | None:
        if online.sessions or online.is_kept:
            return None
        del self._online[online.user.id]
        rooms = tuple(online.rooms)
        for room_id in rooms:
            self._vacate(online, room_id)
        return Gone(online.user, online.status, rooms)

    def update(self, user: User) -> None:
        """The user has another name or other attributes now. Harmless for one who is not online."""
        online = self._online.get(user.id)
        if online is None:
            return
        # Rooms have their occupants in order of their names.
        unsorted = [self._occupants[room_id] for room_id in online.rooms if online.user.name != user.name]
        for occupants in unsorted:
            occupants.remove(online)
        online.user, online.entry = user, None
        for occupants in unsorted:
            occupants.add(online)
        for session in online.sessions:
            session.user = user

    def set_status(self, user_id: UserId, status: Status) -> None:
        """The user, who is online, is seen differently from now on; one who goes out of view is announced anew."""
        online = self._online[user_id]
        online.status, online.entry = status, None
        if status is not Status.ONLINE:
            online.announced.clear()
        for room_id in online.rooms:
            self._occupants[room_id].show_or_hide(online)

    def announce(self, user_id: UserId) -> tuple[RoomId, ...]:
        """The rooms of the user, whose occupants are about to be told that the user is connected."""
        online = self._online[user_id]
        online.announced |= online.rooms
        return tuple(online.rooms)

    def logout(self, session: Session) -> Gone | None:
        """The session is over and nobody's. If the user is not online any more without it: what that ended; else None.

        Harmless for a session that is not logged in, and the second time.
        """
        online = None if session.user is None else self._online.get(session.user.id)
        for room_id in list(session.rooms):
            self.subscriptions.remove(session, room_id)
        session.user = None
        if online is None:
            return None
        online.sessions.discard(session)
        for room_id in online.rooms:
            self.subscriptions.dismiss((session,), room_id)
        return self._go(online)

    def join(self, session: Session, room_id: RoomId) -> Arrival:
        """The session subscribes, its user occupies."""
        assert session.user is not None
        self.subscriptions.add(session, room_id)
        return self.occupy(session.user.id, room_id)

    def occupy(self, user_id: UserId, room_id: RoomId) -> Arrival:
        """The user, who is online, is in; sessions that have not subscribed stand by."""
        online = self._online[user_id]
        came_in = room_id not in online.rooms
        if came_in:
            for session in online.sessions:
                if room_id not in session.rooms:
                    self.subscriptions.stand_by(session, room_id)
        online.rooms.add(room_id)
        if came_in:
            self._occupants.setdefault(room_id, Occupants()).add(online)
        unannounced = online.status is Status.ONLINE and room_id not in online.announced
        if unannounced:
            online.announced.add(room_id)
        return Arrival(came_in, unannounced)

    def leave(self, user_id: UserId, room_id: RoomId) -> bool:
        """The user is out, with all sessions. Returns whether the user was in."""
        online = self._online.get(user_id)
        if online is None or room_id not in online.rooms:
            return False
        for session in online.sessions:
            self.subscriptions.remove(session, room_id)
        self.subscriptions.dismiss(online.sessions, room_id)
        self._vacate(online, room_id)
        return True

    def _vacate(self, online: Online, room_id: RoomId) -> None:
        online.rooms.discard(room_id)
        occupants = self._occupants[room_id]
        occupants.remove(online)
        if not occupants:
            del self._occupants[room_id]

    # Who is there, whatever others see of it

    def is_online(self, user_id: UserId) -> bool:
        """Whether the user is online, seen by others or not."""
        return user_id in self._online

    def user(self, user_id: UserId) -> User | None:
        """The online user as of the latest login."""
        online = self._online.get(user_id)
        return None if online is None else online.user

    def users(self) -> Iterable[User]:
        """Everyone who is online."""
        return (online.user for online in self._online.values())

    @property
    def online_count(self) -> int:
        """How many users are online, seen by others or not."""
        return len(self._online)

    def status_of(self, user_id: UserId) -> Status:
        """How the user is seen; OFFLINE for one who is not online."""
        online = self._online.get(user_id)
        return Status.OFFLINE if online is None else online.status

    def rooms_of(self, user_id: UserId) -> tuple[RoomId, ...]:
        """The rooms that the user is in."""
        online = self._online.get(user_id)
        return () if online is None else tuple(online.rooms)

    def occupies(self, user_id: UserId, room_id: RoomId) -> bool:
        """Whether the user is in the room."""
        return user_id in self._occupants.get(room_id, ())

    def occupants(self, room_id: RoomId) -> list[User]:
        """The users in the room, by name."""
        return [one.user for one in self._occupants.get(room_id, ())]

    def occupant_count(self, room_id: RoomId) -> int:
        """How many users are in the room."""
        return len(self._occupants.get(room_id, ()))

    def subscribers(self, room_id: RoomId) -> Collection[Session]:
        """The sessions that receive the room's events."""
        return self.subscriptions.subscribers(room_id)

    def bystanders(self, room_id: RoomId) -> Collection[Session]:
        """The sessions of the room's occupants that did not join it themselves."""
        return self.subscriptions.bystanders(room_id)

    def sessions_of(self, user_id: UserId) -> Collection[Session]:
        """The user's sessions."""
        online = self._online.get(user_id)
        return () if online is None else online.sessions

    # What others see

    def sees(self, viewer: Viewer, user_id: UserId) -> bool:
        """Whether the user is online, as far as the viewer may know."""
        online = self._online.get(user_id)
        return online is not None and viewer.sees(user_id, online.status)

    def shown(self, room_id: RoomId, viewer: Viewer) -> Iterator[Occupant]:
        """The users in the room whom the viewer sees, by name. To be looked at before anything changes."""
        occupants = self._occupants.get(room_id)
        return iter(()) if occupants is None else occupants.seen_by(viewer)

    def shown_among(self, user_ids: Iterable[UserId], room_id: RoomId, viewer: Viewer) -> list[Occupant]:
        """Those of the users who are in the room and whom the viewer sees, by name."""
        occupants = self._occupants.get(room_id)
        found = () if occupants is None else occupants.among(user_ids)
        return [one for one in found if viewer.sees(one.user.id, one.status)]

    def shown_count(self, room_id: RoomId, viewer: Viewer) -> int:
        """How many users in the room the viewer sees."""
        occupants = self._occupants.get(room_id)
        return 0 if occupants is None else occupants.count_seen_by(viewer)
