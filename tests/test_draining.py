"""An orderly stop: its steps and their bounds, on a clock of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock, deferLater

from chat.draining import ANSWERED_BY, CLOSES_PER_S, ENDED_BY, SENT_AWAY_BY, Drain, pause_between
from chat.model import UserId
from chat.testing import MemoryClient, MemoryServer
from tests.conversing import CHANNELS, inside, send


@pytest.fixture
def server(memory_server: Callable[..., MemoryServer]) -> MemoryServer:
    return memory_server(channels=CHANNELS)


def begun(server: MemoryServer, drain_s: float) -> tuple[Clock, Deferred[None]]:
    """A drain that has begun."""
    clock, subject = Clock(), server.server
    subject.begin_drain()
    drain = Drain(subject.front, subject._backend, subject.bus, clock, drain_s)
    return clock, Deferred.fromCoroutine(drain.run())


async def turns() -> None:
    """Let everything happen that needs no time."""
    for _ in range(5):
        await deferLater(reactor, 0)


def closed(clients: list[MemoryClient]) -> int:
    """How many were sent away."""
    assert {client.close_code for client in clients} <= {None, 1012}
    return sum(client.close_code is not None for client in clients)


async def test_few_are_sent_away_quickly(server: MemoryServer) -> None:
    clients = [server.client() for _ in range(10)]
    clock, drained = begun(server, 10)
    for count in range(1, 11):
        clock.advance(0 if count == 1 else 1 / CLOSES_PER_S)
        assert closed(clients) == count
    await turns()
    assert drained.called
    assert not server.server.front.connections
    assert clock.seconds() < 0.1


async def test_many_are_spread_over_the_time(server: MemoryServer) -> None:
    clients = [server.client() for _ in range(1000)]
    clock, drained = begun(server, 2)
    clock.pump([SENT_AWAY_BY / 100] * 100)
    assert 480 <= closed(clients) <= 520
    clock.pump([SENT_AWAY_BY / 100] * 100)
    assert closed(clients) == 1000
    await turns()
    assert drained.called


async def test_what_was_asked_is_answered_first(server: MemoryServer) -> None:
    alice, bob = await inside(server), await inside(server, "bob")
    alice.log.clear()
    reply = alice.ask("message", send("last words"))
    clock, drained = begun(server, 10)
    clock.advance(1)
    assert closed([alice, bob]) == 0
    assert (await reply)["status_code"] == 200
    clock.advance(1)
    clock.advance(1)
    assert closed([alice, bob]) == 2
    await turns()
    assert drained.called
    assert bob.heard("message")
    assert [name for name, _, _ in alice.log][:2] == ["gn_message", "message"]


async def test_no_step_waits_for_ever(server: MemoryServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that does not end, and a client that does not answer its close."""
    alice, deaf = await inside(server), await inside(server, "deaf")
    never: Deferred[Any] = Deferred()
    monkeypatch.setattr(server.server.services.store, "append_message", lambda draft: never)
    alice.ask("message", send("x")).addErrback(lambda failure: None)
    monkeypatch.setattr(deaf, "close", lambda code, reason: None)
    clock, drained = begun(server, 10)
    clock.advance(10 * ANSWERED_BY - 0.1)
    assert alice.close_code is None
    clock.advance(0.2)
    clock.advance(0.1)
    assert alice.close_code == 1012
    await turns()
    clock.advance(10 * (ENDED_BY - ANSWERED_BY) - 0.4)
    assert server.server.presence.is_online(UserId("deaf"))
    assert not drained.called
    clock.advance(0.2)
    await turns()
    assert drained.called
    assert not server.server.presence.is_online(UserId("deaf"))
    assert [one.session.user.id for one in server.server.front.connections if one.session.user] == ["alice"]
    never.errback(ValueError("gone"))


@given(count=st.integers(0, 100_000), within_s=st.floats(0, 3600))
def test_the_last_close_is_sent_in_time(count: int, within_s: float) -> None:
    pause_s = pause_between(count, within_s)
    assert 0 <= pause_s <= 1 / CLOSES_PER_S
    assert pause_s * count <= within_s * 1.001
    assert pause_s == 1 / CLOSES_PER_S or count == 0 or pause_s == within_s / count
