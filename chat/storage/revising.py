"""Messages that are edited and deleted, and rooms that are cleared. A deleted message keeps its row, its number and its
text, which no client gets any more but operators by a report.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, Update, update

from chat.model import Message, MessageId, Room
from chat.moderation import Audit
from chat.storage.auditing import write_audit
from chat.storage.reading import cleared_seq
from chat.storage.receipting import forget_waiting
from chat.storage.schema import messages, rooms
from chat.times import to_ms

_key_and_id = (messages.c.key, messages.c.id)


def delete_message(connection: Connection, message: Message, at: datetime, audit: Audit | None = None) -> bool:
    """See `IStore`."""
    return bool(delete_messages(connection, (message,), at, audit))


def delete_messages(
    connection: Connection, messages: Sequence[Message], at: datetime, audit: Audit | None = None
) -> frozenset[MessageId]:
    """See `IStore`."""
    delete = _live(message.key for message in messages).values(deleted_ms=to_ms(at))
    deleted = connection.execute(delete.returning(*_key_and_id)).all()
    if not deleted:
        return frozenset()
    forget_waiting(connection, [one.key for one in deleted])
    if audit is not None:
        write_audit(connection, audit)
    return frozenset(MessageId(one.id) for one in deleted)


def edit_message(connection: Connection, message: Message) -> bool:
    """See `IStore`."""
    assert message.edited is not None
    edit = _live((message.key,)).values(body=message.body, edited_ms=to_ms(message.edited))
    return connection.execute(edit).rowcount > 0


def clear_room(connection: Connection, room: Room, audit: Audit) -> int:
    """See `IStore`."""
    is_clearable = (rooms.c.key == room.key) & rooms.c.removed_ms.is_(None) & (rooms.c.cleared_seq < rooms.c.head_seq)
    clear = update(rooms).where(is_clearable).values(cleared_seq=rooms.c.head_seq).returning(rooms.c.cleared_seq)
    cleared: int | None = connection.execute(clear).scalar()
    if cleared is None:
        return 0
    write_audit(connection, audit)
    return cleared


def _live(keys: Iterable[int]) -> Update:
    """Changes those of the messages that are not deleted."""
    is_live = messages.c.deleted_ms.is_(None) & (messages.c.seq > cleared_seq)
    return update(messages).where(messages.c.key.in_(list(keys)), is_live)
