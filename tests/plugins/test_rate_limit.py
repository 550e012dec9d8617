"""rate-limit: the buckets of sessions and users, floods, and a third party's guard in its place."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from twisted.internet.defer import gatherResults
from twisted.internet.task import Clock

from chat.config import Auth, Limits, StaticUser
from chat.model import User, UserId
from chat.plugin import Context
from chat.plugins.rate_limit import USERS_KEPT, RateGuard
from chat.requests import Connect
from chat.sessions import Session
from chat.testing import MemoryClient, MemoryServer
from chat.times import utc_now
from tests.conversing import CHANNELS, inside, logged_in, send

LIMITS = Limits(commands_per_s=4, burst=8)
REFUSED = {"status_code": 900, "message": "too many commands", "data": {"retry_after_s": 1}}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time of the guard."""
    clock = Clock()
    clock.advance(1000)
    monkeypatch.setattr("chat.server.monotonic", lambda reactor: clock.seconds)
    return clock


@pytest.fixture
def server(memory_server: Callable[..., MemoryServer], clock: Clock) -> MemoryServer:
    return memory_server(channels=CHANNELS, limits=LIMITS)


def guard_of(server: MemoryServer) -> RateGuard:
    (guard,) = [one for one in server.server.pipeline._guards if isinstance(one, RateGuard)]
    return guard


async def codes(client: MemoryClient, count: int, event: str = "connect") -> list[int]:
    """What becomes of so many commands at once."""
    answers = await gatherResults([client.ask(event, {}) for _ in range(count)])
    return [answer["status_code"] for answer in answers]


async def test_a_burst_and_then_the_rate(server: MemoryServer, clock: Clock) -> None:
    client = server.client()
    assert await codes(client, 10) == [200] * 8 + [900] * 2
    assert await client.call("connect", {}) == REFUSED
    clock.advance(0.25)
    assert await codes(client, 2) == [200, 900]
    clock.advance(1)
    assert await codes(client, 5) == [200] * 4 + [900]
    clock.advance(100)
    assert await codes(client, 9) == [200] * 8 + [900]


async def test_each_session_has_its_own_before_the_login(server: MemoryServer) -> None:
    one, other = server.client(), server.client()
    assert await codes(one, 9) == [200] * 8 + [900]
    assert await codes(other, 9) == [200] * 8 + [900]


async def test_a_users_sessions_share_one_more(server: MemoryServer, clock: Clock) -> None:
    one, other, bob = server.client(), server.client(), server.client()
    for client, name in ((one, "alice"), (other, "alice"), (bob, "bob")):
        await client.login(name)
    clock.advance(100)
    assert await codes(one, 6) == [200] * 6
    assert await codes(other, 4) == [200] * 2 + [900] * 2
    assert await codes(bob, 8) == [200] * 8
    await one.leave()
    assert await codes(other, 1) == [900]
    clock.advance(0.25)
    assert await codes(other, 2) == [200, 900]


async def test_who_comes_back_finds_the_allowance_as_it_was_left(server: MemoryServer, clock: Clock) -> None:
    first = await logged_in(server, "alice")
    assert await codes(first, 4) == [200] * 4
    await first.leave()
    second = await logged_in(server, "alice")
    assert await codes(second, 3) == [200] * 2 + [900]
    await second.leave()
    clock.advance(100)
    assert await codes(await logged_in(server, "alice"), 8) == [200] * 7 + [900]


async def test_what_precedes_a_login_is_charged_to_its_user(server: MemoryServer, clock: Clock) -> None:
    """But no more than there is: nobody waits longer for it."""
    for _ in range(2):
        client = server.client()
        assert await codes(client, 6) == [200] * 6
        assert (await client.login("alice"))["status_code"] == 200
        clock.advance(0.25)
        await client.leave()
    client = await logged_in(server, "alice")
    assert await client.call("connect", {}) == REFUSED
    clock.advance(0.25)
    assert await codes(client, 2) == [200, 900]


async def logins(server: MemoryServer, clients: list[MemoryClient]) -> list[int]:
    """What becomes of logins of one user, one after the other, each connection closed at once."""
    answers = []
    for client in clients:
        answers.append((await client.login("alice"))["status_code"])
        await client.leave()
    return answers


