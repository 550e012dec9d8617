"""Many mutes and bans at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, func, insert, select

from chat.model import Ban, BanScope, Mute, RoomId, Sanction, UserId
from chat.moderation import Audit
from chat.plugin import Identity
from chat.storage.engines import sqlite_engine
from chat.storage.sanctioning import put_sanctions
from chat.storage.schema import audit, channels, metadata, rooms, sanctions, users
from chat.times import utc_now

BOB = UserId("bob")


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    """Of a database with a user, a channel and a room."""
    engine = sqlite_engine(f"sqlite:///{tmp_path}/chat.db", writes=True)
    with engine.connect() as connection:
        with connection.begin():
            metadata.create_all(connection)
            connection.execute(insert(users).values(id=BOB, name="", origin="", attributes="{}", created_ms=0))
            lobby = {"id": "lobby", "name": "", "sort": 0, "created_ms": 0}
            adding = insert(channels).values(tags="", is_default=True).returning(channels.c.key)
            key = connection.execute(adding, lobby).scalar_one()
            hall = {"id": "hall", "channel_key": key, "folded": "", "kind": "static", "access": "public"}
            connection.execute(insert(rooms), lobby | hall)
        yield connection
    engine.dispose()


def put(connection: Connection, count: int) -> int:
    """Sanction so many newcomers in all ways; how many statements that takes."""
    statements: list[str] = []
    event.listen(connection, "before_cursor_execute", lambda *given: statements.append(given[2]))
    newcomers = {UserId(f"{count}-{number}"): Identity("", {}) for number in range(count)}
    until = utc_now() + timedelta(hours=1)
    new: list[Sanction] = []
    for user_id in newcomers:
        new += [
            Mute(user_id, RoomId("hall"), BOB, "1h", "", until),
            Ban(user_id, BanScope.ROOM, "hall", BOB, "1h", "", until),
            Ban(user_id, BanScope.CHANNEL, "lobby", BOB, "1h", "", until),
            Ban(user_id, BanScope.GLOBAL, "", BOB, "1h", "", until),
        ]
    rows = [Audit(until, "", BOB, "ban", one.user_id, None, "") for one in new]
    with connection.begin():
        put_sanctions(connection, new, rows, new[:8], newcomers)
    return len(statements)


def test_many_take_no_more_statements_than_few(connection: Connection) -> None:
    assert put(connection, 2) == put(connection, 1_000) < 15
    for table in (sanctions, audit):
        assert connection.execute(select(func.count()).select_from(table)).scalar_one() == 4_008
