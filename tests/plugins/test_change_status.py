"""How a backend lets users be seen, connected or not."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest

from chat.config import GlobalRoles
from chat.errors import ChatError, ErrorCode
from chat.model import Status, UserId
from chat.plugin import Context
from chat.requests import ChangeStatus, KeepOnline
from chat.testing import MemoryClient, MemoryServer
from chat.times import utc_now
from tests.conversing import CHANNELS, JOIN, inside, logged_in

ALICE = UserId("alice")
Make = Callable[..., MemoryServer]


@pytest.fixture
def server(memory_server: Make) -> MemoryServer:
    return memory_server(channels=CHANNELS, roles=GlobalRoles(superusers=("super",)))


async def change(server: MemoryServer, status: str, *, moves_last_online: bool = True) -> None:
    """In the name of a backend."""
    services = server.server.services
    context = Context(utc_now(), services.users.system, None, "app")
    await services.dispatch(context, ChangeStatus(ALICE, Status(status), moves_last_online))


async def heard(*clients: MemoryClient) -> list[list[str]]:
    """What each has heard since it was asked last."""
    found = []
    for client in clients:
        await client.sync()
        found.append([name for name, _ in client.events])
        client.events.clear()
    return found


def acts(server: MemoryServer) -> list[tuple[str, ...]]:
    columns = "key_name, actor_id, action, user_id, room_id, reason, until_ms"
    with closing(sqlite3.connect(f"{server.server.config.data_dir}/chat.db")) as database:
        return database.execute(f"SELECT {columns} FROM audit ORDER BY key").fetchall()


def row(action: str) -> tuple[str | None, ...]:
    return ("app", "0", action, "alice", None, "", None)


async def test_it_is_what_the_user_says(server: MemoryServer) -> None:
    alice, bob, operator = [await inside(server, name) for name in ("alice", "bob", "super")]
    await heard(alice, bob, operator)
    await change(server, "invisible")
    hidden = ["gn_user_disconnected", "gn_user_invisible"]
    assert await heard(alice, bob, operator) == [[], hidden[:1], hidden]
    await change(server, "invisible")
    assert await heard(alice, bob, operator) == [[], [], []]
    await change(server, "online")
    shown = ["gn_user_connected", "gn_user_joined"]
    assert await heard(alice, bob, operator) == [
        ["gn_user_joined"],
        shown,
        ["gn_user_connected", *shown, "gn_user_visible"],
    ]
    await change(server, "offline")
    assert await heard(alice, bob, operator) == [[], hidden[:1], hidden[:1]]
    assert (await alice.call("join", JOIN))["status_code"] == 708
    assert acts(server) == [row("status-invisible"), row("status-online"), row("status-offline")]


async def test_who_is_hidden_comes_invisible_until_shown(server: MemoryServer) -> None:
    await (await logged_in(server, "alice")).leave()
    operator = await inside(server, "super")
    await change(server, "invisible")
    for _ in range(2):
        alice = await inside(server, "alice")
        assert server.server.presence.status_of(ALICE) is Status.INVISIBLE
        await alice.leave()
        assert await heard(operator) == [["gn_user_joined", "gn_user_left", "gn_user_disconnected"]]
    await change(server, "online")
    await inside(server, "alice")
    assert server.server.presence.status_of(ALICE) is Status.ONLINE
    assert acts(server) == [row("status-invisible"), row("status-online")]


async def test_a_restart_reveals_nobody(memory_server: Make, server: MemoryServer) -> None:
    alice = await logged_in(server, "alice")
    await change(server, "invisible")
    await alice.leave()
    await server.stop()
    again = memory_server(data_dir=server.server.config.data_dir, channels=CHANNELS)
    await inside(again, "alice")
    assert again.server.presence.status_of(ALICE) is Status.INVISIBLE


async def test_a_user_who_says_online_is_hidden_no_more(server: MemoryServer) -> None:
    alice = await logged_in(server, "alice")
    await change(server, "invisible")
    await change(server, "offline")
    assert (await server.server.services.users.known(ALICE)).is_hidden
    for word in ("invisible", "offline"):
        await alice.call("status", {"verb": word})
        assert (await server.server.services.users.known(ALICE)).is_hidden
    await alice.call("status", {"verb": "online"})
    await alice.leave()
    await logged_in(server, "alice")
    assert server.server.presence.status_of(ALICE) is Status.ONLINE
    assert acts(server) == [row("status-invisible"), row("status-offline")]


async def test_a_hidden_user_who_beats_is_invisible(server: MemoryServer) -> None:
    await (await logged_in(server, "alice")).leave()
    operator = await inside(server, "super")
    await change(server, "invisible")
    services = server.server.services
    beat = KeepOnline((await services.users.known(ALICE),))
    await services.dispatch(Context(utc_now(), services.users.system), beat)
    assert server.server.presence.status_of(ALICE) is Status.INVISIBLE
    assert await heard(operator) == [[]]
    await change(server, "online")
    assert await heard(operator) == [["gn_user_connected"]]


async def test_last_online_moves_or_not(server: MemoryServer) -> None:
    tallies = server.server.services.tallies
    await logged_in(server, "alice")
    await change(server, "invisible", moves_last_online=False)
    assert await tallies.last_online([ALICE]) == {}
    await change(server, "online", moves_last_online=False)
    before = utc_now()
    await change(server, "invisible")
    assert (await tallies.last_online([ALICE]))[ALICE] >= before


async def test_nothing_changes_for_who_is_as_said(server: MemoryServer) -> None:
    await (await logged_in(server, "alice")).leave()
    for word in ("online", "offline"):
        await change(server, word)
    await logged_in(server, "alice")
    await change(server, "online")
    assert acts(server) == []
    assert not (await server.server.services.users.known(ALICE)).is_hidden


async def test_unknown_users(server: MemoryServer) -> None:
    with pytest.raises(ChatError) as refused:
        await change(server, "invisible")
    assert refused.value.code is ErrorCode.NO_SUCH_USER
    assert acts(server) == []
