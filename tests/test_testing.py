"""What `chat.testing` promises to those who write plugins."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as TwistedTimeoutError
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from zope.interface import implementer

from chat import testing
from chat.config import Config
from chat.events import MessagePosted
from chat.ichat import IObserver
from chat.model import UserId
from chat.plugin import Context
from chat.requests import Broadcast
from chat.testing import MemoryServer
from chat.times import utc_now
from chat.wire.frames import CloseCode
from tests.conversing import CHANNELS, JOIN, inside, send
from tests.documents import blocks

HISTORY = {"verb": "list", "target": {"id": "room"}, "object": {"seq": 0}}


@pytest.fixture
def server(memory_server: Callable[..., MemoryServer]) -> MemoryServer:
    return memory_server(channels=CHANNELS)


@implementer(IObserver)
class Herald:
    """Tells everybody of each message, after a wait for the store."""

    name = "herald"
    events = (MessagePosted,)

    def __init__(self, server: MemoryServer) -> None:
        self._services = server.server.services

    async def observe(self, event: MessagePosted) -> None:
        author = self._services.presence.user(UserId(event.author.id))
        await self._services.dispatch(Context(utc_now(), author), Broadcast(body="hear", verb="hear"))


@pytest.mark.parametrize("block", blocks("docs/testing-plugins.md", "python"))
async def test_the_examples_of_the_page(block: str, tmp_path: Path) -> None:
    names: dict[str, Any] = {}
    exec(compile(block, "testing-plugins.md", "exec"), names)
    (test,) = [thing for name, thing in names.items() if name.startswith("test_")]
    await test(str(tmp_path))


async def test_sync_waits_for_what_others_were_answered(server: MemoryServer) -> None:
    alice, bob = await inside(server, "alice"), await inside(server, "bob")
    for number in range(20):
        await alice.call("message", send(str(number)))
        await bob.sync()
        assert len(bob.heard("message")) == number + 1


async def test_sync_waits_for_the_commands_of_the_client(server: MemoryServer) -> None:
    alice = await inside(server, "alice")
    for number in range(20):
        alice.ask("message", send(str(number)))
    await alice.sync()
    assert len(alice.heard("message")) == 20


async def test_sync_waits_for_what_observers_do(server: MemoryServer) -> None:
    server.server.bus.subscribe(Herald(server))
    alice, bob = await inside(server, "alice"), await inside(server, "bob")
    await alice.call("message", send("one"))
    await bob.sync()
    assert [name for name, _ in bob.events] == ["message", "gn_broadcast"]


async def test_sync_waits_for_the_end_of_connections(server: MemoryServer) -> None:
    alice, bob = await inside(server, "alice"), await inside(server, "bob")
    await alice.call("disconnect", {})
    await bob.sync()
    assert bob.heard("gn_user_disconnected")
    assert await alice.closed() == 1000
    assert len(server.server.front.connections) == 1


async def test_sync_waits_for_what_was_asked_before_the_end_of_a_connection(server: MemoryServer) -> None:
    alice, bob = await inside(server, "alice"), await inside(server, "bob")
    alice.ask("message", send("last words")).addErrback(lambda failure: failure.trap(ConnectionDone))
    alice.connection.close(CloseCode.NORMAL, "")
    await bob.sync()
    assert [name for name, _ in bob.events] == ["message", "gn_user_left", "gn_user_disconnected"]


async def test_sync_is_bounded(server: MemoryServer, monkeypatch: pytest.MonkeyPatch) -> None:
    alice = await inside(server, "alice")
    monkeypatch.setattr(testing, "WAIT_S", 0.01)
    monkeypatch.setattr(server.server.bus, "idle", Deferred)
    with pytest.raises(TwistedTimeoutError):
        await alice.sync()


async def test_sync_asks_nothing(server: MemoryServer) -> None:
    alice = await inside(server, "alice")
    await alice.sync()
    assert alice.log == []


async def test_what_is_waited_for_comes_or_fails(server: MemoryServer, monkeypatch: pytest.MonkeyPatch) -> None:
    alice, bob = await inside(server, "alice"), await inside(server, "bob")
    asked = [alice.ask("message", send("one")), alice.ask("leave", JOIN), alice.ask("join", JOIN)]
    assert (await bob.wait_for("gn_user_joined"))["actor"]["id"] == "alice"
    assert bob.events == []
    for one in asked:
        await one
    await alice.call("message", send("two"))
    monkeypatch.setattr(testing, "WAIT_S", 0.01)
    with pytest.raises(AssertionError, match=r"gn_user_left did not come, but \['message'\]"):
        await bob.wait_for("gn_user_left")
    with pytest.raises(AssertionError, match="the connection was not closed"):
        await bob.closed()


async def test_a_reply_fails_when_the_connection_ends_first(server: MemoryServer) -> None:
    alice = await inside(server, "alice")
    asked = alice.ask("history", HISTORY)
    await alice.leave()
    with pytest.raises(ConnectionDone):
        await asked


async def test_who_cannot_join_is_told_why(server: MemoryServer) -> None:
    alice = server.client()
    await alice.login("alice")
    with pytest.raises(AssertionError, match="802"):
        await alice.join("Nowhere")


async def test_with_a_clock_nothing_happens_before_its_time(memory_server: Callable[..., MemoryServer]) -> None:
    clock = Clock()
    server = memory_server(channels=CHANNELS, clock=clock)
    services = server.server.services
    assert services.seconds() == 0
    alice = await inside(server, "alice")
    assert (await alice.call("message", send("stored")))["status_code"] == 200
    clock.advance(5)
    assert services.seconds() == 5
    # A stop lets time go on: what waits for it is not waited for in vain.
    clients = [await inside(server, f"user{number}") for number in range(5)]
    await server.stop()
    assert [client.close_code for client in (alice, *clients)] == [1012] * 6
    await server.stop()


async def test_a_server_stops_when_its_block_ends(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        async with MemoryServer(Config(data_dir=str(tmp_path), channels=CHANNELS), reactor) as server:
            alice = await inside(server, "alice")
            1 / 0  # noqa: B018
    assert alice.close_code == 1012
