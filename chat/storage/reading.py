"""The reads: short, indexed, on a connection that cannot write."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, select

from chat.messages import Span
from chat.model import Message, MessageId, Room, RoomId, User, UserId
from chat.storage.schema import messages, rooms, users
from chat.times import from_ms, to_ms

_user_columns = (users.c.key, users.c.id, users.c.name, users.c.origin, users.c.attributes)
_attributes = msgspec.json.Decoder(dict[str, str])


def user_of(row: Any) -> User:
    """The user in a row of the columns key, id, name, origin, attributes."""
    return User(row.key, UserId(row.id), row.name, row.origin, _attributes.decode(row.attributes))


def find_user(connection: Connection, user_id: UserId) -> User | None:
    """The user, or None."""
    row = connection.execute(select(*_user_columns).where(users.c.id == user_id)).one_or_none()
    return None if row is None else user_of(row)


_message_columns: Select[Any] = select(
    messages.c.key.label("message_key"),
    messages.c.id.label("message_id"),
    messages.c.seq,
    messages.c.body,
    messages.c.published_ms,
    messages.c.deleted_ms,
    *_user_columns,
).join_from(messages, users, messages.c.author_key == users.c.key)


def recent_messages(connection: Connection, room: Room, limit: int) -> Span:
    """The newest messages that are not deleted, oldest first."""
    return _newest(connection, room, limit)


def messages_since(connection: Connection, room: Room, since: datetime, limit: int) -> Span:
    """The newest `limit` messages published at or after `since` that are not deleted, oldest first."""
    return _newest(connection, room, limit, messages.c.published_ms >= to_ms(since))


def messages_after(connection: Connection, room: Room, seq: int, limit: int) -> Span:
    """At most `limit` messages above `seq`, tombstones included, oldest first."""
    rows = connection.execute(
        _message_columns.where(messages.c.room_key == room.key, messages.c.seq > seq)
        .order_by(messages.c.seq)
        .limit(limit)
    )
    return _span(connection, room, rows)


def _newest(connection: Connection, room: Room, limit: int, *conditions: Any) -> Span:
    rows = connection.execute(
        _message_columns.where(messages.c.room_key == room.key, messages.c.deleted_ms.is_(None), *conditions)
        .order_by(messages.c.seq.desc())
        .limit(limit)
    )
    return _span(connection, room, reversed(rows.all()))


def _span(connection: Connection, room: Room, rows: Iterable[Row[Any]]) -> Span:
    found = tuple(_message(row, room.id) for row in rows)
    head, floor = connection.execute(select(rooms.c.head_seq, rooms.c.floor_seq).where(rooms.c.key == room.key)).one()
    return Span(found, head, floor)


def _message(row: Row[Any], room_id: RoomId) -> Message:
    return Message(
        key=row.message_key,
        id=MessageId(row.message_id),
        room_id=room_id,
        seq=row.seq,
        author=user_of(row),
        body=row.body,
        published=from_ms(row.published_ms),
        deleted=row.deleted_ms is not None,
    )
