"""Reports of messages in the database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, func, insert, select

from chat.errors import ChatError, ErrorCode
from chat.model import MessageId, RoomId, UserId
from chat.moderation import REPORTS_PER_DAY, Report
from chat.storage.housing import key_of
from chat.storage.schema import reports, rooms, users
from chat.times import from_ms, to_ms

_DAY_MS = 86_400_000
_authors, _reporters = users.alias(), users.alias()
_all: Select[Any] = (
    select(
        reports.c.id,
        reports.c.message_id,
        reports.c.body,
        reports.c.reason,
        reports.c.created_ms,
        rooms.c.id.label("room_id"),
        rooms.c.name.label("room_name"),
        _authors.c.id.label("author_id"),
        _authors.c.name.label("author_name"),
        _reporters.c.id.label("reporter_id"),
        _reporters.c.name.label("reporter_name"),
    )
    .join_from(reports, rooms, reports.c.room_key == rooms.c.key)
    .join(_authors, reports.c.author_key == _authors.c.key)
    .join(_reporters, reports.c.reporter_key == _reporters.c.key)
    .order_by(reports.c.key.desc())
)


def put_report(connection: Connection, report: Report) -> bool:
    """See `IStore`."""
    reporter_key, created_ms = _key(connection, users, report.reporter_id), to_ms(report.created)
    own = select(func.count()).select_from(reports).where(reports.c.reporter_key == reporter_key)
    if connection.execute(own.where(reports.c.message_id == report.message_id)).scalar_one():
        return False
    if connection.execute(own.where(reports.c.created_ms > created_ms - _DAY_MS)).scalar_one() >= REPORTS_PER_DAY:
        raise ChatError(ErrorCode.NOT_ALLOWED, f"a user reports at most {REPORTS_PER_DAY} messages a day")
    values = {
        "id": report.id,
        "message_id": report.message_id,
        "room_key": key_of(connection, report.room_id),
        "author_key": _key(connection, users, report.author_id),
        "reporter_key": reporter_key,
        "body": report.body,
        "reason": report.reason,
        "created_ms": created_ms,
    }
    connection.execute(insert(reports).values(values))
    return True


def list_reports(connection: Connection, limit: int, before: str | None = None) -> tuple[Report, ...]:
    """See `IStore`."""
    query = _all.limit(limit)
    if before is not None:
        query = query.where(reports.c.key < select(reports.c.key).where(reports.c.id == before).scalar_subquery())
    return tuple(_report(row) for row in connection.execute(query))


def _report(row: Any) -> Report:
    return Report(
        id=row.id,
        message_id=MessageId(row.message_id),
        room_id=RoomId(row.room_id),
        room_name=row.room_name,
        author_id=UserId(row.author_id),
        author_name=row.author_name,
        reporter_id=UserId(row.reporter_id),
        reporter_name=row.reporter_name,
        body=row.body,
        reason=row.reason,
        created=from_ms(row.created_ms),
    )


def _key(connection: Connection, table: Any, public_id: str) -> int:
    return int(connection.execute(select(table.c.key).where(table.c.id == public_id)).scalar_one())
