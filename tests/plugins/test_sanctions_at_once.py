"""Two who ban or mute the same user at once: the rule of rank holds as if one had come after the other."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred, ensureDeferred, gatherResults

from chat.errors import ChatError
from chat.model import SYSTEM_ID, BanScope, UserId
from chat.plugin import Context
from chat.requests import BanPlan, BanUsers, MutePlan, MuteUsers, UnbanUser, UnmuteUser
from chat.slots import Activity
from chat.testing import MemoryServer
from chat.times import utc_now
from tests.banning import HALL, LOBBY, TOWN, Make, backend
from tests.conversing import logged_in

ALICE, BOB, SUPER, MOD = map(UserId, ("alice", "bob", "super", "mod"))
TARGETS = {BanScope.ROOM: HALL, BanScope.CHANNEL: LOBBY, BanScope.GLOBAL: ""}
KINDS = (*BanScope, "mute")
given = pytest.mark.parametrize("kind", KINDS, ids=str)


@pytest.fixture
def server(memory_server: Make) -> MemoryServer:
    return memory_server(**TOWN)


async def come(server: MemoryServer) -> None:
    for user_id in (ALICE, BOB, SUPER, MOD):
        await logged_in(server, user_id)


def setting(kind: Any, by: UserId, duration: str) -> Activity:
    if kind == "mute":
        return MuteUsers((MutePlan(ALICE, HALL, duration, None, by),))
    return BanUsers((BanPlan(ALICE, kind, TARGETS[kind], duration, "", by),))


def ending(kind: Any) -> Activity:
    return UnmuteUser(ALICE, HALL) if kind == "mute" else UnbanUser(ALICE, kind, TARGETS[kind])


def ask(server: MemoryServer, user_id: UserId, request: Activity) -> Deferred[int]:
    """In the name of a user. The code of the answer."""

    async def code() -> int:
        services = server.server.services
        try:
            await services.dispatch(Context(utc_now(), await services.users.known(user_id)), request)
        except ChatError as refusal:
            return refusal.code.wire
        return 200

    return ensureDeferred(code())


async def in_force(server: MemoryServer, kind: Any, make: Make) -> set[tuple[UserId, str] | None]:
    """Who set what holds, and for how long: in memory, and in the store."""
    found = set()
    for _ in range(2):
        services = server.server.services
        if kind == "mute":
            held: Any = services.mutes.of(ALICE, HALL)
        else:
            held = services.rooms.bans.get((kind.value, TARGETS[kind]), ALICE)
        found.add(None if held is None else (held.actor_id, held.duration))
        await server.stop()
        server = make(**TOWN, data_dir=server.server.config.data_dir)
    return found


@given
async def test_nobody_below_replaces_what_is_on_its_way(server: MemoryServer, memory_server: Make, kind: Any) -> None:
    await come(server)
    both = [ask(server, SUPER, setting(kind, SUPER, "1d")), ask(server, MOD, setting(kind, MOD, "5s"))]
    assert await gatherResults(both) == [200, 705]
    assert await in_force(server, kind, memory_server) == {(SUPER, "1d")}


@given
async def test_nobody_below_ends_what_is_on_its_way(server: MemoryServer, memory_server: Make, kind: Any) -> None:
    """Though the one that it replaces was of one's own."""
    await come(server)
    assert await ask(server, MOD, setting(kind, MOD, "1h")) == 200
    both = [ask(server, SUPER, setting(kind, SUPER, "1d")), ask(server, MOD, ending(kind))]
    assert await gatherResults(both) == [200, 705]
    assert await in_force(server, kind, memory_server) == {(SUPER, "1d")}


@given
async def test_who_is_above_comes_after(server: MemoryServer, memory_server: Make, kind: Any) -> None:
    await come(server)
    asked = [
        ask(server, MOD, setting(kind, MOD, "1d")),
        ask(server, SUPER, setting(kind, SUPER, "1h")),
        ask(server, MOD, setting(kind, MOD, "1m")),
        ask(server, SUPER, ending(kind)),
    ]
    assert await gatherResults(asked) == [200, 200, 705, 200]
    assert await in_force(server, kind, memory_server) == {None}


@pytest.mark.parametrize("is_mute", [True, False])
async def test_batches_at_once_in_any_order_of_their_users(server: MemoryServer, is_mute: bool) -> None:
    await come(server)
    users, dispatch = (ALICE, BOB), server.server.services.dispatch

    def batch(order: tuple[UserId, ...], duration: str) -> Activity:
        if is_mute:
            return MuteUsers(tuple(MutePlan(user, HALL, duration, None, SYSTEM_ID) for user in order))
        return BanUsers(tuple(BanPlan(user, BanScope.ROOM, HALL, duration, "", SYSTEM_ID) for user in order))

    calls = [dispatch(backend(server), batch(*one)) for one in ((users, "1h"), (users[::-1], "2h"), (users, "3h"))]
    await gatherResults([ensureDeferred(call) for call in calls])  # type: ignore[arg-type]
    kept: Any = server.server.services.mutes if is_mute else server.server.services.rooms.bans
    assert [kept.get(("room", HALL), user).duration for user in users] == ["3h", "3h"]
