"""Messages whose text names one user at its end: whispers where that is switched on."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from chat.config import MessageOptions
from chat.model import RoomId, UserId
from chat.plugin import Context
from chat.requests import MutePlan, MuteUsers
from chat.testing import MemoryServer
from chat.texts import base64_of
from chat.times import utc_now
from tests.conversing import CHANNELS, ROOM, inside, logged_in, send
from tests.plugins.test_whisper import RULED


def worded(text: str) -> str:
    """A body as clients write it."""
    return json.dumps({"text": text, "colour": "red"})


@pytest.fixture
def server(memory_server: Callable[..., MemoryServer]) -> MemoryServer:
    return memory_server(channels=CHANNELS, messages=MessageOptions(text_whispers=True))


async def test_the_two_alone_hear_it_as_a_message(server: MemoryServer) -> None:
    alice, bob, carol = [await inside(server, name) for name in ("alice", "bob", "carol")]
    second = await logged_in(server, "bob")
    for client in (alice, bob):
        client.events.clear()
    reply = await alice.call("message", send(worded("meet me -bob")))
    for client in (alice, bob, second, carol):
        await client.sync()
    assert alice.events == bob.events == second.events == [("message", reply["data"])]
    assert carol.events == []
    names = [name for name, _, _ in alice.log]
    assert names.index("gn_message") < names.index("message")
    said = reply["data"]
    lobby = server.server.services.rooms.room(ROOM).channel_id
    del said["id"], said["published"]
    assert said == {
        "verb": "send",
        "actor": {"id": "alice", "displayName": base64_of("alice")},
        "target": {"id": ROOM, "displayName": base64_of("General"), "objectType": "room"},
        "object": {
            "content": base64_of(worded("meet me -bob")),
            "url": lobby,
            "displayName": base64_of("Lobby"),
            "objectType": "room",
        },
    }
    history = await carol.call("history", {"verb": "list", "target": {"id": ROOM}, "object": {"seq": 0}})
    assert history["data"]["object"]["head"] == 0


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (worded("-bob"), 200),
        (worded("one -two -bob "), 200),
        (worded("hello -Bob The Great"), 200),
        (worded("hello -nobody"), 702),
        (worded("hello -erin"), 702),
        (worded("hello -twin"), 702),
        (worded("hello -alice"), 723),
    ],
)
async def test_one_occupant_is_meant(server: MemoryServer, body: str, code: int) -> None:
    alice, carol = await inside(server, "alice"), await inside(server, "carol")
    for user_id, name in (("bob", "Bob The Great"), ("twin1", "twin"), ("twin2", "twin")):
        client = server.client()
        await client.login(user_id, name)
        await client.join("General")
    await logged_in(server, "erin")
    carol.events.clear()
    assert (await alice.call("message", send(body)))["status_code"] == code
    await carol.sync()
    assert carol.heard("message") == []


@pytest.mark.parametrize(
    "body",
    [
        "hello -bob",
        worded("hello - bob"),
        worded("well-bob"),
        worded("hello -"),
        '{"text": 7}',
        '{"text": "hello -bob"',
        "[" * 5000,
        "{'text': 'hello -bob'}",
        "__import__('os').getcwd() -bob",
    ],
)
async def test_other_messages_are_for_all(server: MemoryServer, body: str) -> None:
    alice, bob, carol = [await inside(server, name) for name in ("alice", "bob", "carol")]
    assert (await alice.call("message", send(body)))["status_code"] == 200
    for client in (bob, carol):
        await client.sync()
        assert [said["object"]["content"] for said in client.heard("message")] == [base64_of(body)]


async def test_the_invisible_are_as_those_who_are_not_there(server: MemoryServer) -> None:
    alice, bob = await inside(server, "alice"), await inside(server, "bob")
    absent = await alice.call("message", send(worded("hello -nobody")))
    await bob.call("status", {"verb": "invisible"})
    assert await alice.call("message", send(worded("hello -bob"))) == absent


async def test_who_is_outside_whispers_to_nobody(server: MemoryServer) -> None:
    alice, bob = await logged_in(server, "alice"), await inside(server, "bob")
    assert (await alice.call("message", send(worded("hello -bob"))))["status_code"] == 702
    await bob.sync()
    assert bob.heard("message") == []


async def test_mutes_and_the_rules_of_the_channel_hold(memory_server: Callable[..., MemoryServer]) -> None:
    server = memory_server(channels=RULED, messages=MessageOptions(text_whispers=True))
    alice = await inside(server, "alice")
    await inside(server, "bob")
    assert (await alice.call("message", send(worded("hello -bob"))))["status_code"] == 720
    system = Context(utc_now(), server.server.services.users.system, None, "key")
    plan = MutePlan(UserId("alice"), RoomId(ROOM), "1h", "", UserId("bob"))
    await server.server.pipeline.dispatch(system, MuteUsers((plan,)))
    assert (await alice.call("message", send(worded("hello -bob"))))["status_code"] == 703


async def test_it_is_off_unless_it_is_switched_on(memory_server: Callable[..., MemoryServer]) -> None:
    server = memory_server(channels=CHANNELS)
    alice, carol = await inside(server, "alice"), await inside(server, "carol")
    await inside(server, "bob")
    assert (await alice.call("message", send(worded("hello -bob"))))["status_code"] == 200
    await carol.sync()
    assert len(carol.heard("message")) == 1