async def test_who_does_nothing_but_log_in_is_refused_too(server: MemoryServer, clock: Clock) -> None:
    assert await logins(server, [server.client() for _ in range(10)]) == [200] * 8 + [900] * 2
    clock.advance(0.25)
    refused = server.client()
    assert await logins(server, [server.client() for _ in range(2)]) == [200, 900]
    assert await refused.login("alice") == REFUSED
    assert (await refused.login("bob"))["status_code"] == 200
    clock.advance(0.25)
    assert await logins(server, [server.client()]) == [200]


async def test_logins_at_once_have_to_be_paid_for(server: MemoryServer, clock: Clock) -> None:
    """Nobody knows before their end whose they are; those behind them wait the longer."""
    clients = [server.client() for _ in range(20)]
    asked = [client.ask("login", {"verb": "login", "actor": {"id": "alice"}}) for client in clients]
    assert [(await one)["status_code"] for one in asked] == [200] * 20
    clock.advance(12 / LIMITS.commands_per_s)
    assert await codes(clients[0], 1) == [900]
    clock.advance(1 / LIMITS.commands_per_s)
    assert await codes(clients[0], 2) == [200, 900]


async def test_a_login_that_fails_costs_its_user_nothing(memory_server: Callable[..., MemoryServer]) -> None:
    auth = Auth(kind="static", users=(StaticUser(id="alice", name="alice", token="right"),))
    server = memory_server(channels=CHANNELS, limits=LIMITS, auth=auth)

    async def login(token: str) -> int:
        actor = {"id": "alice", "attachments": [{"objectType": "token", "content": token}]}
        answer = await server.client().call("login", {"verb": "login", "actor": actor})
        code: int = answer["status_code"]
        return code

    assert [await login("wrong") for _ in range(20)] == [712] * 20
    assert await login("right") == 200


async def test_what_is_refused_has_no_effect(server: MemoryServer, clock: Clock) -> None:
    alice, bob = await inside(server), await inside(server, "bob")
    clock.advance(100)
    asked = [alice.ask("message", send(str(number))) for number in range(20)]
    assert [(await one)["status_code"] for one in asked] == [200] * 8 + [900] * 12
    await bob.sync()
    assert len(bob.heard("message")) == 8
    assert alice.close_code is None


async def test_unknown_events_count(server: MemoryServer) -> None:
    client = server.client()
    assert await codes(client, 10, "make_coffee") == [607] * 8 + [900] * 2
    assert [name for name, _, reply_id in client.log if reply_id is not None] == ["gn_error"] * 10


async def test_what_is_dispatched_does_not_count(server: MemoryServer, clock: Clock) -> None:
    alice = await inside(server)
    session = alice.connection.session
    for context in (Context(utc_now(), session.user, session), Context(utc_now(), session.user)):
        for _ in range(20):
            await server.server.services.dispatch(context, Connect())
    for _ in range(20):
        await guard_of(server).check(Context(utc_now(), session.user), None)
    clock.advance(100)
    assert await codes(alice, 8) == [200] * 8


async def test_who_keeps_sending_above_the_rate_is_cut(server: MemoryServer, clock: Clock) -> None:
    alice, bob = await inside(server), await inside(server, "bob")
    clock.advance(100)
    assert await codes(alice, 9) == [200] * 8 + [900]
    for _ in range(9):
        clock.advance(0.5)
        assert await codes(alice, 3) == [200, 200, 900]
    assert alice.close_code is None
    clock.advance(0.5)
    alice.log.clear()
    last = [alice.ask("connect", {}) for _ in range(3)]
    alice.ask("message", send("behind")).addErrback(lambda failure: None)
    assert [(await one)["status_code"] for one in last] == [200, 200, 900]
    assert alice.close_code == 4029
    await alice.connection.ended()
    await bob.sync()
    assert [name for name, _ in bob.events] == ["gn_user_left", "gn_user_disconnected"]
    assert bob.close_code is None


