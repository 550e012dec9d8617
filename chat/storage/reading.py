"""The reads: short, indexed, on a connection that cannot write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from sys import getsizeof
from typing import Any

import msgspec
from sqlalchemy import Connection, CursorResult, Row, Select, bindparam, select

from chat.messages import ROOM_BYTES, Span
from chat.model import Message, MessageId, Room, RoomId, User, UserId
from chat.storage.schema import messages, rooms, users
from chat.times import from_ms

_user_columns = (users.c.key, users.c.id, users.c.name, users.c.origin, users.c.attributes, users.c.is_hidden)
# Made once: a login takes less time than it takes to put its statements together.
_user_of_id = select(*_user_columns).where(users.c.id == bindparam("user_id"))
_attributes = msgspec.json.Decoder(dict[str, str])


def user_of(row: Any) -> User:
    """The user in a row of the columns key, id, name, origin, attributes, is_hidden."""
    return User(row.key, UserId(row.id), row.name, row.origin, _attributes.decode(row.attributes), row.is_hidden)


def find_user(connection: Connection, user_id: UserId) -> User | None:
    """The user, or None."""
    row = connection.execute(_user_of_id, {"user_id": user_id}).one_or_none()
    return None if row is None else user_of(row)


def find_users(connection: Connection, user_ids: Sequence[UserId]) -> Mapping[UserId, User]:
    """Those of the users who are known, by id."""
    found = connection.execute(select(*_user_columns).where(users.c.id.in_(user_ids)))
    return {UserId(row.id): user_of(row) for row in found}


# Where the room of a message was cleared.
_clearing = select(rooms.c.cleared_seq).where(rooms.c.key == messages.c.room_key)
cleared_seq = _clearing.correlate(messages).scalar_subquery()
_is_deleted = messages.c.deleted_ms.is_not(None) | (messages.c.seq <= cleared_seq)
messages_and_authors: Select[Any] = select(
    messages.c.key.label("message_key"),
    messages.c.id.label("message_id"),
    messages.c.seq,
    messages.c.body,
    messages.c.published_ms,
    messages.c.edited_ms,
    _is_deleted.label("deleted"),
    *_user_columns,
).join_from(messages, users, messages.c.author_key == users.c.key)


def recent_messages(connection: Connection, room: Room, limit: int) -> Span:
    """The newest messages that are not deleted, oldest first. Of a cleared room no more is read than came since."""
    cleared = select(rooms.c.cleared_seq).where(rooms.c.key == room.key).scalar_subquery()
    rows = connection.execute(
        messages_and_authors.where(messages.c.room_key == room.key, messages.c.seq > cleared)
        .where(messages.c.deleted_ms.is_(None))
        .order_by(messages.c.seq.desc())
        .limit(limit)
    )
    return _span(connection, room, reversed(within_bytes(rows)))


def messages_after(connection: Connection, room: Room, seq: int, limit: int) -> Span:
    """At most `limit` messages above `seq`, tombstones included, oldest first."""
    rows = connection.execute(
        messages_and_authors.where(messages.c.room_key == room.key, messages.c.seq > seq)
        .order_by(messages.c.seq)
        .limit(limit)
    )
    return _span(connection, room, within_bytes(rows))


def find_message(connection: Connection, message_id: MessageId) -> Message | None:
    """The message, deleted or not, or None."""
    query = messages_and_authors.add_columns(rooms.c.id.label("room_id")).where(messages.c.id == message_id)
    row = connection.execute(query.join(rooms, rooms.c.key == messages.c.room_key)).one_or_none()
    return None if row is None else message_of(row, RoomId(row.room_id), {})


def within_bytes(rows: CursorResult[Any]) -> list[Row[Any]]:
    """The first of the rows, as many as together have about ROOM_BYTES, and at least one; the others are not read."""
    found: list[Row[Any]] = []
    left = ROOM_BYTES
    with closing(rows):
        for row in rows:
            left -= getsizeof(row.body)
            if found and left < 0:
                break
            found.append(row)
    return found


def _span(connection: Connection, room: Room, rows: Iterable[Row[Any]]) -> Span:
    authors: dict[int, User] = {}
    found = tuple(message_of(row, room.id, authors) for row in rows)
    head, floor = connection.execute(select(rooms.c.head_seq, rooms.c.floor_seq).where(rooms.c.key == room.key)).one()
    return Span(found, head, floor)


def message_of(row: Row[Any], room_id: RoomId, authors: dict[int, User]) -> Message:
    """The message in a row. Messages of one author share the value in `authors`."""
    author = authors.get(row.key)
    if author is None:
        author = authors[row.key] = user_of(row)
    return Message(
        key=row.message_key,
        id=MessageId(row.message_id),
        room_id=room_id,
        seq=row.seq,
        author=author,
        body=row.body,
        published=from_ms(row.published_ms),
        edited=None if row.edited_ms is None else from_ms(row.edited_ms),
        deleted=row.deleted,
    )
