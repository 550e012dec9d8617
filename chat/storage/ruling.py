"""The access rules of rooms and channels. Those of the configuration are in `chat.storage.declaring`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from chat.acl import check_size
from chat.errors import ChatError, ErrorCode
from chat.model import Acl, Channel, Room
from chat.moderation import Audit
from chat.storage.auditing import write_audit
from chat.storage.schema import acls, rooms


def set_acls(connection: Connection, place: Room | Channel, changes: Sequence[Acl], audit: Audit) -> tuple[Acl, ...]:
    """See `IStore`."""
    if isinstance(place, Room):
        _check_there(connection, place)
    there = _rules_of(connection, place)
    put_rules(connection, (rule for rule in changes if rule not in there), _column_of(place), declared=False)
    rules = _rules_of(connection, place)
    check_size("room" if isinstance(place, Room) else "channel", rules, there)
    write_audit(connection, audit)
    return rules


def put_rules(connection: Connection, rules: Iterable[Acl], scope: dict[str, int], *, declared: bool) -> None:
    """Set rules of the place whose column and key are in `scope`; take away those without a value."""
    ((column, key),) = scope.items()
    for rule in rules:
        same = acls.c[column] == key, acls.c.action == rule.action, acls.c.type == rule.type
        values = {"value": rule.value, "declared": declared}
        if not rule.value:
            connection.execute(delete(acls).where(*same))
        elif connection.execute(update(acls).where(*same).values(values)).rowcount == 0:
            connection.execute(insert(acls).values(values | scope | {"action": rule.action, "type": rule.type}))


def _rules_of(connection: Connection, place: Room | Channel) -> tuple[Acl, ...]:
    ((column, key),) = _column_of(place).items()
    rows = connection.execute(select(acls).where(acls.c[column] == key).order_by(acls.c.key))
    return tuple(Acl(row.action, row.type, row.value) for row in rows)


def _column_of(place: Room | Channel) -> dict[str, int]:
    return {"room_key" if isinstance(place, Room) else "channel_key": place.key}


def _check_there(connection: Connection, room: Room) -> None:
    there: Any = select(rooms.c.key).where(rooms.c.key == room.key, rooms.c.removed_ms.is_(None))
    if connection.execute(there).first() is None:
        raise ChatError(ErrorCode.NO_SUCH_ROOM)