async def test_who_waits_as_long_as_told_is_never_cut(server: MemoryServer, clock: Clock) -> None:
    client = server.client()
    answered = 0
    for _ in range(60):
        answer = await client.call("connect", {})
        while answer["status_code"] == 200:
            answered += 1
            answer = await client.call("connect", {})
        clock.advance(answer["data"]["retry_after_s"] + 0.001)
    assert client.close_code is None
    assert answered >= 4 * 59


async def test_a_burst_that_is_over_in_time_cuts_nobody(server: MemoryServer, clock: Clock) -> None:
    client = server.client()
    for _ in range(3):
        assert 900 in await codes(client, 200)
        clock.advance(4.9)
        assert 900 in await codes(client, 200)
        clock.advance(1.1)
    assert client.close_code is None


async def test_the_end_of_a_session_is_never_refused(server: MemoryServer) -> None:
    alice, again, bob = await inside(server), server.client(), await inside(server, "bob")
    assert 900 in await codes(alice, 20)
    await again.login("alice")
    assert 900 in await codes(again, 20)
    await alice.leave()
    assert await again.call("disconnect", {}) == {"status_code": 200}
    await bob.sync()
    assert [name for name, _ in bob.events] == ["gn_user_left", "gn_user_disconnected"]


async def test_nothing_is_kept_of_sessions_that_are_gone(server: MemoryServer, clock: Clock) -> None:
    """That a session goes when its connection has ended is tested with the connection."""
    guard, user = guard_of(server), User(1, UserId("1"), "one", "test", {})
    link: Any = server.client()
    sessions = [Session(link), Session(link)]
    for number in range(2):
        await guard.check(Context(utc_now(), user, sessions[number]), None)
    assert (len(guard._accounts), len(guard._shared)) == (2, 1)
    while sessions:
        sessions.pop()
        assert len(guard._accounts) == len(sessions)


async def test_users_are_forgotten_when_they_have_their_whole_allowance_again(
    server: MemoryServer, clock: Clock
) -> None:
    guard, link = guard_of(server), cast("Any", server.client())
    for number in range(3 * USERS_KEPT):
        if number == 2 * USERS_KEPT:
            clock.advance(0.5)
        user = User(number, UserId(str(number)), "one", "test", {})
        await guard.check(Context(utc_now(), user, Session(link)), None)
    assert len(guard._shared) == USERS_KEPT
    assert guard._sweep_above == USERS_KEPT


THEIRS = '''
"""Three commands for each session, and no fourth word."""

from collections import Counter

from zope.interface import implementer

from chat.errors import ChatError, ErrorCode
from chat.ichat import IGuard
from chat.plugin import Contribution, Phase, Plugin


@implementer(IGuard)
class Three:
    name = "three"
    phase = Phase.RATE
    verbs = None

    def __init__(self):
        self.seen = Counter()

    async def check(self, context, request):
        self.seen[context.session] += 1
        if self.seen[context.session] > 3:
            last = self.seen[context.session] > 5
            raise ChatError(ErrorCode.RATE_LIMITED, "three are enough", extra={"retry_after_s": 60}, closing=last)


plugin = Plugin("three", lambda options, services: Contribution(guards=(Three(),)))
'''


@pytest.fixture
def theirs(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """The configuration that puts a third party's guard in the place of ours."""
    folder = tmp_path / "theirs"
    folder.mkdir()
    (folder / "t_three.py").write_text(THEIRS, encoding="utf-8")
    yield {"path": [str(folder)], "disable": ["rate-limit"], "enable": ["three"]}
    sys.modules.pop("chat.plugins.t_three", None)


async def test_a_third_party_can_replace_it(memory_server: Callable[..., MemoryServer], theirs: dict[str, Any]) -> None:
    server = memory_server(channels=CHANNELS, plugins=theirs)
    client = server.client()
    assert await codes(client, 5) == [200] * 3 + [900] * 2
    assert client.close_code is None
    refusal = {"status_code": 900, "message": "three are enough", "data": {"retry_after_s": 60}}
    assert await client.call("connect", {}) == refusal
    assert client.close_code == 4029
    assert await codes(server.client(), 3) == [200] * 3


def test_options(memory_server: Callable[..., MemoryServer]) -> None:
    server = memory_server(plugins={"rate-limit": {"flood_s": 0.5}})
    assert guard_of(server)._flood_s == 0.5
