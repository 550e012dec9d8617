"""Fills a database as if a large chat had used it for long: rooms, users, mutes, bans and messages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert

from chat.messages import Draft
from chat.model import Access, Room, RoomId, RoomKind, User, UserId, new_id
from chat.names import folded
from chat.plugins.sqlite import SqliteDialect
from chat.storage.appending import Appender
from chat.storage.schema import channels, rooms, sanctions, users
from chat.times import to_ms, utc_now

ROOMS, USERS, MUTES, MESSAGES, BATCH = 10_000, 10_000, 100_000, 100_000, 1_000
# One of each user, from a room in use.
BANS = USERS
BODY = "what somebody said some time ago"


def fill(
    file: Path, channel_id: str, first_rooms: Sequence[str], messages: int = MESSAGES, of_one_in: int = USERS
) -> None:
    """Make the file. The messages and the mutes are spread over the first rooms alone, where they are in the way. One
    message in so many is of the first user.
    """
    dialect = SqliteDialect(f"sqlite:///{file}")
    dialect.prepare()
    engine = dialect.write_engine()
    appender = Appender(engine.dialect)
    with engine.connect() as connection:
        with connection.begin():
            room_ids = [*first_rooms, *(new_id() for _ in range(ROOMS - len(first_rooms)))]
            busy = _rooms(connection, channel_id, room_ids)[: len(first_rooms)]
            authors = _users(connection)
            _sanctions(connection, "mute", MUTES, busy, authors)
            _sanctions(connection, "ban", BANS, busy, authors)
        for batch in _batches(busy, _writers(authors, messages, of_one_in)):
            with connection.begin():
                appender.append_many(connection, batch)
    engine.dispose()
    dialect.release()


def _rooms(connection: Connection, channel_id: str, room_ids: Iterable[str]) -> list[Room]:
    channel = {"id": channel_id, "name": "Load", "sort": 0, "tags": "", "is_default": True, "created_ms": 0}
    made = insert(channels).values(channel).returning(channels.c.key)
    channel_key = connection.execute(made).scalar_one()
    return [_room(connection, channel_key, room_id, number) for number, room_id in enumerate(room_ids)]


def _room(connection: Connection, channel_key: int, room_id: str, number: int) -> Room:
    name = f"Room {number}"
    values = {"id": room_id, "channel_key": channel_key, "name": name, "folded": folded(name), "created_ms": 0}
    rest = {"kind": RoomKind.STATIC.value, "access": Access.OPEN.value, "sort": 0}
    key = connection.execute(insert(rooms).values(values | rest).returning(rooms.c.key)).scalar_one()
    return Room(key, RoomId(room_id), name, None, RoomKind.STATIC, Access.OPEN, 0)


def _users(connection: Connection) -> list[User]:
    made = []
    for number in range(USERS):
        values: dict[str, Any] = {"id": f"stored-{number}", "name": f"User {number}", "origin": "login"}
        row = insert(users).values(**values, attributes='{"age":"30"}', created_ms=0).returning(users.c.key)
        made.append(User(connection.execute(row).scalar_one(), UserId(values["id"]), values["name"], "login", {}))
    return made


def _sanctions(connection: Connection, kind: str, count: int, busy: Sequence[Room], whom: Sequence[User]) -> None:
    until_ms = to_ms(utc_now() + timedelta(days=1))
    same = {"kind": kind, "scope": "room", "duration": "1d", "reason": "", "created_ms": 0, "until_ms": until_ms}
    targets = [(busy[(number // USERS) % len(busy)], whom[number % USERS]) for number in range(count)]
    rows = [same | {"target_key": room.key, "user_key": user.key, "actor_key": whom[0].key} for room, user in targets]
    connection.execute(insert(sanctions), rows)


def _writers(users: Sequence[User], count: int, of_one_in: int) -> Iterator[User]:
    for number in range(count):
        yield users[0 if number % of_one_in == 0 else number % len(users)]


def _batches(busy: Sequence[Room], writers: Iterable[User]) -> Iterator[list[Draft]]:
    now = utc_now()
    drafts = (
        Draft(room=busy[number // len(busy) % len(busy)], author=author, body=BODY, published=now, client_id=new_id())
        for number, author in enumerate(writers)
    )
    while batch := list(islice(drafts, BATCH)):
        yield batch
