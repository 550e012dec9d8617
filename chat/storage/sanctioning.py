"""Mutes and bans in the database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, func, insert, select

from chat.model import Ban, BanScope, Mute, RoomId, Sanction, UserId
from chat.moderation import Audit
from chat.plugin import Identity
from chat.storage.auditing import write_audit
from chat.storage.housing import key_of
from chat.storage.people import make_known
from chat.storage.schema import channels, rooms, sanctions, users
from chat.times import from_ms, to_ms, utc_now

FORGOTTEN_AFTER_MS = 30 * 86_400_000
_EVERYWHERE = 0
_TABLES = {"room": rooms, "channel": channels}
_of_ended_user = select(users.c.key).where(users.c.id == bindparam("ended_user")).scalar_subquery()
# Many at once: the keys are looked up in the same statement.
_forget = delete(sanctions).where(
    sanctions.c.kind == bindparam("ended_kind"),
    sanctions.c.user_key == _of_ended_user,
    sanctions.c.until_ms == bindparam("ended_ms"),
)
# Made once: to make a statement takes longer than to execute it.
_take_away = delete(sanctions).where(
    *(sanctions.c[name] == bindparam(name) for name in ("kind", "scope", "target_key", "user_key"))
)
_set = insert(sanctions)
_keys = {table: select(table.c.key).where(table.c.id == bindparam("id")) for table in (users, channels)}


def put_sanctions(
    connection: Connection,
    new: Sequence[Sanction],
    audits: Sequence[Audit],
    ended: Sequence[Sanction] = (),
    newcomers: Mapping[UserId, Identity] | None = None,
) -> None:
    """See `IStore`."""
    for user_id, newcomer in (newcomers or {}).items():
        make_known(connection, user_id, newcomer, utc_now())
    _forget_ended(connection, ended)
    now_ms = to_ms(utc_now())
    for sanction in new:
        identity = _identity(connection, sanction)
        connection.execute(_take_away, identity)
        values = {
            "actor_key": _key(connection, users, sanction.actor_id),
            "duration": sanction.duration,
            "reason": sanction.reason,
            "created_ms": now_ms,
            "until_ms": to_ms(sanction.until),
        }
        connection.execute(_set, identity | values)
    for audit in audits:
        write_audit(connection, audit)


def _forget_ended(connection: Connection, ended: Sequence[Sanction]) -> None:
    """One statement for all of a scope; what has another end by now stays."""
    for scope in sorted({sanction.place[0] for sanction in ended}):
        those = [_named(sanction) for sanction in ended if sanction.place[0] == scope]
        connection.execute(_forget.where(sanctions.c.scope == scope, sanctions.c.target_key == _target(scope)), those)


def _target(scope: str) -> Any:
    """The key of the place that is named."""
    table = _TABLES.get(scope)
    if table is None:
        return _EVERYWHERE
    return select(table.c.key).where(table.c.id == bindparam("ended_target")).scalar_subquery()


def _named(sanction: Sanction) -> dict[str, Any]:
    return {
        "ended_kind": _kind(sanction),
        "ended_target": sanction.place[1],
        "ended_user": sanction.user_id,
        "ended_ms": to_ms(sanction.until),
    }


def end_sanction(connection: Connection, sanction: Sanction, audit: Audit) -> None:
    """See `IStore`."""
    connection.execute(_take_away, _identity(connection, sanction))
    write_audit(connection, audit)


def forget_long_ended(connection: Connection, now_ms: int) -> None:
    """Forget what no clock can bring back. The clock may be wrong at a start, and be set later: for sure has ended
    only what did so FORGOTTEN_AFTER_MS before it, and before the newest one was set.
    """
    newest_ms = connection.execute(select(func.max(sanctions.c.created_ms))).scalar() or 0
    before_ms = min(now_ms, newest_ms) - FORGOTTEN_AFTER_MS
    connection.execute(delete(sanctions).where(sanctions.c.until_ms <= before_ms))


def _identity(connection: Connection, sanction: Sanction) -> dict[str, Any]:
    """What no two sanctions have in common. Raises NO_SUCH_ROOM; fails for an unknown user or channel."""
    return {
        "kind": _kind(sanction),
        "scope": sanction.place[0],
        "target_key": _place_key(connection, *sanction.place),
        "user_key": _key(connection, users, sanction.user_id),
    }


def _place_key(connection: Connection, scope: str, target_id: str) -> int:
    if scope == "room":
        return key_of(connection, RoomId(target_id))
    return _key(connection, channels, target_id) if scope == "channel" else _EVERYWHERE


def _kind(sanction: Sanction) -> str:
    return "mute" if isinstance(sanction, Mute) else "ban"


def _key(connection: Connection, table: Any, public_id: str) -> int:
    return int(connection.execute(_keys[table], {"id": public_id}).scalar_one())


def load_sanctions(connection: Connection, now_ms: int) -> Iterator[Sanction]:
    """Those that have not ended by the wall clock."""
    actors = users.alias("actors")
    target_id = rooms.c.id.label("room_id"), channels.c.id.label("channel_id")
    query = (
        select(sanctions, users.c.id.label("user_id"), actors.c.id.label("actor_id"), *target_id)
        .select_from(sanctions)
        .join(users, users.c.key == sanctions.c.user_key)
        .join(actors, actors.c.key == sanctions.c.actor_key)
        .outerjoin(rooms, and_(sanctions.c.scope == "room", rooms.c.key == sanctions.c.target_key))
        .outerjoin(channels, and_(sanctions.c.scope == "channel", channels.c.key == sanctions.c.target_key))
        .where(sanctions.c.until_ms > now_ms)
    )
    for row in connection.execute(query):
        user_id, terms = UserId(row.user_id), (UserId(row.actor_id), row.duration, row.reason, from_ms(row.until_ms))
        if row.kind == "mute":
            yield Mute(user_id, RoomId(row.room_id), *terms)
        else:
            yield Ban(user_id, BanScope(row.scope), row.room_id or row.channel_id or "", *terms)
