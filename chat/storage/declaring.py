"""What happens once, before the server listens: the configuration's declarations go into the database, and what lives
in memory comes out of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, count
from typing import Any

from sqlalchemy import Connection, Row, Table, delete, insert, select, update

from chat.model import (
    SYSTEM_ID,
    SYSTEM_NAME,
    Access,
    Acl,
    Channel,
    ChannelId,
    Role,
    Room,
    RoomId,
    RoomKind,
    UserId,
    new_id,
)
from chat.names import folded
from chat.storage.forbidding import load_words
from chat.storage.keying import load_keys
from chat.storage.reading import find_user
from chat.storage.ruling import put_rules
from chat.storage.sanctioning import load_sanctions
from chat.storage.schema import acls, channels, memberships, roles, rooms, users
from chat.storage.timing import load_timers
from chat.world import Declared, DeclaredChannel, DeclaredRoom, Grant, World

ADMIN_ROOM_NAME = "Admins"


def declare(connection: Connection, declared: Declared, now_ms: int) -> None:
    """Create or update what is declared. Declared roles and rules that are declared no more are taken away; channels,
    rooms and users never are. Rules that users set stay, but for those of which something else is declared.
    """
    _Declaring(connection, now_ms).run(declared)


class _Declaring:
    def __init__(self, connection: Connection, now_ms: int) -> None:
        self._connection = connection
        self._now_ms = now_ms

    def run(self, declared: Declared) -> None:
        for table in (roles, acls):
            self._connection.execute(delete(table).where(table.c.declared))
        self._user(SYSTEM_ID, SYSTEM_NAME)
        for user_id, name in declared.users.items():
            self._user(user_id, name)
        self._grant(declared.superusers, Role.SUPERUSER)
        self._grant(declared.globalmods, Role.GLOBALMOD)
        self._give_up_names(room for channel in declared.channels for room in channel.rooms)
        for channel in declared.channels:
            self._channel(channel)
        for key in self._connection.execute(select(channels.c.key)).scalars().all():
            self._admin_room(key)

    def _user(self, user_id: UserId, name: str | None = None) -> int:
        """The key of a user, who is made where unknown. Only a declaration with a name changes the name."""
        key = self._connection.execute(select(users.c.key).where(users.c.id == user_id)).scalar()
        if key is None:
            values = {"id": user_id, "name": name or user_id, "origin": "configuration", "attributes": "{}"}
            return self._insert(users, values | {"created_ms": self._now_ms})
        if name is not None:
            self._connection.execute(update(users).where(users.c.key == key).values(name=name))
        return int(key)

    def _channel(self, channel: DeclaredChannel) -> None:
        values = {
            "name": channel.name,
            "sort": channel.sort,
            "tags": ",".join(channel.tags),
            "is_default": channel.is_default,
        }
        known = channels.c.id == channel.id if channel.id is not None else channels.c.name == channel.name
        key = self._put(channels, self._first(channels, known), values, {"id": channel.id or new_id()})
        if channel.is_default:
            self._connection.execute(update(channels).where(channels.c.key != key).values(is_default=False))
        self._grant(channel.owners, Role.OWNER, channel_key=key)
        self._grant(channel.admins, Role.ADMIN, channel_key=key)
        self._rules(channel.acls, channel_key=key)
        for room in channel.rooms:
            self._room(room, key)

    def _room(self, room: DeclaredRoom, channel_key: int) -> None:
        known = rooms.c.id == room.id if room.id is not None else _same_room(room.name, channel_key)
        row = self._first(rooms, known)
        values = {
            "declared_name": room.name,
            "sort": room.sort,
            "access": room.access.value,
            "channel_key": channel_key,
            "removed_ms": None,
        }
        values |= self._naming(room, row, channel_key)
        key = self._put(rooms, row, values, {"id": room.id or new_id(), "kind": RoomKind.STATIC.value})
        self._grant(room.owners, Role.OWNER, room_key=key)
        self._grant(room.moderators, Role.MODERATOR, room_key=key)
        self._rules(room.acls, room_key=key)

    def _give_up_names(self, declared: Iterable[DeclaredRoom]) -> None:
        """Free the names of rooms that are declared by other ones now, so that rooms can exchange theirs."""
        for room in declared:
            if room.id is not None:
                renamed = rooms.c.id == room.id, rooms.c.declared_name.is_distinct_from(room.name)
                self._connection.execute(update(rooms).where(*renamed).values(folded=""))

    def _naming(self, room: DeclaredRoom, row: Row[Any] | None, channel_key: int) -> dict[str, str]:
        """What becomes of the room's name: one that users gave it stays until another one is declared."""
        if row is None or row.declared_name != room.name:
            wanted = room.name
        elif row.channel_key == channel_key and row.removed_ms is None:
            return {}
        else:
            wanted = row.name
        name = self._free_name(wanted, channel_key)
        return {"name": name, "folded": folded(name)}

    def _free_name(self, wanted: str, channel_key: int) -> str:
        """The name, or the first one with a number behind it that no room of the channel has."""
        others = select(rooms.c.folded).where(rooms.c.channel_key == channel_key, rooms.c.removed_ms.is_(None))
        taken = set(self._connection.execute(others).scalars())
        names = chain([wanted], (f"{wanted} {number}" for number in count(2)))
        return next(name for name in names if folded(name) not in taken)

    def _admin_room(self, channel_key: int) -> None:
        there = select(rooms.c.key).where(rooms.c.channel_key == channel_key, rooms.c.kind == RoomKind.ADMIN.value)
        if self._connection.execute(there).first() is None:
            values = {"name": ADMIN_ROOM_NAME, "folded": folded(ADMIN_ROOM_NAME), "kind": RoomKind.ADMIN.value}
            place = {"id": new_id(), "channel_key": channel_key, "access": Access.OPEN.value, "sort": 0}
            self._insert(rooms, values | place | {"created_ms": self._now_ms})

    def _first(self, table: Table, known: Any) -> Row[Any] | None:
        return self._connection.execute(select(table).where(known).order_by(table.c.key).limit(1)).first()

    def _put(self, table: Table, row: Row[Any] | None, values: dict[str, Any], only_new: dict[str, Any]) -> int:
        """Update the row, or make one. Its key."""
        if row is None:
            return self._insert(table, values | only_new | {"created_ms": self._now_ms})
        self._connection.execute(update(table).where(table.c.key == row.key).values(values))
        return int(row.key)

    def _insert(self, table: Table, values: dict[str, Any]) -> int:
        return int(self._connection.execute(insert(table).values(values).returning(table.c.key)).scalar_one())

    def _grant(self, user_ids: Iterable[UserId], role: Role, **scope: int) -> None:
        for user_id in user_ids:
            self._insert(roles, {"user_key": self._user(user_id), "role": role.value, "declared": True} | scope)

    def _rules(self, rules: Iterable[Acl], **scope: int) -> None:
        put_rules(self._connection, rules, scope, declared=True)


