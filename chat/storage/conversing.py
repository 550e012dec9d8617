"""Private conversations in the database: rooms without a channel, found by the set of their owners."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, insert, select

from chat.conversations import Conversation, Opened
from chat.model import Access, Room, RoomId, RoomKind, UserId, new_id
from chat.storage.schema import memberships, rooms, users
from chat.times import to_ms

# No id of a user has these characters.
_BETWEEN, _DIGEST = ",", "#"
# Databases take no keys that are much longer.
_KEY_LENGTH = 256


def find_conversation(connection: Connection, room_id: RoomId) -> Conversation | None:
    """See `IStore`."""
    query = select(rooms.c.key).where(rooms.c.id == room_id, rooms.c.kind == RoomKind.CONVERSATION.value)
    key = connection.execute(query).scalar()
    return None if key is None else _conversation(key, room_id, _owners(connection, key))


def conversation_among(connection: Connection, owners: Set[UserId]) -> Conversation | None:
    """See `IStore`."""
    known = connection.execute(select(rooms.c.key, rooms.c.id).where(rooms.c.owners == _set(owners))).one_or_none()
    return None if known is None else _conversation(known.key, RoomId(known.id), _owners(connection, known.key))


def open_conversation(connection: Connection, owners: Mapping[UserId, int], at: datetime) -> Opened:
    """See `IStore`."""
    known = conversation_among(connection, owners.keys())
    if known is not None:
        return Opened(known)
    room_id = RoomId(new_id())
    kind = {"kind": RoomKind.CONVERSATION.value, "access": Access.MEMBERS.value, "sort": 0, "owners": _set(owners)}
    made = insert(rooms).values(id=room_id, name="", folded="", created_ms=to_ms(at), **kind).returning(rooms.c.key)
    key = int(connection.execute(made).scalar_one())
    rows = [{"room_key": key, "user_key": user_key, "joined_ms": to_ms(at)} for user_key in owners.values()]
    connection.execute(insert(memberships), rows)
    return Opened(_conversation(key, room_id, owners), is_new=True)


def _set(owners: Iterable[UserId]) -> str:
    """The key of a set of owners: their ids, or where these are many, a digest of them."""
    ids = _BETWEEN.join(sorted(owners))
    return ids if len(ids) <= _KEY_LENGTH else _DIGEST + sha256(ids.encode()).hexdigest()


def _owners(connection: Connection, room_key: int) -> dict[UserId, int]:
    query = select(users.c.id, users.c.key).join_from(memberships, users).where(memberships.c.room_key == room_key)
    return {UserId(row.id): row.key for row in connection.execute(query)}


def _conversation(key: int, room_id: RoomId, owners: Mapping[UserId, int]) -> Conversation:
    room = Room(key, room_id, "", None, RoomKind.CONVERSATION, Access.MEMBERS, 0)
    return Conversation(room, owners)
