"""Timers that outlive a process."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, delete, insert, select

from chat.storage.schema import timers
from chat.times import from_ms, to_ms
from chat.world import Timer


def set_timer(connection: Connection, timer: Timer) -> None:
    """See `IStore`."""
    cancel_timer(connection, timer.kind, timer.subject)
    values = {"kind": timer.kind, "subject": timer.subject, "due_ms": to_ms(timer.due)}
    connection.execute(insert(timers).values(values))


def cancel_timer(connection: Connection, kind: str, subject: str) -> None:
    """See `IStore`."""
    connection.execute(delete(timers).where(timers.c.kind == kind, timers.c.subject == subject))


def load_timers(connection: Connection) -> Iterator[Timer]:
    """All that are kept, the next one first."""
    for row in connection.execute(select(timers).order_by(timers.c.due_ms)):
        yield Timer(row.kind, row.subject, from_ms(row.due_ms))
