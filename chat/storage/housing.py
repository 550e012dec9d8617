"""Rooms that users make, rename and remove. A removed room leaves its row and its messages behind."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from chat.errors import ChatError, ErrorCode
from chat.model import Role, Room, RoomId, RoomKind
from chat.moderation import Audit
from chat.names import folded
from chat.new_rooms import NewRoom
from chat.plugin import Identity
from chat.storage.auditing import write_audit
from chat.storage.people import make_known
from chat.storage.schema import acls, markers, memberships, roles, rooms, sanctions, timers
from chat.storage.timing import set_timer
from chat.times import to_ms

_key_of_room = select(rooms.c.key).where(rooms.c.id == bindparam("id"), rooms.c.removed_ms.is_(None))


def create_room(connection: Connection, new: NewRoom) -> Room:
    """See `IStore`."""
    _check_free(connection, new.channel.key, new.room_name)
    owner_key = _owner_key(connection, new)
    _check_owner(connection, new, owner_key)
    values = {
        "id": new.id,
        "channel_key": new.channel.key,
        "name": new.room_name,
        "folded": folded(new.room_name),
        "kind": new.kind.value,
        "access": new.access.value,
        "sort": 0,
        "created_ms": to_ms(new.created),
    }
    key = int(connection.execute(insert(rooms).values(values).returning(rooms.c.key)).scalar_one())
    owner = {"user_key": owner_key, "role": Role.OWNER.value, "room_key": key, "declared": False}
    connection.execute(insert(roles).values(owner))
    for acl in new.acls:
        rule = {"room_key": key, "action": acl.action, "type": acl.type, "value": acl.value, "declared": False}
        connection.execute(insert(acls).values(rule))
    if new.timer is not None:
        set_timer(connection, new.timer)
    return Room(key, new.id, new.room_name, new.channel.id, new.kind, new.access, 0, new.acls)


def key_of(connection: Connection, room_id: RoomId) -> int:
    """The key of a room or conversation that was not removed, for what is to be kept of it. Raises NO_SUCH_ROOM."""
    key = connection.execute(_key_of_room, {"id": room_id}).scalar()
    if key is None:
        raise ChatError(ErrorCode.NO_SUCH_ROOM)
    return int(key)


def rename_room(connection: Connection, room: Room, name: str, audit: Audit) -> None:
    """See `IStore`."""
    channel_key = connection.execute(
        select(rooms.c.channel_key).where(rooms.c.key == room.key, rooms.c.removed_ms.is_(None))
    ).scalar()
    if channel_key is None:
        raise ChatError(ErrorCode.NO_SUCH_ROOM)
    _check_free(connection, channel_key, name, room.key)
    changed = update(rooms).where(rooms.c.key == room.key)
    connection.execute(changed.values(name=name, folded=folded(name)))
    write_audit(connection, audit)


def remove_room(connection: Connection, room: Room, audit: Audit) -> bool:
    """See `IStore`."""
    there = rooms.c.key == room.key, rooms.c.removed_ms.is_(None)
    if connection.execute(update(rooms).where(*there).values(removed_ms=to_ms(audit.at))).rowcount == 0:
        return False
    _clear(connection, room.key, room.id)
    write_audit(connection, audit)
    return True


def discard_room(connection: Connection, room_id: RoomId, at: datetime) -> None:
    """See `IStore`."""
    there = rooms.c.id == room_id, rooms.c.removed_ms.is_(None)
    removed = update(rooms).where(*there).values(removed_ms=to_ms(at))
    key = connection.execute(removed.returning(rooms.c.key)).scalar()
    if key is not None:
        _clear(connection, key, room_id)
    connection.execute(delete(timers).where(timers.c.subject == room_id))


def _clear(connection: Connection, key: int, room_id: RoomId) -> None:
    for table in (roles, acls, memberships, markers):
        connection.execute(delete(table).where(table.c.room_key == key))
    connection.execute(delete(sanctions).where(sanctions.c.scope == "room", sanctions.c.target_key == key))
    connection.execute(delete(timers).where(timers.c.subject == room_id))


def _check_free(connection: Connection, channel_key: int, name: str, besides: int = 0) -> None:
    same = (
        rooms.c.channel_key == channel_key,
        rooms.c.folded == folded(name),
        rooms.c.removed_ms.is_(None),
        rooms.c.key != besides,
    )
    if connection.execute(select(rooms.c.key).where(*same).limit(1)).first() is not None:
        raise ChatError(ErrorCode.ROOM_ALREADY_EXISTS)


def _owner_key(connection: Connection, new: NewRoom) -> int:
    owner = new.owner
    if not new.is_newcomer:
        return owner.key
    return make_known(connection, owner.id, Identity(owner.name, owner.attributes, owner.origin), new.created).key


def _check_owner(connection: Connection, new: NewRoom, owner_key: int) -> None:
    if new.owner_limit is None:
        return
    owned = (
        select(func.count())
        .select_from(roles)
        .join(rooms, rooms.c.key == roles.c.room_key)
        .where(
            roles.c.user_key == owner_key,
            roles.c.role == Role.OWNER.value,
            rooms.c.kind == RoomKind.TEMPORARY.value,
        )
    )
    if connection.execute(owned).scalar_one() >= new.owner_limit:
        text = f"a user owns at most {new.owner_limit} temporary rooms"
        raise ChatError(ErrorCode.TOO_MANY_PRIVATE_ROOMS, text)
