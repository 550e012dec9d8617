"""Messages that are older than they are kept: the oldest go first, and with them whatever refers to them. And rows of
the audit log.
"""

from __future__ import annotations

from datetime import datetime
from itertools import takewhile

from sqlalchemy import BindParameter, Connection, bindparam, delete, select, update

from chat.storage.schema import audit, messages, receipts, rooms
from chat.times import to_ms

# The keys of messages grow with time, and within a room with the numbers: what goes are the first ones of every room.
_oldest = (
    select(messages.c.key, messages.c.room_key, messages.c.seq, messages.c.published_ms)
    .order_by(messages.c.key)
    .limit(bindparam("limit"))
)
_up_to: BindParameter[int] = bindparam("up_to")
_take_away = (
    delete(receipts).where(receipts.c.message_key <= _up_to),
    update(messages).where(messages.c.parent_key <= _up_to).values(parent_key=None),
    delete(messages).where(messages.c.key <= _up_to),
)
_raise_floor = update(rooms).where(rooms.c.key == bindparam("room")).values(floor_seq=bindparam("floor"))


def purge_messages(connection: Connection, before: datetime, limit: int) -> int:
    """See `IStore`."""
    oldest = connection.execute(_oldest, {"limit": limit})
    gone = list(takewhile(lambda row: row.published_ms < to_ms(before), oldest.all()))
    if not gone:
        return 0
    for statement in _take_away:
        connection.execute(statement, {"up_to": gone[-1].key})
    floors = {row.room_key: row.seq for row in gone}
    connection.execute(_raise_floor, [{"room": room, "floor": floor} for room, floor in floors.items()])
    return len(gone)


def purge_audits(connection: Connection, before: datetime, limit: int) -> int:
    """See `IStore`."""
    oldest = connection.execute(select(audit.c.key, audit.c.at_ms).order_by(audit.c.key).limit(limit))
    gone = list(takewhile(lambda row: row.at_ms < to_ms(before), oldest.all()))
    if gone:
        connection.execute(delete(audit).where(audit.c.key <= gone[-1].key))
    return len(gone)
