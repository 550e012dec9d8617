"""Events to hand around in tests that care for their way, not for what they say."""

from __future__ import annotations

from chat.activities import RoomRef, UserRef, VisitorRef
from chat.events import UserConnected, UserDisconnected, UserLeft
from chat.model import RoomId, Status, User, UserId
from chat.times import utc_now

ROOM = RoomId("r")


def somebody(user_id: str = "1", name: str = "x") -> User:
    """A user."""
    return User(1, UserId(user_id), name, "test", {})


def left(room_id: RoomId = ROOM, name: str = "x", status: Status = Status.ONLINE) -> UserLeft:
    """A user left a room."""
    user = somebody(name=name)
    return UserLeft(
        published=utc_now(),
        visitor=VisitorRef.seen(user, status),
        room=RoomRef(room_id, "R"),
        user=user,
        room_id=room_id,
        status=status,
        on_purpose=True,
    )


def connected(user_id: str, room_id: RoomId | None = None) -> UserConnected:
    """A user came online."""
    user = somebody(user_id)
    return UserConnected(published=utc_now(), ref=UserRef.of(user), attributes=(), user=user, room_id=room_id)


def disconnected(user_id: str, *room_ids: RoomId, status: Status = Status.ONLINE) -> UserDisconnected:
    """A user went out of view, who was in these rooms."""
    user = somebody(user_id)
    return UserDisconnected(published=utc_now(), ref=UserRef.of(user), user=user, room_ids=room_ids, status=status)
