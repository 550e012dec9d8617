"""Statements about keys of backends."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from chat.moderation import Audit
from chat.storage.auditing import write_audit
from chat.storage.schema import backend_keys
from chat.times import from_ms, to_ms
from chat.world import StoredKey


def load_keys(connection: Connection) -> tuple[StoredKey, ...]:
    """All keys, by name."""
    rows = connection.execute(select(backend_keys).order_by(backend_keys.c.name))
    return tuple(StoredKey(row.name, row.digest, tuple(row.scopes.split(",")), from_ms(row.created_ms)) for row in rows)


def put_key(connection: Connection, key: StoredKey, audit: Audit) -> bool:
    """See `IStore`."""
    if connection.execute(select(backend_keys.c.key).where(backend_keys.c.name == key.name)).first() is not None:
        return False
    values = {"name": key.name, "digest": key.digest, "scopes": ",".join(key.scopes), "created_ms": to_ms(key.created)}
    connection.execute(insert(backend_keys).values(values))
    write_audit(connection, audit)
    return True


def end_key(connection: Connection, name: str, audit: Audit) -> bool:
    """See `IStore`."""
    if not connection.execute(delete(backend_keys).where(backend_keys.c.name == name)).rowcount:
        return False
    write_audit(connection, audit)
    return True
