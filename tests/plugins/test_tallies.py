"""Joins of rooms and users' last time online, as backends ask for them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NoReturn, cast

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from chat.errors import ChatError, StorageError
from chat.model import RoomId, UserId
from chat.plugin import Context
from chat.plugins.rest_tallies import GetLastOnline, UsersAsked
from chat.storage.sql import SqlStore
from chat.tallies import Tallies
from chat.testing import MemoryServer
from chat.times import utc_now
from tests.conversing import CHANNELS, JOIN, LEAVE, ROOM, inside, logged_in

ALICE = UserId("alice")
Make = Callable[..., MemoryServer]


@pytest.fixture
def server(memory_server: Make) -> MemoryServer:
    return memory_server(channels=CHANNELS)


async def test_a_join_counts_once_per_coming_in(memory_server: Make, server: MemoryServer) -> None:
    alice, second = await inside(server, "alice"), await inside(server, "alice")
    for body, verb in ((LEAVE, "leave"), (JOIN, "join"), (JOIN, "join")):
        await alice.call(verb, body)
    await inside(server, "bob")
    tallies = server.server.services.tallies
    assert await tallies.joins([ROOM, RoomId("nowhere")]) == {ROOM: 3}
    await second.call("join", JOIN)
    await alice.call("leave", LEAVE)
    await alice.call("join", JOIN)
    await server.stop()
    again = memory_server(data_dir=server.server.config.data_dir, channels=CHANNELS)
    assert await again.server.services.tallies.joins([ROOM]) == {ROOM: 4}


async def test_last_online_is_when_others_saw_the_user_go(server: MemoryServer) -> None:
    tallies, before = server.server.services.tallies, utc_now()
    alice, second = await logged_in(server, "alice"), await logged_in(server, "alice")
    await alice.leave()
    assert await tallies.last_online([ALICE]) == {}
    await second.leave()
    first = (await tallies.last_online([ALICE, UserId("nobody")]))[ALICE]
    assert before <= first <= utc_now()
    third = await logged_in(server, "alice")
    await third.call("status", {"verb": "invisible"})
    hidden = (await tallies.last_online([ALICE]))[ALICE]
    assert hidden >= first
    await third.leave()
    fourth = server.client()
    await fourth.call("login", {"verb": "login", "actor": {"id": "alice", "content": "invisible"}})
    await fourth.leave()
    assert (await tallies.last_online([ALICE]))[ALICE] == hidden


async def test_who_asks_waits_for_what_is_being_written(server: MemoryServer) -> None:
    tallies, at = server.server.services.tallies, utc_now()
    await logged_in(server, "alice")
    for number in range(20):
        tallies.went_offline(ALICE, at + timedelta(seconds=number))
        tallies.joined(ROOM)
        writing = Deferred.fromCoroutine(tallies.write())
        assert await tallies.last_online([ALICE]) == {ALICE: at + timedelta(seconds=number)}
        assert await tallies.joins([ROOM]) == {ROOM: number + 1}
        await writing


async def test_what_could_not_be_written_is_written_later(
    server: MemoryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = server.server.services
    services.tallies.joined(ROOM)
    services.tallies.went_offline(ALICE, utc_now() - timedelta(days=1))
    later = utc_now()
    await logged_in(server, "alice")
    writer = cast("SqlStore", services.store)._writer
    write = writer.write
    monkeypatch.setattr(writer, "write", _refuse)
    with pytest.raises(StorageError):
        await services.tallies.write()
    services.tallies.joined(ROOM)
    services.tallies.went_offline(ALICE, later)
    monkeypatch.setattr(writer, "write", write)
    assert await services.tallies.joins([ROOM]) == {ROOM: 2}
    assert await services.tallies.last_online([ALICE]) == {ALICE: later}


def _refuse(work: object) -> None:
    raise StorageError("not now")


class TooMany(tuple[str, ...]):
    """Ids that are counted alone."""

    def __iter__(self) -> NoReturn:
        raise AssertionError("so many ids are not to be looked at")


async def test_ids_are_counted_before_they_are_looked_at(server: MemoryServer) -> None:
    services = server.server.services
    with pytest.raises(ChatError, match="ask for 1 to 1000"):
        await GetLastOnline(services).call(
            Context(utc_now(), services.users.system), UsersAsked(users=TooMany(["x"] * 1001))
        )


async def test_after_a_stop_nothing_is_tried_again(memory_server: Make) -> None:
    clock = Clock()
    server = memory_server(channels=CHANNELS, clock=clock)
    await inside(server, "alice")
    await server.stop()
    server.server.services.tallies.joined(ROOM)
    calls: list[Any] = list(clock.getDelayedCalls())
    assert not [call for call in calls if isinstance(getattr(call.func, "__self__", None), Tallies)]
