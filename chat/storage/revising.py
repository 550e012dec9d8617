"""Messages that are edited and deleted, and rooms that are cleared. A deleted message keeps its row, its number and its
text, which no client gets any more but operators by a report.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Update, update

from chat.model import Message, Room
from chat.moderation import Audit
from chat.storage.auditing import write_audit
from chat.storage.reading import cleared_seq
from chat.storage.receipting import forget_waiting
from chat.storage.schema import messages, rooms
from chat.times import to_ms


def delete_message(connection: Connection, message: Message, at_ms: int, row: Audit | None) -> bool:
    """See `IStore`."""
    if not _changes(connection, _of_live(message).values(deleted_ms=at_ms)):
        return False
    forget_waiting(connection, message.key)
    if row is not None:
        write_audit(connection, row)
    return True


def edit_message(connection: Connection, message: Message) -> bool:
    """See `IStore`."""
    assert message.edited is not None
    return _changes(connection, _of_live(message).values(body=message.body, edited_ms=to_ms(message.edited)))


def clear_room(connection: Connection, room: Room, row: Audit) -> int:
    """See `IStore`."""
    is_clearable = (rooms.c.key == room.key) & rooms.c.removed_ms.is_(None) & (rooms.c.cleared_seq < rooms.c.head_seq)
    clear = update(rooms).where(is_clearable).values(cleared_seq=rooms.c.head_seq).returning(rooms.c.cleared_seq)
    cleared: int | None = connection.execute(clear).scalar()
    if cleared is None:
        return 0
    write_audit(connection, row)
    return cleared


def _of_live(message: Message) -> Update:
    """Changes the message unless it is deleted."""
    is_live = messages.c.deleted_ms.is_(None) & (messages.c.seq > cleared_seq)
    return update(messages).where(messages.c.key == message.key, is_live)


def _changes(connection: Connection, statement: Any) -> bool:
    return connection.execute(statement).rowcount > 0
