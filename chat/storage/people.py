"""Users: known since their first login, with what an authenticator and they themselves say of them."""

from __future__ import annotations

from collections.abc import Mapping, Set
from datetime import datetime
from typing import Any

import msgspec
from msgspec import structs
from sqlalchemy import Connection, insert, update

from chat.errors import ChatError, ErrorCode
from chat.model import User, UserId
from chat.moderation import Audit
from chat.plugin import Identity
from chat.receipts import LoginRecord
from chat.storage.auditing import write_audit
from chat.storage.reading import find_user, find_users
from chat.storage.receipting import waiting_for
from chat.storage.schema import users
from chat.times import to_ms

_insert_many = insert(users)
_insert = _insert_many.returning(users.c.key)


def record_login(
    connection: Connection, user_id: UserId, identity: Identity, at: datetime, kept: Set[str] = frozenset()
) -> LoginRecord:
    """See `IStore`."""
    user = _put(connection, user_id, identity, at, kept)
    return LoginRecord(user, waiting_for(connection, user))


def _put(connection: Connection, user_id: UserId, identity: Identity, at: datetime, kept: Set[str]) -> User:
    known = find_user(connection, user_id)
    if known is None:
        return _make(connection, user_id, identity, at)
    own = {name: value for name, value in known.attributes.items() if name in kept}
    return _change(connection, known, name=identity.name, attributes=own | dict(identity.attributes))


def make_known(connection: Connection, user_id: UserId, identity: Identity, at: datetime) -> User:
    """See `IStore`."""
    return find_user(connection, user_id) or _make(connection, user_id, identity, at)


def make_all_known(connection: Connection, newcomers: Mapping[UserId, Identity], at: datetime) -> None:
    """Make known whom nobody knows of these, however many there are with few statements."""
    known = find_users(connection, list(newcomers))
    rows = [_row(user_id, identity, at) for user_id, identity in newcomers.items() if user_id not in known]
    if rows:
        connection.execute(_insert_many, rows)


def _make(connection: Connection, user_id: UserId, identity: Identity, at: datetime) -> User:
    key = connection.execute(_insert, _row(user_id, identity, at)).scalar_one()
    return User(key, user_id, identity.name, identity.origin, identity.attributes)


def _row(user_id: UserId, identity: Identity, at: datetime) -> dict[str, Any]:
    return {
        "id": user_id,
        "name": identity.name,
        "origin": identity.origin,
        "created_ms": to_ms(at),
        "attributes": _json(identity.attributes),
    }


def set_hidden(connection: Connection, user_id: UserId, *, is_hidden: bool, audit: Audit | None = None) -> User:
    """See `IStore`."""
    known = find_user(connection, user_id)
    if known is None:
        raise ChatError(ErrorCode.NO_SUCH_USER)
    connection.execute(update(users).where(users.c.key == known.key).values(is_hidden=is_hidden))
    if audit is not None:
        write_audit(connection, audit)
    return structs.replace(known, is_hidden=is_hidden)


def update_attributes(connection: Connection, user_id: UserId, changed: Mapping[str, str]) -> User:
    """See `IStore`."""
    known = find_user(connection, user_id)
    if known is None:
        raise ChatError(ErrorCode.NO_SUCH_USER)
    return _change(connection, known, attributes=dict(known.attributes) | dict(changed))


def _change(connection: Connection, known: User, **members: Any) -> User:
    user = structs.replace(known, **members)
    if user != known:
        changed = update(users).where(users.c.key == known.key)
        connection.execute(changed.values(name=user.name, attributes=_json(user.attributes)))
    return user


def _json(attributes: Mapping[str, str]) -> str:
    return msgspec.json.encode(attributes).decode()
