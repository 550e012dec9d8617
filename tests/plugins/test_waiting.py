"""Private messages that wait for a user who is away: all come with the next login, in order, each once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import gatherResults
from twisted.internet.task import Clock

from chat import messages
from chat.testing import MemoryClient, MemoryServer
from chat.texts import base64_of, text_of
from chat.wire import delivery
from tests.conversing import CHANNELS, eventually, logged_in

from .test_private import private, say
from .test_receipts import ack, ids

Make = Callable[..., MemoryServer]


@pytest.fixture
def server(memory_server: Make) -> MemoryServer:
    return memory_server(channels=CHANNELS)


async def come(server: MemoryServer, user_id: str = "bob") -> tuple[MemoryClient, list[dict[str, Any]]]:
    """A client that logs in, and what its login brought."""
    client = server.client()
    reply = await client.login(user_id)
    found: list[dict[str, Any]] = reply["data"]["object"]["attachments"]
    return client, found


async def alone(server: MemoryServer) -> MemoryClient:
    """Alice; bob is known and away."""
    await (await logged_in(server, "bob")).leave()
    return await logged_in(server, "alice")


def bodies(found: list[dict[str, Any]]) -> list[str]:
    return [text_of(entry["content"], "content") for entry in found]


def live(client: MemoryClient) -> list[str]:
    return bodies([data["object"] for data in client.heard("message")])


async def test_what_was_not_acknowledged_comes_with_the_login(server: MemoryServer) -> None:
    alice, bob = await logged_in(server, "alice"), await logged_in(server, "bob")
    seen = await say(alice, "seen", "bob")
    await say(alice, "heard and not acknowledged", "bob")
    assert await ack(bob, "received", seen["target"]["id"], seen["id"]) == 200
    await bob.leave()
    sent = await say(alice, "away", "bob")
    _, found = await come(server)
    assert bodies(found) == ["heard and not acknowledged", "away"]
    assert found[1] == {
        "objectType": "history",
        "id": sent["id"],
        "seq": 3,
        "author": {"id": "alice", "displayName": base64_of("alice"), "attachments": []},
        "summary": sent["target"]["id"],
        "content": base64_of("away"),
        "published": sent["published"],
    }
    second, found = await come(server)
    assert bodies(found) == ["heard and not acknowledged", "away"]
    assert await ack(second, "read", sent["target"]["id"], *[entry["id"] for entry in found]) == 200
    assert (await come(server))[1] == []
    assert (await come(server, "alice"))[1] == []


async def test_of_many_the_first_come_with_the_reply_and_the_others_after_it(
    server: MemoryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "PAGE_BYTES", 2_000)
    alice = await alone(server)
    carol = await logged_in(server, "carol")
    sent = [await say(carol if number % 3 == 0 else alice, str(number), "bob") for number in range(500)]
    bob, first = await come(server)
    assert bodies(first) == [str(number) for number in range(len(first))]
    assert 3 < len(first) < 10
    await eventually(lambda: len(bob.heard("message")) == len(sent) - len(first))
    assert bob.heard("message") == sent[len(first) :]
    await say(alice, "live", "bob")
    await bob.sync()
    assert live(bob)[-2:] == ["499", "live"]


async def test_what_is_said_meanwhile_comes_after_it(server: MemoryServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also what the user says on another session, and to a client that takes its time."""
    monkeypatch.setattr(messages, "PAGE_BYTES", 2_000)
    alice, other = await logged_in(server, "alice"), await logged_in(server, "bob")
    for number in range(500):
        await say(alice, str(number), "bob")
    bob = server.client()
    bob.is_behind = True
    found = (await bob.login("bob"))["data"]["object"]["attachments"]
    told = await gatherResults([alice.ask("message", private(f"new {number}", "bob")) for number in range(5)])
    await say(other, "mine", "alice")
    assert await ack(other, "read", told[0]["data"]["target"]["id"], told[4]["data"]["id"]) == 200
    await bob.sync()
    assert bob.heard("message") == bob.heard("gn_message_read") == []
    bob.is_behind = False
    await eventually(lambda: live(bob)[-1:] == ["mine"])
    news = [f"new {number}" for number in range(5)]
    assert bodies(found) + live(bob) == [*(str(number) for number in range(500)), *news, "mine"]
    assert bob.close_code is None


async def test_what_another_session_acknowledges_meanwhile_is_not_sent(
    server: MemoryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "PAGE_BYTES", 2_000)
    alice, other = await logged_in(server, "alice"), await logged_in(server, "bob")
    sent = [await say(alice, str(number), "bob") for number in range(100)]
    bob = server.client()
    bob.is_behind = True
    found = (await bob.login("bob"))["data"]["object"]["attachments"]
    assert await ack(other, "read", sent[0]["target"]["id"], *[one["id"] for one in sent[20:90]]) == 200
    bob.is_behind = False
    await eventually(lambda: live(bob)[-1:] == ["99"])
    assert bodies(found) + live(bob) == [str(number) for number in (*range(20), *range(90, 100))]


async def test_who_does_not_read_what_waited_is_not_kept_for(
    memory_server: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "PAGE_BYTES", 2_000)
    monkeypatch.setattr(delivery, "HELD_BYTES", 20_000)
    clock = Clock()
    server = memory_server(channels=CHANNELS, clock=clock)
    alice = await alone(server)
    for number in range(50):
        await say(alice, str(number), "bob")
    bob = server.client()
    bob.is_behind = True
    await bob.login("bob")
    for number in range(100):
        await say(alice, f"new {number}", "bob")
    assert await bob.closed() == 4008
    await bob.sync()
    assert server.server._catching_up._sessions == {bob.connection.session}
    clock.advance(1)
    await bob.sync()
    assert server.server._catching_up._sessions == set()
    assert server.server._delivery._held == {}


async def test_who_leaves_meanwhile_gets_the_rest_the_next_time(
    server: MemoryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "PAGE_BYTES", 2_000)
    alice = await alone(server)
    for number in range(300):
        await say(alice, str(number), "bob")
    bob = server.client()
    bob.is_behind = True
    await bob.login("bob")
    await bob.leave()
    await eventually(lambda: not server.server._catching_up._sessions)
    assert live(bob) == []
    again, found = await come(server)
    await eventually(lambda: live(again)[-1:] == ["299"])
    assert bodies(found) + live(again) == [str(number) for number in range(300)]


async def test_a_second_login_on_the_connection_brings_nothing_twice_live(
    server: MemoryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "PAGE_BYTES", 2_000)
    alice = await alone(server)
    for number in range(100):
        await say(alice, str(number), "bob")
    bob = server.client()
    bob.is_behind = True
    first = (await bob.login("bob"))["data"]["object"]["attachments"]
    again = (await bob.login("bob"))["data"]["object"]["attachments"]
    assert again == first
    bob.is_behind = False
    await eventually(lambda: live(bob)[-1:] == ["99"])
    assert bodies(first) + live(bob) == [str(number) for number in range(100)]
    assert (await bob.call("msg_status", {"verb": "check", "target": {"id": "bob"}, "object": ids("x")}))["data"]
