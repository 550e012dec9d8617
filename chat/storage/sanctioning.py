"""Mutes in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from chat.model import Mute, RoomId, UserId
from chat.moderation import Audit
from chat.storage.auditing import write_audit
from chat.storage.schema import rooms, sanctions, users
from chat.times import to_ms, utc_now


def put_mutes(connection: Connection, mutes: Sequence[Mute], audits: Sequence[Audit]) -> None:
    """See `IStore`. Mutes that have ended go on the way."""
    now_ms = to_ms(utc_now())
    connection.execute(delete(sanctions).where(sanctions.c.until_ms <= now_ms))
    for mute in mutes:
        room_key, user_key = _key(connection, rooms, mute.room_id), _key(connection, users, mute.user_id)
        connection.execute(delete(sanctions).where(_same_mute(room_key, user_key)))
        connection.execute(
            insert(sanctions).values(
                kind="mute",
                scope="room",
                target_key=room_key,
                user_key=user_key,
                actor_key=_key(connection, users, mute.actor_id),
                duration=mute.duration,
                reason=mute.reason,
                created_ms=now_ms,
                until_ms=to_ms(mute.until),
            )
        )
    for row in audits:
        write_audit(connection, row)


def end_mute(connection: Connection, user_id: UserId, room_id: RoomId, row: Audit) -> None:
    """See `IStore`."""
    room_key, user_key = _key(connection, rooms, room_id), _key(connection, users, user_id)
    connection.execute(delete(sanctions).where(_same_mute(room_key, user_key)))
    write_audit(connection, row)


def _same_mute(room_key: int, user_key: int) -> Any:
    return (
        (sanctions.c.kind == "mute")
        & (sanctions.c.scope == "room")
        & (sanctions.c.target_key == room_key)
        & (sanctions.c.user_key == user_key)
    )


def _key(connection: Connection, table: Any, public_id: str) -> int:
    return int(connection.execute(select(table.c.key).where(table.c.id == public_id)).scalar_one())
