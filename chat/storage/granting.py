"""Roles that are given and taken at run time."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, and_, delete, insert, select

from chat.errors import ChatError, ErrorCode
from chat.moderation import Audit
from chat.storage.auditing import write_audit
from chat.storage.schema import channels, roles, rooms, users
from chat.world import Grant


def put_role(connection: Connection, grant: Grant, audit: Audit) -> bool:
    """See `IStore`."""
    values = _values(connection, grant)
    if connection.execute(select(roles.c.key).where(_same(values), ~roles.c.declared)).first() is not None:
        return False
    connection.execute(insert(roles).values(values | {"declared": False}))
    write_audit(connection, audit)
    return True


def end_role(connection: Connection, grant: Grant, audit: Audit) -> bool:
    """See `IStore`."""
    if connection.execute(delete(roles).where(_same(_values(connection, grant)))).rowcount == 0:
        return False
    write_audit(connection, audit)
    return True


def _values(connection: Connection, grant: Grant) -> dict[str, Any]:
    """What a row of the role says. Raises NO_SUCH_USER, NO_SUCH_CHANNEL, NO_SUCH_ROOM."""
    user = select(users.c.key).where(users.c.id == grant.user_id)
    channel = select(channels.c.key).where(channels.c.id == grant.channel_id)
    room = select(rooms.c.key).where(rooms.c.id == grant.room_id, rooms.c.removed_ms.is_(None))
    return {
        "user_key": _key(connection, user, ErrorCode.NO_SUCH_USER),
        "role": grant.role.value,
        "channel_key": None if grant.channel_id is None else _key(connection, channel, ErrorCode.NO_SUCH_CHANNEL),
        "room_key": None if grant.room_id is None else _key(connection, room, ErrorCode.NO_SUCH_ROOM),
    }


def _key(connection: Connection, query: Any, missing: ErrorCode) -> int:
    key = connection.execute(query).scalar()
    if key is None:
        raise ChatError(missing)
    return int(key)


def _same(values: dict[str, Any]) -> Any:
    return and_(*(roles.c[name].is_not_distinct_from(value) for name, value in values.items()))
