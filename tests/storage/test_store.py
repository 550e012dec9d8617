"""The store: numbers without gaps, retries, group commit, failures, migrations."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from alembic import op
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, delete, func, insert, select, update
from twisted.internet.defer import Deferred, gatherResults

from chat.config import ChannelSection, Config, GlobalRoles, RoomSection
from chat.declarations import declared_by
from chat.errors import ChatError, ConfigError, ErrorCode, StorageError
from chat.messages import Appended, Draft
from chat.model import Access, Mute, Role, Room, User, UserId
from chat.moderation import Audit
from chat.plugin import Identity
from chat.plugins.sqlite import plugin
from chat.storage import sql, writer
from chat.storage.engines import sqlite_engine
from chat.storage.migrating import alembic_config
from chat.storage.schema import audit, messages, metadata, rooms, sanctions, users
from chat.storage.sql import SqlStore
from chat.times import utc_now
from chat.world import World

ALICE, BOB = UserId("alice"), UserId("bob")
ROOMS = tuple(RoomSection(id=f"room{number}", name=f"Room {number}") for number in range(3))
CONFIG = Config(channels=(ChannelSection(id="lobby", name="Lobby", default=True, owners=("bob",), rooms=ROOMS),))


class Opened:
    """A store on a file, its world and two users."""

    def __init__(self, folder: Path, config: Config = CONFIG) -> None:
        from twisted.internet import reactor

        self.url = f"sqlite:///{folder}/data/chat.db"
        self.store: SqlStore = plugin.open(self.url, None, reactor)
        self.world: World = self.store.open(declared_by(config))
        self.rooms: list[Room] = sorted(self.world.rooms, key=lambda room: room.id)

    async def meet(self) -> None:
        self.alice = await self.store.record_login(ALICE, Identity("Alice", {"age": "30"}), utc_now())
        self.bob = await self.store.record_login(BOB, Identity("Bob", {}), utc_now())

    def draft(self, text: str, room: int = 0, author: User | None = None, client_id: str | None = None) -> Draft:
        return Draft(
            room=self.rooms[room], author=author or self.alice, body=text, published=utc_now(), client_id=client_id
        )

    def execute(self, statement: Any) -> Deferred[Any]:
        def run(connection: Connection) -> Any:
            result = connection.execute(statement)
            return result.all() if result.returns_rows else None

        return self.store._writer.write(run)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    one = Opened(tmp_path)
    pytest_twisted.blockon(Deferred.fromCoroutine(one.meet()))
    yield one
    pytest_twisted.blockon(Deferred.fromCoroutine(one.store.close()))


async def test_numbers_have_no_gaps_whatever_shares_a_commit(opened: Opened) -> None:
    drafts = [opened.draft(str(number), number % 3) for number in range(300)]
    appended: list[Appended] = await gatherResults([opened.store.append_message(draft) for draft in drafts])
    for room in range(3):
        mine = [one.message for one in appended[room::3]]
        assert [message.seq for message in mine] == list(range(1, 101))
        assert [message.key for message in mine] == sorted(message.key for message in mine)
        span = await opened.store.messages_after(opened.rooms[room], 0, 500)
        assert list(span.messages) == mine
        assert (span.head, span.floor) == (100, 0)


async def test_writes_fire_in_order(opened: Opened) -> None:
    fired: list[int] = []
    waiting = []

    def note(result: Any, number: int) -> None:
        fired.append(number)

    for number in range(50):
        if number % 5:
            write: Deferred[Any] = opened.store.append_message(opened.draft("x"))
        else:
            write = opened.store.ping()
        write.addCallback(note, number)
        waiting.append(write)
    await gatherResults(waiting)
    assert fired == list(range(50))


async def test_a_retry_stores_nothing(opened: Opened) -> None:
    first = await opened.store.append_message(opened.draft("hello", client_id="a"))
    again = await opened.store.append_message(opened.draft("hello", client_id="a"))
    assert (first.repeated, again.repeated) == (False, True)
    assert again.message == first.message
    with pytest.raises(ChatError) as refused:
        await opened.store.append_message(opened.draft("other", client_id="a"))
    assert refused.value.code is ErrorCode.VALIDATION_ERROR
    for other in (opened.draft("x", author=opened.bob, client_id="a"), opened.draft("x", 1, client_id="a")):
        assert not (await opened.store.append_message(other)).repeated


async def test_a_retry_in_the_same_commit(opened: Opened) -> None:
    texts = ["same", "same", "other"]
    results: list[Any] = []
    for text in texts:
        write = opened.store.append_message(opened.draft(text, client_id="a"))
        write.addBoth(results.append)
    await opened.store.ping()
    assert [one.repeated for one in results[:2]] == [False, True]
    assert results[1].message == results[0].message
    assert results[2].check(ChatError)
    assert (await opened.store.recent_messages(opened.rooms[0], 10)).head == 1


async def test_a_retry_counts_for_a_day(opened: Opened) -> None:
    first = await opened.store.append_message(opened.draft("hello", client_id="a"))
    await opened.execute(update(messages).values(published_ms=messages.c.published_ms - 86_400_001))
    later = await opened.store.append_message(opened.draft("hello", client_id="a"))
    assert not later.repeated
    assert later.message.id != first.message.id


async def test_one_failure_rolls_back_one_write(opened: Opened) -> None:
    def broken(connection: Connection) -> None:
        connection.execute(insert(users).values(id="x", name="x", origin="x", attributes="{}", created_ms=1))
        raise ValueError("no")

    before = opened.store.append_message(opened.draft("before"))
    failing = opened.store._writer.write(broken)
    after = opened.store.append_message(opened.draft("after"))
    assert (await before).message.seq == 1
    with pytest.raises(StorageError):
        await failing
    assert (await after).message.seq == 2
    assert await opened.store.find_user(UserId("x")) is None


async def test_a_failed_commit_is_tried_one_by_one(opened: Opened) -> None:
    nobody = User(999, UserId("gone"), "Gone", "test", {})
    lost = Draft(room=opened.rooms[0], author=nobody, body="x", published=utc_now())
    first, failing = opened.store.append_message(opened.draft("1")), opened.store.append_message(lost)
    last = opened.store.append_message(opened.draft("2"))
    assert (await first).message.seq == 1
    with pytest.raises(StorageError):
        await failing
    assert (await last).message.seq == 2


async def test_the_queue_is_bounded(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "QUEUE_LIMIT", 2)
    gate = threading.Event()
    blocked = opened.store._writer.write(lambda connection: gate.wait(30))
    second = opened.store.ping()
    with pytest.raises(StorageError, match="no more writes"):
        await opened.store.ping()
    gate.set()
    assert await blocked
    await second
    await opened.store.ping()


async def test_a_write_is_not_waited_for_without_end(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "WRITE_TIMEOUT_S", 0)
    gate = threading.Event()
    blocked = opened.store._writer.write(lambda connection: gate.wait(30))
    with pytest.raises(StorageError, match="did not answer in time"):
        await blocked
    gate.set()
    monkeypatch.undo()
    await opened.store.ping()


async def test_a_stop_is_not_waited_for_without_end(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file stays locked: somebody may still be writing."""
    gate = threading.Event()
    blocked = opened.store._writer.write(lambda connection: gate.wait(30))
    with monkeypatch.context() as patched:
        patched.setattr(sql, "CLOSE_TIMEOUT_S", 0)
        await opened.store.close()
    with pytest.raises(ConfigError, match="another server"):
        Opened(tmp_path)
    gate.set()
    assert await blocked
    await opened.store.close()
    again = Opened(tmp_path)
    await again.store.close()


