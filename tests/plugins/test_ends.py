"""Bans and mutes end on time: not before, not later, across restarts, whatever becomes of the wall clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from typing import Any

import pytest
from twisted.internet.defer import fail
from twisted.internet.task import Clock

from chat import sanctions, times
from chat.errors import StorageError
from chat.model import BanScope, RoomId, UserId
from chat.requests import MutePlan, MuteUsers
from chat.testing import MemoryClient, MemoryServer
from tests.banning import HALL, TOWN, Make, backend, call, join, of_scope, said
from tests.conversing import logged_in

ALICE = UserId("alice")
HOUR_S, DAY = 3_600, timedelta(days=1)
KINDS = ["room", "channel", "global", "mute"]


class Wall:
    """The wall clock, which is set ahead or back by `jump`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.jump = timedelta()
        monkeypatch.setattr(times, "datetime", self)

    def now(self, zone: tzinfo) -> datetime:
        """In place of `datetime.now`."""
        return datetime.now(zone) + self.jump


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    return Wall(monkeypatch)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server(memory_server: Make, clock: Clock) -> MemoryServer:
    return memory_server(**TOWN, clock=clock)


async def sanction(server: MemoryServer, kind: str, duration: str = "1h") -> None:
    """Ban or mute alice."""
    await logged_in(server, "alice")
    if kind == "mute":
        plan = MutePlan(ALICE, HALL, duration, "why", UserId("0"))
        await server.server.services.dispatch(backend(server), MuteUsers((plan,)))
    else:
        assert await call(await logged_in(server, "mod"), "ban", of_scope("alice", kind, summary=duration)) == 200


async def refusal(server: MemoryServer, kind: str) -> Any:
    """The reply to what the sanction keeps alice from."""
    client: MemoryClient = server.client()
    reply = await client.login("alice")
    if kind != "global":
        reply = await client.call("join", join(HALL))
    return await client.call("message", said("hello")) if kind == "mute" else reply


async def is_refused(server: MemoryServer, kind: str) -> bool:
    reply = await refusal(server, kind)
    assert reply["status_code"] in (200, 703)
    return bool(reply["status_code"] == 703)


