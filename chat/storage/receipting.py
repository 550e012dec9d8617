"""Receipts of private messages, one row for each message and recipient, and how far users have read in rooms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, bindparam, delete, func, insert, select, text, update

from chat.messages import UNREAD_WITHIN, Unread
from chat.model import Message, MessageId, Receipt, Room, RoomId, RoomKind, User, UserId
from chat.receipts import Acknowledgement, Named, Unacknowledged, Window
from chat.storage.reading import message_of, messages_and_authors, within_bytes
from chat.storage.schema import markers, memberships, messages, receipts, rooms, users
from chat.times import to_ms

PAGE = 500

_raise_status = (
    update(receipts)
    .where(
        receipts.c.user_key == bindparam("user"),
        receipts.c.message_key == bindparam("message"),
        receipts.c.status < bindparam("status_now"),
    )
    .values(status=bindparam("status_now"), changed_ms=bindparam("at"))
)
_markers_of = (markers.c.room_key == bindparam("room")) & (markers.c.user_key == bindparam("user"))
_find_marker = select(markers.c.seq).where(_markers_of)
# The databases agree on this, which SQLAlchemy has in the dialect of each.
_move_marker = text(
    "INSERT INTO markers (room_key, user_key, seq, moved_ms) VALUES (:room, :user, :to, :at)"
    " ON CONFLICT (room_key, user_key) DO UPDATE SET seq = excluded.seq, moved_ms = excluded.moved_ms"
    " WHERE markers.seq < excluded.seq"
)
_newest_unacknowledged = select(func.max(receipts.c.message_key)).where(
    receipts.c.user_key == bindparam("user"), receipts.c.status == Receipt.NONE.value
)
_unacknowledged = (
    messages_and_authors.add_columns(rooms.c.id.label("room_id"))
    .join(receipts, receipts.c.message_key == messages.c.key)
    .join(rooms, rooms.c.key == messages.c.room_key)
    .where(receipts.c.user_key == bindparam("user"), receipts.c.status == Receipt.NONE.value)
    .where(receipts.c.message_key > bindparam("above"), receipts.c.message_key <= bindparam("up_to"))
    .where(messages.c.deleted_ms.is_(None))
    .order_by(receipts.c.message_key)
    .limit(bindparam("limit"))
)


def expect_receipts(connection: Connection, expected: Iterable[tuple[int, Sequence[int]]], at_ms: int) -> None:
    """Note that these users have not acknowledged these messages yet: keys of messages, each with keys of users."""
    rows = [
        {"message_key": key, "user_key": user_key, "status": Receipt.NONE.value, "changed_ms": at_ms}
        for key, user_keys in expected
        for user_key in user_keys
    ]
    connection.execute(insert(receipts), rows)


def forget_waiting(connection: Connection, message_keys: Sequence[int]) -> None:
    """The messages do not wait for anybody any more."""
    waits = receipts.c.message_key.in_(message_keys) & (receipts.c.status == Receipt.NONE.value)
    connection.execute(delete(receipts).where(waits))


def find_named(connection: Connection, room: Room, ids: Sequence[MessageId]) -> Sequence[Named]:
    """See `IStore`."""
    query = (
        select(messages.c.key, messages.c.id, messages.c.seq, users.c.id.label("author_id"))
        .join_from(messages, users, messages.c.author_key == users.c.key)
        .where(messages.c.room_key == room.key, messages.c.id.in_(ids))
    )
    found = connection.execute(query)
    return tuple(Named(row.key, MessageId(row.id), row.seq, UserId(row.author_id)) for row in found)


def acknowledge_many(connection: Connection, acks: Sequence[Acknowledgement]) -> list[None]:
    """See `IStore`."""
    raised = [
        {"user": ack.user.key, "status_now": ack.receipt.value, "at": to_ms(ack.at), "message": message.key}
        for ack in acks
        for message in ack.messages
        if ack.room.kind is RoomKind.CONVERSATION
    ]
    moved = [
        {"room": ack.room.key, "user": ack.user.key, "to": max(one.seq for one in ack.messages), "at": to_ms(ack.at)}
        for ack in acks
        if ack.receipt is Receipt.READ
    ]
    for statement, rows in ((_raise_status, raised), (_move_marker, moved)):
        if rows:
            connection.execute(statement, rows)
    return [None] * len(acks)


def read_up_to(connection: Connection, user: User, room: Room) -> int:
    """See `IStore`."""
    return connection.execute(_find_marker, {"room": room.key, "user": user.key}).scalar() or 0


def unread_messages(connection: Connection, user: User, room: Room, limit: int) -> Unread:
    """See `IStore`."""
    marker = read_up_to(connection, user, room)
    places = select(rooms.c.head_seq, rooms.c.floor_seq, rooms.c.cleared_seq).where(rooms.c.key == room.key)
    head, floor, cleared = connection.execute(places).one()
    found = connection.execute(
        messages_and_authors.where(messages.c.room_key == room.key)
        .where(messages.c.seq > max(marker, cleared, head - UNREAD_WITHIN))
        .where(messages.c.author_key != user.key, messages.c.deleted_ms.is_(None))
        .order_by(messages.c.seq.desc())
        .limit(limit)
    )
    authors: dict[int, User] = {}
    unread = [message_of(row, room.id, authors) for row in within_bytes(found)]
    return Unread(tuple(reversed(unread)), head, floor, marker)


def receipts_of(
    connection: Connection, user_id: UserId, ids: Sequence[MessageId], asker: UserId
) -> Mapping[MessageId, Receipt]:
    """See `IStore`."""
    asking = select(users.c.key).where(users.c.id == asker).scalar_subquery()
    query = (
        select(messages.c.id, receipts.c.status)
        .join_from(receipts, messages, messages.c.key == receipts.c.message_key)
        .join(users, users.c.key == receipts.c.user_key)
        .join(memberships, (memberships.c.room_key == messages.c.room_key) & (memberships.c.user_key == asking))
        .where(users.c.id == user_id, messages.c.id.in_(ids))
    )
    return {MessageId(row.id): Receipt(row.status) for row in connection.execute(query)}


def waiting_for(connection: Connection, user: User) -> Unacknowledged:
    """What the user has not acknowledged, as far as a page goes."""
    up_to = connection.execute(_newest_unacknowledged, {"user": user.key}).scalar() or 0
    if not up_to:
        return Unacknowledged()
    return Unacknowledged(tuple(unacknowledged(connection, user, Window(0, up_to, PAGE))), up_to)


def unacknowledged(connection: Connection, user: User, window: Window) -> Sequence[Message]:
    """See `IStore`."""
    asked = {"user": user.key, "above": window.above, "up_to": window.up_to, "limit": window.limit}
    found = within_bytes(connection.execute(_unacknowledged, asked))
    authors: dict[int, User] = {}
    return tuple(message_of(row, RoomId(row.room_id), authors) for row in found)