async def test_reads(opened: Opened) -> None:
    for number in range(6):
        await opened.store.append_message(opened.draft(str(number)))
    opened_room = opened.rooms[0]
    await opened.store._writer.write(
        lambda connection: connection.execute(update(messages).where(messages.c.seq == 5).values(deleted_ms=1)) and None
    )
    recent = await opened.store.recent_messages(opened_room, 3)
    assert [message.seq for message in recent.messages] == [3, 4, 6]
    assert recent.head == 6
    after = await opened.store.messages_after(opened_room, 3, 2)
    assert [(message.seq, message.deleted) for message in after.messages] == [(4, False), (5, True)]
    now = utc_now()
    assert (await opened.store.messages_since(opened_room, now + timedelta(hours=1), 10)).messages == ()
    since = await opened.store.messages_since(opened_room, now - timedelta(hours=1), 2)
    assert [message.seq for message in since.messages] == [4, 6]
    assert recent.messages[0].author == opened.alice
    assert await opened.store.find_user(ALICE) == opened.alice


def test_reads_cannot_write(opened: Opened) -> None:
    engine = sqlite_engine(opened.url, writes=False)
    with pytest.raises(Exception, match="readonly"), engine.begin() as connection:
        connection.execute(delete(users))
    engine.dispose()


async def test_a_login_updates_name_and_attributes(opened: Opened) -> None:
    changed = await opened.store.record_login(ALICE, Identity("Alicia", {"age": "31"}), utc_now())
    assert (changed.key, changed.name, changed.attributes) == (opened.alice.key, "Alicia", {"age": "31"})
    assert await opened.store.find_user(ALICE) == changed


