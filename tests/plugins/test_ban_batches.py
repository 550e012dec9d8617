"""Bans of many users at once, as backends make them: all or none, also of users whom nobody knows yet."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from itertools import pairwise
from typing import Any

import pytest
from msgspec import structs
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from chat.errors import ChatError, ErrorCode
from chat.model import SYSTEM_ID, BanScope, UserId
from chat.occupancy import DEPARTURES_AT_ONCE
from chat.plugin import Outcome
from chat.requests import BanPlan, BanUsers, BringIn, KeepOnline
from chat.testing import MemoryClient, MemoryServer
from chat.texts import base64_of
from tests.banning import BAR, HALL, LAWN, LOBBY, PORCH, TOWN, Make, backend, call, inside, join, names
from tests.conversing import eventually, logged_in
from tests.held import Held

ALICE, BOB, MOD, STRANGER = map(UserId, ("alice", "bob", "mod", "stranger"))
IN_HALL = BanPlan(ALICE, BanScope.ROOM, HALL, "1h", "why not", SYSTEM_ID)
EVERYWHERE = BanPlan(BOB, BanScope.GLOBAL, "", "2h", "", SYSTEM_ID)
NEW = BanPlan(STRANGER, BanScope.GLOBAL, "", "3h", "", SYSTEM_ID, "Strånger")


@pytest.fixture
def server(memory_server: Make) -> MemoryServer:
    return memory_server(**TOWN)


async def ban(server: MemoryServer, *plans: BanPlan) -> None:
    await server.server.services.dispatch(backend(server), BanUsers(plans))


def stored(server: MemoryServer, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"{server.server.config.data_dir}/chat.db")) as database:
        return database.execute(query).fetchall()


async def test_all_are_out_and_hear_it_once(server: MemoryServer) -> None:
    alice, bob, carol = [await inside(server, name) for name in (ALICE, BOB, "carol")]
    await ban(server, IN_HALL, EVERYWHERE)
    assert await bob.closed() == 4003
    for client in (alice, carol):
        await client.sync()
    told = ["gn_user_banned", "gn_user_kicked"]
    assert names(alice) == ["gn_banned", *told]
    assert names(bob) == ["gn_banned", *told]
    assert [one["object"]["id"] for one in carol.heard("gn_user_banned")] == [ALICE, BOB]
    assert [one["object"]["id"] for one in carol.heard("gn_user_kicked")] == [ALICE, BOB]
    assert await call(alice, "join", join(HALL)) == 703
    assert (await server.client().login(BOB))["status_code"] == 703


async def test_a_ban_is_in_the_name_of_its_own_actor(server: MemoryServer) -> None:
    alice, bob = await inside(server, ALICE), await inside(server, BOB)
    await logged_in(server, MOD)
    await ban(server, structs.replace(IN_HALL, actor_id=MOD), structs.replace(IN_HALL, user_id=BOB))
    for client, actor in ((alice, (MOD, "mod")), (bob, (SYSTEM_ID, "admin"))):
        await client.sync()
        (banned,) = client.heard("gn_banned")
        assert banned["actor"] == {"id": actor[0], "displayName": base64_of(actor[1])}
        mine = [one for one in client.heard("gn_user_kicked") if one["object"]["id"] == banned["object"]["id"]]
        assert [one["actor"]["id"] for one in mine] == [actor[0]]
    rows = stored(server, "SELECT key_name, actor_id, action, user_id FROM audit ORDER BY key")
    assert rows == [("key", MOD, "ban-room", ALICE), ("key", SYSTEM_ID, "ban-room", BOB)]


async def test_the_rights_are_those_of_the_key_whoever_is_said_to_act(server: MemoryServer) -> None:
    operator, _ = await inside(server, "super"), await logged_in(server, BOB)
    await ban(server, structs.replace(IN_HALL, user_id=UserId("super"), actor_id=BOB))
    await operator.sync()
    assert len(operator.heard("gn_banned")) == 1


async def test_who_is_not_known_is_made_known_and_kept_out(server: MemoryServer) -> None:
    await ban(server, NEW)
    assert stored(server, "SELECT name, origin FROM users WHERE id = 'stranger'") == [("Strånger", "backend")]
    client = server.client()
    reply = await client.login(STRANGER)
    assert (reply["status_code"], reply["data"]["target"]) == (703, {"objectType": "global"})
    assert client.heard("gn_banned")[0]["object"]["displayName"] == base64_of("Strånger")
    assert await client.closed() == 4003


async def test_who_is_known_keeps_the_name(server: MemoryServer) -> None:
    alice = await inside(server, ALICE)
    await ban(server, structs.replace(IN_HALL, name="Somebody else"))
    await alice.sync()
    assert alice.heard("gn_banned")[0]["object"]["displayName"] == base64_of(ALICE)
    assert stored(server, "SELECT name FROM users WHERE id = 'alice'") == [(ALICE,)]


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ({"duration": "0s"}, ErrorCode.INVALID_BAN_DURATION),
        ({"duration": "99999999d"}, ErrorCode.INVALID_BAN_DURATION),
        ({"target_id": "nowhere"}, ErrorCode.NO_SUCH_ROOM),
        ({"scope": BanScope.CHANNEL}, ErrorCode.NO_SUCH_CHANNEL),
        ({"target_id": LOBBY}, ErrorCode.NO_SUCH_ROOM),
        ({"actor_id": UserId("nobody")}, ErrorCode.NO_SUCH_USER),
        ({"user_id": UserId("nobody")}, ErrorCode.NO_SUCH_USER),
        ({"user_id": SYSTEM_ID}, ErrorCode.NOT_ALLOWED),
        ({"user_id": UserId("no id"), "name": "x"}, ErrorCode.VALIDATION_ERROR),
        ({"user_id": UserId("nobody"), "name": "x" * 1_025}, ErrorCode.VALIDATION_ERROR),
    ],
)
async def test_a_bad_entry_keeps_all_from_happening(server: MemoryServer, bad: dict[str, Any], code: ErrorCode) -> None:
    alice, bob = await inside(server, ALICE), await inside(server, BOB)
    wrong = structs.replace(IN_HALL, **bad)
    with pytest.raises(ChatError) as refused:
        await ban(server, EVERYWHERE, NEW, wrong, structs.replace(IN_HALL, duration="worse"))
    assert refused.value.code is code
    assert refused.value.detail.endswith(f" for user id {wrong.user_id}")
    for client in (alice, bob):
        await client.sync()
        assert names(client) == []
    assert stored(server, "SELECT key FROM sanctions UNION SELECT key FROM audit") == []
    assert stored(server, "SELECT id FROM users WHERE id IN ('stranger', 'nobody', 'no id')") == []


CROWD = tuple(UserId(f"one-{number}") for number in range(50))
PLACES = (HALL, BAR, PORCH, LAWN)


async def crowd(server: MemoryServer) -> None:
    """Many who beat, and are in all the places."""
    services = server.server.services
    users = [await services.users.made_known(user_id, None, backend(server).now) for user_id in CROWD]
    await services.dispatch(backend(server), KeepOnline(tuple(users)))
    for user_id in CROWD:
        for room_id in PLACES:
            await services.dispatch(backend(server), BringIn(user_id, room_id))


def still_there(server: MemoryServer) -> int:
    """In how many rooms those of the crowd are, all in all."""
    return sum(len(server.server.presence.rooms_of(user_id)) for user_id in CROWD)


def banning(server: MemoryServer) -> Deferred[Outcome]:
    """All of the crowd are banned from the server, in one call."""
    plans = tuple(structs.replace(EVERYWHERE, user_id=user_id) for user_id in CROWD)
    return Deferred.fromCoroutine(server.server.pipeline.dispatch(backend(server), BanUsers(plans)))


def all_told(server: MemoryServer, client: MemoryClient) -> bool:
    """Whether the client has heard of everybody, as often as there are rooms that it is in."""
    return [one["object"]["id"] for one in client.heard("gn_user_kicked")] == list(CROWD) and not still_there(server)


async def test_many_go_out_some_by_some_and_are_kept_out_at_once(server: MemoryServer) -> None:
    from twisted.internet import reactor

    watcher = await inside(server, "watcher")
    await crowd(server)
    banned, there = banning(server), [still_there(server)]
    while not banned.called:
        await deferLater(reactor, 0)
        there.append(still_there(server))
        if there[-1] < there[0]:
            assert all(server.server.services.rooms.bans.of(user_id) for user_id in CROWD)
    assert (there[0], there[-1]) == (len(CROWD) * len(PLACES), 0)
    gone = [before - after for before, after in pairwise(there)]
    assert max(gone) <= DEPARTURES_AT_ONCE + len(PLACES)
    await server.settle()
    assert all_told(server, watcher)


async def give_up(banned: Deferred[Outcome]) -> None:
    """Whoever called waits no longer."""
    banned.cancel()
    with pytest.raises(ChatError):
        await banned


async def test_they_go_out_also_when_nobody_waits_for_the_commit(
    server: MemoryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    watcher = await inside(server, "watcher")
    await crowd(server)
    held = Held(monkeypatch, "put_sanctions")
    banned = banning(server)
    await held.begun()
    await give_up(banned)
    assert still_there(server) == len(CROWD) * len(PLACES)
    await held.let_through(server)
    await eventually(lambda: not still_there(server))
    await server.settle()
    assert all_told(server, watcher)


async def test_they_go_out_also_when_nobody_waits_for_the_last(server: MemoryServer) -> None:
    from twisted.internet import reactor

    watcher = await inside(server, "watcher")
    await crowd(server)
    banned = banning(server)
    while still_there(server) == len(CROWD) * len(PLACES):
        await deferLater(reactor, 0)
    await give_up(banned)
    assert still_there(server)
    await eventually(lambda: not still_there(server))
    await server.settle()
    assert all_told(server, watcher)
    assert not any(server.server.presence.is_online(user_id) for user_id in CROWD)
