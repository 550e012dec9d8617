"""The audit log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, insert

from chat.moderation import Audit
from chat.storage import schema
from chat.times import to_ms

# Made once: to make a statement takes longer than to execute it.
_add = insert(schema.audit)


def write_audit(connection: Connection, audit: Audit) -> None:
    """Add a row."""
    connection.execute(_add, _row(audit))


def write_audits(connection: Connection, audits: Sequence[Audit]) -> None:
    """Add rows, in this order."""
    if audits:
        connection.execute(_add, [_row(audit) for audit in audits])


def _row(audit: Audit) -> dict[str, Any]:
    return {
        "at_ms": to_ms(audit.at),
        "key_name": audit.key_name,
        "actor_id": audit.actor_id,
        "action": audit.action,
        "user_id": audit.user_id,
        "room_id": audit.room_id,
        "reason": audit.reason,
        "until_ms": None if audit.until is None else to_ms(audit.until),
    }
