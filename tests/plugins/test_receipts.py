"""received, read and msg_status: what is noted, and who hears of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chat.config import ChannelSection, HistoryOptions, MessageOptions, RoomOptions, RoomSection
from chat.model import UserId
from chat.testing import MemoryClient, MemoryServer
from tests.conversing import JOIN, LEAVE, ROOM, logged_in, send

from .test_private import say

Make = Callable[..., MemoryServer]
OTHER = "other"
CHANNELS = (
    ChannelSection(
        name="Lobby", default=True, rooms=(RoomSection(id=ROOM, name="General"), RoomSection(id=OTHER, name="Other"))
    ),
)
VERBS = {"received": "receive", "read": "read"}
EVENTS = {"received": "gn_message_received", "read": "gn_message_read"}
UNKNOWN = "01890000-0000-7000-8000-000000000000"


@pytest.fixture
def server(memory_server: Make) -> MemoryServer:
    return memory_server(channels=CHANNELS, rooms=RoomOptions(relay_receipts_max=3))


def ids(*messages: str) -> dict[str, Any]:
    return {"attachments": [{"id": message} for message in messages]}


async def ack(client: MemoryClient, event: str, place: str, *messages: str) -> int:
    body = {"verb": VERBS[event], "target": {"id": place}, "object": ids(*messages)}
    status: int = (await client.call(event, body))["status_code"]
    return status


async def statuses(client: MemoryClient, user_id: str, *messages: str) -> list[Any]:
    body = {"verb": "check", "target": {"id": user_id}, "object": ids(*messages)}
    reply = await client.call("msg_status", body)
    found = {one["id"]: one["content"] for one in reply["data"]["object"]["attachments"]}
    assert list(found) == [message for message in messages if message in found]
    return [found.get(message) for message in messages]


async def inside(server: MemoryServer, *user_ids: str) -> list[MemoryClient]:
    clients = [await logged_in(server, user_id) for user_id in user_ids]
    for client in clients:
        assert (await client.call("join", JOIN))["status_code"] == 200
    return clients


async def posted(client: MemoryClient, text: str) -> str:
    reply = await client.call("message", send(text))
    message_id: str = reply["data"]["id"]
    return message_id


async def heard(event: str, *clients: MemoryClient) -> list[list[Any]]:
    found = []
    for client in clients:
        await client.sync()
        events = client.heard(EVENTS[event])
        found.append([[one["id"] for one in event["object"]["attachments"]] for event in events])
        client.events.clear()
    return found


@pytest.mark.parametrize("event", ["received", "read"])
async def test_the_others_of_a_room_hear_of_receipts(server: MemoryServer, event: str) -> None:
    alice, bob, carol = await inside(server, "alice", "bob", "carol")
    second = await logged_in(server, "bob")
    outside = await logged_in(server, "dave")
    one, two = await posted(alice, "one"), await posted(carol, "two")
    assert await ack(bob, event, ROOM, one, two, one) == 200
    await alice.sync()
    (told,) = alice.heard(EVENTS[event])
    assert told == {
        "id": told["id"],
        "published": told["published"],
        "actor": {"id": "bob"},
        "verb": event,
        "target": {"id": ROOM},
        "object": {"attachments": [{"id": one}, {"id": two}]},
    }
    assert await heard(event, alice, carol, bob, second, outside) == [[[one, two]], [[one, two]], [], [], []]


@pytest.mark.parametrize("event", ["received", "read"])
async def test_in_large_rooms_authors_hear_of_their_own_messages(server: MemoryServer, event: str) -> None:
    alice, bob, carol, dave, erin = await inside(server, "alice", "bob", "carol", "dave", "erin")
    one, two, three = await posted(alice, "one"), await posted(carol, "two"), await posted(alice, "three")
    four = await posted(erin, "four")
    assert (await erin.call("leave", LEAVE))["status_code"] == 200
    assert await ack(bob, event, ROOM, one, two, three, four) == 200
    assert await heard(event, alice, carol, bob, dave, erin) == [[[one, three]], [[two]], [], [], []]


@pytest.mark.parametrize("event", ["received", "read"])
async def test_the_owners_of_a_conversation_hear_of_receipts(server: MemoryServer, event: str) -> None:
    alice, bob = await logged_in(server, "alice"), await logged_in(server, "bob")
    second = await logged_in(server, "alice")
    sent = await say(alice, "one", "bob")
    conversation, one = sent["target"]["id"], sent["id"]
    assert await ack(bob, event, conversation, one) == 200
    assert await heard(event, alice, second, bob) == [[[one]], [[one]], []]
    assert await ack(alice, event, conversation, one) == 200
    assert await heard(event, alice, second, bob) == [[], [], []]


@pytest.mark.parametrize("status", ["invisible", "offline"])
async def test_nobody_hears_of_what_those_read_whom_nobody_sees(server: MemoryServer, status: str) -> None:
    alice, bob = await inside(server, "alice", "bob")
    one, private = await posted(alice, "one"), await say(alice, "private", "bob")
    assert (await bob.call("status", {"verb": status}))["status_code"] == 200
    assert await ack(bob, "read", ROOM, one) == 200
    assert await ack(bob, "read", private["target"]["id"], private["id"]) == 200
    assert await heard("read", alice) == [[]]
    assert await statuses(alice, "bob", private["id"]) == [2]


async def test_receipts_of_private_messages_rise_and_never_fall(server: MemoryServer) -> None:
    alice, bob = await logged_in(server, "alice"), await logged_in(server, "bob")
    sent = [await say(alice, str(number), "bob") for number in range(3)]
    conversation, (one, two, three) = sent[0]["target"]["id"], [message["id"] for message in sent]
    assert await statuses(alice, "bob", one, two, three) == [0, 0, 0]
    assert await ack(bob, "received", conversation, two) == 200
    assert await ack(bob, "read", conversation, three) == 200
    assert await ack(bob, "received", conversation, three) == 200
    reply = await alice.call("msg_status", {"verb": "check", "target": {"id": "bob"}, "object": ids(one, two, three)})
    data = reply["data"]
    assert data == {
        "id": data["id"],
        "published": data["published"],
        "verb": "check",
        "target": {"id": "bob"},
        "object": {
            "objectType": "statuses",
            "attachments": [{"id": one, "content": 0}, {"id": two, "content": 1}, {"id": three, "content": 2}],
        },
    }


async def test_who_has_no_part_in_a_conversation_learns_nothing_of_it(server: MemoryServer) -> None:
    alice, _, carol = [await logged_in(server, user_id) for user_id in ("alice", "bob", "carol")]
    sent = await say(alice, "one", "bob")
    assert await statuses(carol, "bob", sent["id"], UNKNOWN) == [None, None]
    assert await ack(carol, "read", sent["target"]["id"], sent["id"]) == 802
    assert await statuses(alice, "bob", sent["id"]) == [0]
    assert await heard("read", alice) == [[]]


@pytest.mark.parametrize("event", ["received", "read"])
async def test_what_cannot_be_acknowledged(server: MemoryServer, event: str) -> None:
    alice, bob = await inside(server, "alice", "bob")
    outside = await logged_in(server, "dave")
    one, private = await posted(alice, "one"), await say(alice, "private", "bob")
    conversation = private["target"]["id"]
    for place, messages, code in (
        (ROOM, [one, UNKNOWN], 706),
        (ROOM, [one, "no id"], 706),
        (ROOM, [one, private["id"]], 706),
        (conversation, [one, private["id"]], 706),
        (ROOM, [], 508),
        (ROOM, [one] * 501, 716),
        (ROOM, ["x" * 65], 706),
        (OTHER, [one], 702),
        ("unknown", [one], 802),
        ("", [one], 502),
    ):
        assert await ack(bob, event, place, *messages) == code, (place, code)
    assert await ack(outside, event, ROOM, one) == 702
    assert (await bob.call(event, {"verb": VERBS[event], "target": {"id": ROOM}}))["status_code"] == 508
    assert (await bob.call(event, {"verb": "check", "target": {"id": ROOM}, "object": ids(one)}))["status_code"] == 607
    assert await heard(event, alice) == [[]]
    assert await statuses(alice, "bob", private["id"]) == [0]
    assert await ack(bob, event, ROOM, *[one] * 500) == 200


async def test_messages_that_are_not_in_memory_are_acknowledged_too(memory_server: Make) -> None:
    server = memory_server(channels=CHANNELS, history=HistoryOptions(limit=1))
    alice, bob = await inside(server, "alice", "bob")
    one, two = await posted(alice, "one"), await posted(alice, "two")
    assert await ack(bob, "read", ROOM, two, one) == 200
    (found,) = (await heard("read", alice))[0]
    assert sorted(found) == sorted([one, two])
    services = server.server.services
    user = services.presence.user(UserId("bob"))
    assert user is not None
    assert await services.store.read_up_to(user, services.rooms.room(ROOM)) == 2


async def test_without_the_guarantee_nothing_waits_and_nobody_asks(memory_server: Make) -> None:
    server = memory_server(channels=CHANNELS, messages=MessageOptions(delivery_guarantee=False))
    alice, bob = await logged_in(server, "alice"), await logged_in(server, "bob")
    sent = await say(alice, "one", "bob")
    body = {"verb": "check", "target": {"id": "bob"}, "object": ids(sent["id"])}
    assert (await alice.call("msg_status", body))["status_code"] == 717
    assert await ack(bob, "read", sent["target"]["id"], sent["id"]) == 200
    assert await heard("read", alice) == [[[sent["id"]]]]
    assert (await server.client().login("bob"))["data"]["object"]["attachments"] == []


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"target": {}}, 502),
        ({"target": {"id": "nobody"}}, 800),
        ({"object": {}}, 508),
        ({"object": ids(*["x"] * 501)}, 716),
        ({"object": {"attachments": [{}]}}, 706),
        ({"object": ids()}, 508),
        ({"object": ids("x")}, 200),
    ],
)
async def test_bad_questions_for_a_status(server: MemoryServer, members: dict[str, Any], code: int) -> None:
    alice = await logged_in(server, "alice")
    await logged_in(server, "bob")
    body = {"verb": "check", "target": {"id": "bob"}, "object": ids("x")} | members
    assert (await alice.call("msg_status", body))["status_code"] == code