@pytest.mark.parametrize("kind", KINDS)
async def test_it_ends_on_time(server: MemoryServer, clock: Clock, kind: str) -> None:
    await sanction(server, kind)
    clock.advance(HOUR_S - 10)
    reply = await refusal(server, kind)
    assert reply["status_code"] == 703
    assert reply["data"]["object"]["summary"] == "10"
    clock.advance(10)
    assert not await is_refused(server, kind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("jump", [DAY, -DAY], ids=["ahead", "back"])
async def test_a_wall_clock_that_is_set_changes_nothing(
    server: MemoryServer, clock: Clock, wall: Wall, kind: str, jump: timedelta
) -> None:
    await sanction(server, kind)
    wall.jump = jump
    clock.advance(HOUR_S - 10)
    reply = await refusal(server, kind)
    assert reply["status_code"] == 703
    assert reply["data"]["object"]["summary"] == "10"
    clock.advance(10)
    assert not await is_refused(server, kind)
    wall.jump = -jump
    assert not await is_refused(server, kind)


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="the system has no clock that goes on in its sleep")
@pytest.mark.parametrize("kind", KINDS)
async def test_it_ends_while_the_machine_sleeps(
    memory_server: Make, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """In the time of the real reactor."""
    server, tell = memory_server(**TOWN), time.clock_gettime
    await sanction(server, kind)
    assert await is_refused(server, kind)
    slept = {time.CLOCK_BOOTTIME: HOUR_S}
    monkeypatch.setattr(time, "clock_gettime", lambda clock: tell(clock) + slept.get(clock, 0))
    assert not await is_refused(server, kind)


@pytest.mark.parametrize("kind", KINDS)
async def test_it_goes_on_after_a_restart_until_its_end(
    memory_server: Make, server: MemoryServer, clock: Clock, wall: Wall, kind: str
) -> None:
    await sanction(server, kind)
    await server.stop()
    wall.jump = timedelta(minutes=20)
    again = memory_server(**TOWN, clock=clock, data_dir=server.server.config.data_dir)
    clock.advance(HOUR_S - 20 * 60 - 10)
    assert await is_refused(again, kind)
    clock.advance(10)
    assert not await is_refused(again, kind)


@pytest.mark.parametrize("kind", KINDS)
async def test_what_ended_while_nobody_ran_is_over(
    memory_server: Make, server: MemoryServer, wall: Wall, kind: str
) -> None:
    await sanction(server, kind)
    await server.stop()
    wall.jump = timedelta(hours=1)
    again = memory_server(**TOWN, data_dir=server.server.config.data_dir)
    assert not await is_refused(again, kind)


@pytest.mark.parametrize("kind", KINDS)
async def test_what_has_ended_does_not_come_back_with_a_clock_that_was_set_back(
    memory_server: Make, server: MemoryServer, clock: Clock, wall: Wall, kind: str
) -> None:
    """The next mute or ban takes it out of the database."""
    await sanction(server, kind)
    clock.advance(HOUR_S)
    await logged_in(server, "mod")
    plan = MutePlan(UserId("mod"), RoomId("bar"), "1d", "", UserId("0"))
    await server.server.services.dispatch(backend(server), MuteUsers((plan,)))
    assert await call(await logged_in(server, "super"), "ban", of_scope("mod", "room", summary="1d")) == 200
    await server.stop()
    wall.jump = timedelta(hours=-1)
    again = memory_server(**TOWN, data_dir=server.server.config.data_dir)
    assert not await is_refused(again, kind)


async def test_a_jump_ahead_takes_nothing_out_of_the_database(
    memory_server: Make, server: MemoryServer, wall: Wall
) -> None:
    """Whatever is set while it lasts."""
    for kind in ("room", "mute"):
        await sanction(server, kind)
    wall.jump = DAY
    for kind in ("channel", "mute"):
        await sanction(server, kind, "2h")
    wall.jump = timedelta()
    await server.stop()
    again = memory_server(**TOWN, data_dir=server.server.config.data_dir)
    bans = again.server.services.rooms.bans
    assert bans.get((BanScope.ROOM.value, HALL), ALICE) is not None


@pytest.mark.parametrize("kind", KINDS)
async def test_a_start_with_the_clock_ahead_takes_nothing_out_of_the_database(
    memory_server: Make, server: MemoryServer, wall: Wall, kind: str
) -> None:
    """It holds again when the clock is right again, whatever was set meanwhile."""
    await sanction(server, kind, "2d")
    folder = server.server.config.data_dir
    await server.stop()
    for days in (400, 4_000):
        wall.jump = days * DAY
        ahead = memory_server(**TOWN, data_dir=folder)
        assert not await is_refused(ahead, kind)
        await ahead.stop()
    wall.jump = timedelta()
    assert await is_refused(memory_server(**TOWN, data_dir=folder), kind)


async def test_memory_forgets_what_has_ended(server: MemoryServer, clock: Clock) -> None:
    for kind in ("room", "channel", "mute", "global"):
        await sanction(server, kind)
    clock.advance(HOUR_S)
    await sanction(server, "room", "1m")
    await sanction(server, "mute", "1m")
    services = server.server.services
    held: list[Callable[[], Any]] = [lambda: services.rooms.bans._places, lambda: services.mutes._places]
    assert [list(places()) for places in held] == [[("room", HALL)], [("room", HALL)]]


def muted(*user_ids: str, duration: str = "1m") -> MuteUsers:
    """Mutes in the hall."""
    return MuteUsers(tuple(MutePlan(UserId(user_id), HALL, duration, "", UserId("0")) for user_id in user_ids))


async def test_of_many_that_have_ended_some_go_with_each_that_is_set(
    server: MemoryServer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sanctions, "ENDED_LIMIT", 2)
    services, gone = server.server.services, []
    put = services.store.put_sanctions

    def noting(new: Any, audits: Any, ended: Any, newcomers: Any) -> Any:
        gone.append(len(ended))
        return put(new, audits, ended, newcomers)

    await services.dispatch(
        backend(server), muted("mod", "super", "boss", "owner", "admin", "barkeeper", "lobbyist", "gardener")
    )
    clock.advance(60)
    monkeypatch.setattr(services.store, "put_sanctions", noting)
    for number in range(4):
        await services.dispatch(backend(server), muted("moderator", duration=f"{number + 1}h"))
    assert gone == [3, 3, 2, 0]
    assert [one.user_id for one in services.mutes.in_room(HALL)] == ["moderator"]


@pytest.mark.parametrize("kind", KINDS)
async def test_what_has_ended_is_not_forgotten_with_a_write_that_failed(
    memory_server: Make, server: MemoryServer, clock: Clock, wall: Wall, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """It goes with the next one."""
    await sanction(server, kind)
    clock.advance(HOUR_S)
    boss = await logged_in(server, "boss")
    with monkeypatch.context() as patch:
        patch.setattr(server.server.services.store, "put_sanctions", lambda *given: fail(StorageError("away")))
        assert await call(boss, "ban", of_scope("mod", "room")) == 250
        with pytest.raises(StorageError):
            await server.server.services.mutes.keep(server.server.services.store, [], [])
    assert not await is_refused(server, kind)
    await server.server.services.dispatch(backend(server), muted("mod"))
    assert await call(boss, "ban", of_scope("mod", "room")) == 200
    await server.stop()
    wall.jump = timedelta(hours=-1)
    again = memory_server(**TOWN, clock=clock, data_dir=server.server.config.data_dir)
    assert not await is_refused(again, kind)
