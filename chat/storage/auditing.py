"""The audit log."""

from __future__ import annotations

from sqlalchemy import Connection, insert

from chat.moderation import Audit
from chat.storage.schema import audit
from chat.times import to_ms


def write_audit(connection: Connection, row: Audit) -> None:
    """Add a row."""
    connection.execute(
        insert(audit).values(
            at_ms=to_ms(row.at),
            key_name=row.key_name,
            actor_id=row.actor_id,
            action=row.action,
            user_id=row.user_id,
            room_id=row.room_id,
            reason=row.reason,
            until_ms=None if row.until is None else to_ms(row.until),
        )
    )
