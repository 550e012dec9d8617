"""Mutes and bans in the database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, bindparam, delete, func, insert, select, true

from chat.errors import ChatError, ErrorCode
from chat.model import Ban, BanScope, Mute, RoomId, Sanction, UserId
from chat.moderation import Audit
from chat.plugin import Identity
from chat.storage.auditing import write_audit, write_audits
from chat.storage.people import make_all_known
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
# Nothing is kept of a room that was removed.
_is_there = {rooms: rooms.c.removed_ms.is_(None)}
_keys = {
    table: select(table.c.id, table.c.key).where(
        table.c.id.in_(bindparam("ids", expanding=True)), _is_there.get(table, true())
    )
    for table in (users, rooms, channels)
}


class _Identity(NamedTuple):
    """What no two sanctions have in common."""

    kind: str
    scope: str
    target_key: int
    user_key: int


class _Keys:
    """The keys of all that sanctions name."""

    def __init__(self, connection: Connection, named: Sequence[Sanction]) -> None:
        self._connection = connection
        self.users = self._of(users, {user_id for one in named for user_id in (one.user_id, one.actor_id)})
        self._places = {
            scope: self._of(table, {one.place[1] for one in named if one.place[0] == scope})
            for scope, table in _TABLES.items()
        }

    def identity(self, sanction: Sanction) -> _Identity:
        """Raises NO_SUCH_ROOM; fails for an unknown user or channel."""
        return _Identity(_kind(sanction), sanction.place[0], self._place(*sanction.place), self.users[sanction.user_id])

    def _place(self, scope: str, target_id: str) -> int:
        if scope not in _TABLES:
            return _EVERYWHERE
        if scope == "room" and target_id not in self._places[scope]:
            raise ChatError(ErrorCode.NO_SUCH_ROOM)
        return self._places[scope][target_id]

    def _of(self, table: Any, ids: Set[str]) -> dict[str, int]:
        if not ids:
            return {}
        return {row.id: row.key for row in self._connection.execute(_keys[table], {"ids": sorted(ids)})}


def put_sanctions(
    connection: Connection,
    new: Sequence[Sanction],
    audits: Sequence[Audit],
    ended: Sequence[Sanction] = (),
    newcomers: Mapping[UserId, Identity] | None = None,
) -> None:
    """See `IStore`."""
    if newcomers:
        make_all_known(connection, newcomers, utc_now())
    _forget_ended(connection, ended)
    if new:
        _replace(connection, new, to_ms(utc_now()))
    write_audits(connection, audits)


def _replace(connection: Connection, new: Sequence[Sanction], now_ms: int) -> None:
    """However many there are, with few statements. Of two of the same kind, user and place the second holds."""
    keys = _Keys(connection, new)
    rows = {
        keys.identity(sanction): {
            "actor_key": keys.users[sanction.actor_id],
            "duration": sanction.duration,
            "reason": sanction.reason,
            "created_ms": now_ms,
            "until_ms": to_ms(sanction.until),
        }
        for sanction in new
    }
    connection.execute(_take_away, [identity._asdict() for identity in rows])
    connection.execute(_set, [identity._asdict() | values for identity, values in rows.items()])


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
    connection.execute(_take_away, _Keys(connection, [sanction]).identity(sanction)._asdict())
    write_audit(connection, audit)


def forget_long_ended(connection: Connection, now_ms: int) -> None:
    """Forget what no clock can bring back. The clock may be wrong at a start, and be set later: for sure has ended
    only what did so FORGOTTEN_AFTER_MS before it, and before the newest one was set.
    """
    newest_ms = connection.execute(select(func.max(sanctions.c.created_ms))).scalar() or 0
    before_ms = min(now_ms, newest_ms) - FORGOTTEN_AFTER_MS
    connection.execute(delete(sanctions).where(sanctions.c.until_ms <= before_ms))


def _kind(sanction: Sanction) -> str:
    return "mute" if isinstance(sanction, Mute) else "ban"


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
