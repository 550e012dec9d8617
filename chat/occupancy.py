"""Users come online, enter rooms, leave them, hide and go: the changes of presence with the events that tell of them.

Everything here happens in memory and at once, but for the wait for a room's newest messages before somebody enters.
What is told to whom: an event of a user who is not in view has an audience that may know.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from chat.activities import RoomRef, UserRef, VisitorRef
from chat.errors import ChatError, ErrorCode
from chat.events import (
    Event,
    UserConnected,
    UserDisconnected,
    UserInvisible,
    UserJoined,
    UserLeft,
    UserLoggedIn,
    UserVisible,
)
from chat.model import Room, RoomId, RoomKind, Status, User, UserId
from chat.occupants import Viewer
from chat.presence import Arrival, Gone, Presence
from chat.rooms import Rooms
from chat.sessions import Session
from chat.tallies import Tallies
from chat.timelines import Timelines
from chat.users import Users

Events = tuple[Event, ...]
# How many departures of users from rooms go in one turn of the reactor where many go at once: of each all in the room
# are told.
DEPARTURES_AT_ONCE = 30


class Occupancy:
    """The one writer of presence."""

    def __init__(self, presence: Presence, rooms: Rooms, users: Users, timelines: Timelines, tallies: Tallies) -> None:
        self._presence = presence
        self._rooms = rooms
        self._users = users
        self._timelines = timelines
        self._tallies = tallies

    def viewer(self, user: User) -> Viewer:
        """Through the eyes of the user."""
        return Viewer(user.id, self._rooms.roles.is_operator(user.id))

    def login(self, session: Session, user: User, status: Status | None, at: datetime) -> Events:
        """The session is the user's. A `status` changes how the user is seen; None leaves it as it is."""
        was_offline = self._presence.login(session, user, status or _at_first(user))
        return (UserLoggedIn(published=at, user=user, session=session), *self._seen(user, status, at, was_offline))

    def _seen(self, user: User, status: Status | None, at: datetime, was_offline: bool) -> Events:
        """What others see of one who comes."""
        if not was_offline:
            return () if status is None else self.change_status(user, status, at)
        if self._presence.status_of(user.id) is Status.ONLINE:
            return (self._connected(user, None, at),)
        return ()

    def logout(self, session: Session, at: datetime) -> Events:
        """The session is nobody's any more. With the user's last one the user leaves all rooms and is gone, unless a
        backend keeps the user online.
        """
        return self._gone(self._presence.logout(session), at)

    def keep_online(self, user: User, at: datetime) -> Events:
        """The user is online from now on without a session too, until `let_go`."""
        was_offline = self._presence.keep(user, _at_first(user))
        return self._seen(user, None, at, was_offline)

    def let_go(self, user_id: UserId, at: datetime) -> Events:
        """No backend keeps the user online any more. Without a session the user leaves all rooms and is gone."""
        return self._gone(self._presence.let_go(user_id), at)

    def close(self, at: datetime) -> None:
        """The server stops: whoever is still there was online until now."""
        for user in self._presence.users():
            if self._presence.status_of(user.id) is Status.ONLINE:
                self._tallies.went_offline(user.id, at)

    def _gone(self, gone: Gone | None, at: datetime) -> Events:
        if gone is None:
            return ()
        if gone.status is Status.ONLINE:
            self._tallies.went_offline(gone.user.id, at)
        left = tuple(self._left(gone.user, room_id, gone.status, at, on_purpose=False) for room_id in gone.room_ids)
        for room_id in gone.room_ids:
            self._timelines.release_if_empty(room_id)
        return (*left, self._disconnected(gone.user, gone.room_ids, gone.status, at))

    async def enter(self, session: Session, room: Room, at: datetime) -> Events:
        """The session subscribes, its user occupies; who is in already comes in without being announced.

        When it returns nothing has been waited for since the last look at the room, so that the newest messages that
        are in memory end where the session's own begin. Raises NOT_ONLINE for a user who is as if gone, NOT_ALLOWED
        where the access rules for `join` do not hold for one who is not in the room yet, ROOM_FULL, NO_SUCH_ROOM when
        the room has gone meanwhile, is about to, or is not for the user any more; USER_IS_BANNED.
        """
        assert session.user is not None
        self._check_room(session.user, room)
        await self._timelines.open(room)
        try:
            return self.enter_now(session, room, at)
        except ChatError:
            self._timelines.release_if_empty(room.id)
            raise

    def enter_now(self, session: Session, room: Room, at: datetime) -> Events:
        """Like `enter`, for one who does not look at the newest messages."""
        assert session.user is not None
        self._check_room(session.user, room)
        return self._entered(session, session.user, room, at)

    def bring_in(self, user: User, room: Room, at: datetime) -> Events:
        """The user is in the room, and subscribes with all sessions, whatever the access rules say, and be it for
        members alone. Who is in already is not announced. Raises NOT_ONLINE, ROOM_FULL, NO_SUCH_ROOM for a room that is
        about to go, or for operators alone; USER_IS_BANNED.
        """
        self._check_room(user, room, is_brought=True)
        arrival = self._presence.occupy(user.id, room.id)
        for session in tuple(self._presence.sessions_of(user.id)):
            self._presence.join(session, room.id)
        return self._arrived(arrival, user, room, at)

    def _check_room(self, user: User, room: Room, *, is_brought: bool = False) -> None:
        is_inside = self._presence.occupies(user.id, room.id)
        is_for_user = is_inside or self._is_for(user, room, is_brought=is_brought)
        if not self._rooms.is_open(room.id) or not is_for_user:
            raise ChatError(ErrorCode.NO_SUCH_ROOM)
        self._rooms.check_ban(user.id, room)
        if self._presence.status_of(user.id) is Status.OFFLINE:
            raise ChatError(ErrorCode.NOT_ONLINE)
        if not is_inside:
            if not is_brought:
                self._rooms.permits.check(user, "join", room)
            # Through the user's own eyes: a room that is full of hidden users would betray them.
            self._rooms.check_space(user.id, self._presence.shown_count(room.id, Viewer(user.id, is_operator=False)))

    def _is_for(self, user: User, room: Room, *, is_brought: bool) -> bool:
        """Whether the user may enter, or be brought into the room; a role may have been taken just now."""
        return self._rooms.may_enter(user.id, room) or (is_brought and room.kind is not RoomKind.ADMIN)

    def _entered(self, session: Session, user: User, room: Room, at: datetime) -> Events:
        return self._arrived(self._presence.join(session, room.id), user, room, at)

    def _arrived(self, arrival: Arrival, user: User, room: Room, at: datetime) -> Events:
        if arrival.came_in:
            self._tallies.joined(room.id)
        status = self._presence.status_of(user.id)
        connected = (self._connected(user, room.id, at),) if arrival.unannounced else ()
        joined = (self._joined(user, room, status, at),) if arrival.came_in else ()
        return (*connected, *joined)

    def leave(self, user: User, room: Room, at: datetime, *, on_purpose: bool = True) -> Events:
        """The user is out of the room, with all sessions. Nothing happens to one who is not there.

        `on_purpose`: the user wants it; one who is put out may have wanted to stay.
        """
        if not self._presence.leave(user.id, room.id):
            return ()
        self._timelines.release_if_empty(room.id)
        return (self._left(user, room.id, self._presence.status_of(user.id), at, on_purpose=on_purpose),)

    def clear(self, room_id: RoomId) -> frozenset[UserId]:
        """Everybody is out of a room that is no more; nothing is announced. Who was in it."""
        occupants = frozenset(user.id for user in self._presence.occupants(room_id))
        for user_id in occupants:
            self._presence.leave(user_id, room_id)
        self._timelines.release_if_empty(room_id)
        return occupants

    def change_status(self, user: User, status: Status, at: datetime, *, moves_last_online: bool = True) -> Events:
        """The user is seen differently from now on. Nothing happens to one who is not online."""
        before = self._presence.status_of(user.id)
        if before is status or not self._presence.is_online(user.id):
            return ()
        self._presence.set_status(user.id, status)
        if before is Status.ONLINE and moves_last_online:
            self._tallies.went_offline(user.id, at)
        if status is Status.ONLINE:
            return tuple(self._came_into_view(user, before, at))
        return tuple(self._went_out_of_view(user, before, status, at))

    def _came_into_view(self, user: User, before: Status, at: datetime) -> Iterator[Event]:
        room_ids = self._presence.announce(user.id)
        yield self._connected(user, None, at)
        for room_id in room_ids:
            yield self._connected(user, room_id, at)
            yield self._joined(user, self._rooms.room(room_id), Status.ONLINE, at)
        if before is Status.INVISIBLE:
            yield UserVisible(published=at, ref=UserRef.of(user), user=user, room_ids=room_ids)

    def _went_out_of_view(self, user: User, before: Status, status: Status, at: datetime) -> Iterator[Event]:
        room_ids = self._presence.rooms_of(user.id)
        if before is not Status.OFFLINE:
            yield self._disconnected(user, room_ids, before, at)
        if status is Status.INVISIBLE:
            yield UserInvisible(published=at, ref=UserRef.of(user), user=user, room_ids=room_ids)

    # The events

    def _connected(self, user: User, room_id: RoomId | None, at: datetime) -> UserConnected:
        attributes = self._users.public(user)
        return UserConnected(published=at, ref=UserRef.of(user), attributes=attributes, user=user, room_id=room_id)

    def _disconnected(self, user: User, room_ids: tuple[RoomId, ...], status: Status, at: datetime) -> UserDisconnected:
        return UserDisconnected(published=at, ref=UserRef.of(user), user=user, room_ids=room_ids, status=status)

    def _joined(self, user: User, room: Room, status: Status, at: datetime) -> UserJoined:
        public = self._users.public(user)
        return UserJoined(
            published=at,
            visitor=VisitorRef.seen(user, status),
            roles=self._rooms.roles.shown_in(user.id, room),
            image=next((one.content for one in public if one.kind == "image"), ""),
            attributes=public,
            room=RoomRef.of(room),
            user=user,
            room_id=room.id,
            status=status,
        )

    def _left(self, user: User, room_id: RoomId, status: Status, at: datetime, *, on_purpose: bool) -> UserLeft:
        return UserLeft(
            published=at,
            visitor=VisitorRef.seen(user, status),
            room=RoomRef.of(self._rooms.room(room_id)),
            user=user,
            room_id=room_id,
            status=status,
            on_purpose=on_purpose,
        )


def _at_first(user: User) -> Status:
    """How one is seen who comes online, and says nothing of it."""
    return Status.INVISIBLE if user.is_hidden else Status.ONLINE