def _same_room(name: str, channel_key: int) -> Any:
    """The static room that was declared by that name in the channel."""
    return (
        (rooms.c.declared_name == name)
        & (rooms.c.channel_key == channel_key)
        & (rooms.c.kind == RoomKind.STATIC.value)
        & rooms.c.removed_ms.is_(None)
    )


def load_world(connection: Connection, now_ms: int) -> World:
    """What a server keeps in memory. Conversations are not in it; they are found when they are needed."""
    system = find_user(connection, SYSTEM_ID)
    assert system is not None
    return World(
        system=system,
        channels=tuple(_channels(connection)),
        rooms=tuple(_rooms(connection)),
        grants=tuple(_grants(connection)),
        members=_members(connection),
        sanctions=tuple(load_sanctions(connection, now_ms)),
        timers=tuple(load_timers(connection)),
        keys=load_keys(connection),
        words=load_words(connection),
    )


def _acls_by(connection: Connection, column: Any) -> dict[int, tuple[Acl, ...]]:
    found: dict[int, tuple[Acl, ...]] = {}
    for row in connection.execute(select(column.label("owner"), acls).where(column.is_not(None)).order_by(acls.c.key)):
        found[row.owner] = (*found.get(row.owner, ()), Acl(row.action, row.type, row.value))
    return found


def _channels(connection: Connection) -> Iterator[Channel]:
    rules = _acls_by(connection, acls.c.channel_key)
    for row in connection.execute(select(channels)):
        tags = tuple(tag for tag in row.tags.split(",") if tag)
        yield Channel(row.key, ChannelId(row.id), row.name, row.sort, tags, row.is_default, acls=rules.get(row.key, ()))


def _rooms(connection: Connection) -> Iterator[Room]:
    rules = _acls_by(connection, acls.c.room_key)
    query = select(rooms, channels.c.id.label("channel_id")).join_from(rooms, channels)
    query = query.where(rooms.c.removed_ms.is_(None))
    for row in connection.execute(query):
        yield Room(
            key=row.key,
            id=RoomId(row.id),
            name=row.name,
            channel_id=ChannelId(row.channel_id),
            kind=RoomKind(row.kind),
            access=Access(row.access),
            sort=row.sort,
            acls=rules.get(row.key, ()),
        )


def _grants(connection: Connection) -> Iterator[Grant]:
    query = (
        select(users.c.id, users.c.name, roles.c.role, channels.c.id.label("channel_id"), rooms.c.id.label("room_id"))
        .select_from(roles)
        .join(users, users.c.key == roles.c.user_key)
        .outerjoin(channels, channels.c.key == roles.c.channel_key)
        .outerjoin(rooms, rooms.c.key == roles.c.room_key)
    )
    for row in connection.execute(query):
        yield Grant(UserId(row.id), row.name, Role(row.role), row.channel_id, row.room_id)


def _members(connection: Connection) -> dict[RoomId, frozenset[UserId]]:
    query = (
        select(rooms.c.id.label("room_id"), users.c.id.label("user_id"))
        .select_from(memberships)
        .join(rooms, rooms.c.key == memberships.c.room_key)
        .join(users, users.c.key == memberships.c.user_key)
        .where(rooms.c.channel_key.is_not(None))
    )
    found: dict[RoomId, set[UserId]] = {}
    for row in connection.execute(query):
        found.setdefault(RoomId(row.room_id), set()).add(UserId(row.user_id))
    return {room_id: frozenset(members) for room_id, members in found.items()}