async def test_mutes_and_their_audit_rows(opened: Opened) -> None:
    now = utc_now()
    room = opened.rooms[0].id
    for duration in ("1h", "2h"):
        mute = Mute(ALICE, room, BOB, duration, "why", now + timedelta(hours=1))
        await opened.store.put_mutes([mute], [Audit(now, "key", BOB, "mute", ALICE, room, "why", mute.until)])
    count = select(func.count()).select_from(sanctions)
    run = opened.store._writer.write
    assert await run(lambda connection: connection.execute(count).scalar_one()) == 1
    await opened.store.end_mute(ALICE, room, Audit(now, "key", BOB, "unmute", ALICE, room, ""))
    assert await run(lambda connection: connection.execute(count).scalar_one()) == 0
    rows = await run(lambda connection: connection.execute(select(audit.c.action, audit.c.key_name)).all())
    assert rows == [("mute", "key"), ("mute", "key"), ("unmute", "key")]


async def test_what_is_declared_follows_the_configuration(tmp_path: Path) -> None:
    first = Opened(tmp_path)
    kept = {room.id: room.key for room in first.world.rooms}
    await first.store.close()
    section = ChannelSection(
        name="Lobby",
        default=True,
        admins=("alice",),
        rooms=(RoomSection(name="Room 0", access="members", owners=("carol",)), RoomSection(name="New")),
    )
    second = Opened(tmp_path, Config(channels=(section,), roles=GlobalRoles(superusers=("bob",))))
    world = second.world
    await second.store.close()
    (channel,) = world.channels
    assert channel.id == "lobby"
    by_name = {room.name: room for room in world.rooms}
    assert {room.id: room.key for room in world.rooms if room.name != "New"} == kept
    assert by_name["Room 0"].access is Access.MEMBERS
    assert world.members == {by_name["Room 0"].id: {"carol"}}
    grants = {(grant.user_id, grant.role) for grant in world.grants}
    assert grants == {("bob", Role.SUPERUSER), ("alice", Role.ADMIN), ("carol", Role.OWNER)}


def test_the_migrations_make_the_schema(opened: Opened) -> None:
    engine = sqlite_engine(opened.url, writes=False)
    with engine.begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_the_migrations_are_in_the_package() -> None:
    assert alembic_config().get_main_option("script_location") == str(files("chat.storage") / "migrations")
    assert (files("chat.storage") / "migrations" / "versions" / "v0001_first.py").is_file()


def test_a_broken_migration_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = op.create_index

    def fail_late(name: str, *arguments: Any, **named: Any) -> None:
        if "timers" in name:
            raise ConfigError("killed here")
        original(name, *arguments, **named)

    monkeypatch.setattr("alembic.op.create_index", fail_late)
    with pytest.raises(ConfigError, match="killed here"):
        Opened(tmp_path)
    monkeypatch.undo()
    engine = sqlite_engine(f"sqlite:///{tmp_path}/data/chat.db", writes=False)
    with engine.begin() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar() == 0
    engine.dispose()


async def test_the_database_is_as_durable_as_it_can_be(opened: Opened) -> None:
    for name, value in (("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)):
        engine = sqlite_engine(opened.url, writes=False)
        with engine.connect() as connection:
            assert connection.exec_driver_sql(f"PRAGMA {name}").scalar() == value
        engine.dispose()
    with pytest.raises(StorageError):
        values = {"id": "x", "channel_key": 999, "name": "x", "kind": "static", "access": "open", "sort": 0}
        await opened.execute(insert(rooms).values(created_ms=0, **values))


async def test_what_the_database_gives_up_counts_for_nothing(opened: Opened) -> None:
    """A full disk can make SQLite roll everything back by itself."""

    def give_up(connection: Connection) -> None:
        connection.exec_driver_sql("ROLLBACK")
        raise OSError("disk full")

    before = opened.store.append_message(opened.draft("before"))
    failing = opened.store._writer.write(give_up)
    after = opened.store.append_message(opened.draft("after"))
    assert (await before).message.seq == 1
    with pytest.raises(StorageError):
        await failing
    assert (await after).message.seq == 2
    kept = await opened.store.messages_after(opened.rooms[0], 0, 10)
    assert [message.body for message in kept.messages] == ["before", "after"]
