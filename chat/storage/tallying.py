"""Numbers that are kept for those who ask: joins of rooms, and when users were last online."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from chat.model import RoomId, RoomKind, UserId
from chat.storage.schema import rooms, users
from chat.times import from_ms, to_ms

_count_joins = update(rooms).where(rooms.c.id == bindparam("room")).values(joins=rooms.c.joins + bindparam("count"))
_set_online = update(users).where(users.c.id == bindparam("user")).values(last_online_ms=bindparam("at"))


def add_tallies(connection: Connection, joins: Mapping[RoomId, int], last_online: Mapping[UserId, datetime]) -> None:
    """See `IStore`."""
    if joins:
        connection.execute(_count_joins, [{"room": room, "count": count} for room, count in joins.items()])
    if last_online:
        connection.execute(_set_online, [{"user": user, "at": to_ms(at)} for user, at in last_online.items()])


def count_joins(connection: Connection, room_ids: Sequence[RoomId]) -> Mapping[RoomId, int]:
    """See `IStore`."""
    asked = select(rooms.c.id, rooms.c.joins).where(rooms.c.id.in_(room_ids))
    found = connection.execute(asked.where(rooms.c.kind != RoomKind.CONVERSATION.value))
    return {RoomId(row.id): row.joins for row in found}


def last_online(connection: Connection, user_ids: Sequence[UserId]) -> Mapping[UserId, datetime]:
    """See `IStore`."""
    asked = select(users.c.id, users.c.last_online_ms).where(users.c.id.in_(user_ids))
    found = connection.execute(asked.where(users.c.last_online_ms.is_not(None)))
    return {UserId(row.id): from_ms(row.last_online_ms) for row in found}
