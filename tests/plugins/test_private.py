"""Private conversations: made once for a set of owners, heard by all their sessions, closed to everybody else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chat.config import GlobalRoles, RoomOptions
from chat.testing import MemoryClient, MemoryServer
from chat.texts import base64_of, text_of
from tests.conversing import CHANNELS, JOIN, ROOM, counted, logged_in

Make = Callable[..., MemoryServer]


@pytest.fixture
def server(memory_server: Make) -> MemoryServer:
    return memory_server(channels=CHANNELS, roles=GlobalRoles(superusers=("carol",)), rooms=RoomOptions(max_per_user=0))


def private(text: str, target: str, **members: Any) -> dict[str, Any]:
    return {
        "verb": "send",
        "target": {"id": target, "objectType": "private"},
        "object": {"content": base64_of(text)} | members,
    }


def create(*owners: str) -> dict[str, Any]:
    attachments = [{"objectType": "owners", "summary": ",".join(owners)}]
    return {"verb": "create", "target": {"objectType": "private", "attachments": attachments}}


def history(target: str, **members: Any) -> dict[str, Any]:
    return {"verb": "list", "target": {"id": target}} | members


async def say(client: MemoryClient, text: str, target: str, **members: Any) -> dict[str, Any]:
    reply = await client.call("message", private(text, target, **members))
    assert reply["status_code"] == 200, reply
    data: dict[str, Any] = reply["data"]
    return data


async def texts(client: MemoryClient, target: str) -> list[str]:
    reply = await client.call("history", history(target))
    return [text_of(entry["content"], "content") for entry in reply["data"]["object"]["attachments"]]


async def test_a_message_to_a_user_opens_the_conversation_of_the_two(server: MemoryServer) -> None:
    alice, bob = await logged_in(server, "alice"), await logged_in(server, "bob")
    others = [await logged_in(server, user_id) for user_id in ("alice", "bob", "carol", "dave")]
    sent = await say(alice, "hello", "bob", id="mine", colour="red")
    conversation = sent["target"]["id"]
    assert conversation not in ("alice", "bob")
    assert sent["target"] == {"id": conversation, "displayName": "", "objectType": "private"}
    assert sent["object"] == {
        "content": base64_of("hello"), "url": "", "displayName": "", "objectType": "private", "id": "mine",
        "colour": "red",
    }  # fmt: skip
    assert (sent["seq"], sent["actor"]["id"]) == (1, "alice")
    for client in (alice, bob, *others):
        await client.sync()
    everybody = (alice, bob, *others)
    assert [client.heard("message") for client in everybody] == [[sent]] * 4 + [[]] * 2
    created = [client.heard("gn_room_created") for client in everybody]
    assert created == [created[0]] * 4 + [[]] * 2
    assert [event["target"] for event in created[0]] == [sent["target"]]
    names = [name for name, _ in bob.events]
    assert names.index("gn_room_created") < names.index("message")
    answered = await say(bob, "hi", "alice")
    again = await say(bob, "you", conversation)
    assert {answered["target"]["id"], again["target"]["id"]} == {conversation}
    assert [answered["seq"], again["seq"]] == [2, 3]
    assert await texts(alice, "bob") == await texts(bob, "alice") == await texts(bob, conversation)
    assert await texts(bob, "alice") == ["you", "hi", "hello"]


async def test_a_retry_is_answered_and_not_sent_twice(server: MemoryServer) -> None:
    alice, bob = await logged_in(server, "alice"), await logged_in(server, "bob")
    first = await say(alice, "hello", "bob", id="mine")
    assert await say(alice, "hello", "bob", id="mine") == first
    for changed in ({"colour": "red"}, {"colour": None}):
        assert (await alice.call("message", private("hello", "bob", id="mine") | changed))["status_code"] == 200
        body = private("hello", "bob", id="mine", **changed)
        assert (await alice.call("message", body))["status_code"] == 706
    coloured = await say(alice, "hello", "bob", id="other", colour="red", size=[1, {"b": 2, "a": 1}])
    assert await say(alice, "hello", "bob", size=[1, {"a": 1, "b": 2}], colour="red", id="other") == coloured
    await bob.sync()
    assert len(bob.heard("message")) == 2


async def test_outsiders_neither_write_nor_read_nor_learn_that_there_is_one(server: MemoryServer) -> None:
    alice, dave = await logged_in(server, "alice"), await logged_in(server, "dave")
    carol, bob = await logged_in(server, "carol"), await logged_in(server, "bob")
    conversation = (await say(alice, "secret", "bob"))["target"]["id"]
    unknown = "01890000-0000-7000-8000-000000000000"
    for outsider in (dave, carol):
        for target in (conversation, unknown):
            for event, body, code in (
                ("message", private("me too", target), 800),
                ("message", private("x", target) | {"target": {"id": target, "objectType": "room"}}, 802),
                ("join", JOIN | {"target": {"id": target}}, 802),
                ("leave", {"verb": "leave", "target": {"id": target}}, 802),
                ("users_in_room", history(target), 802),
                ("history", history(target), 802),
                ("history", history(target, object={"seq": 0}), 802),
                ("read", {"verb": "read", "target": {"id": target}, "object": {"attachments": [{"id": "x"}]}}, 802),
                ("remove_room", {"verb": "remove", "target": {"id": target}}, 802),
                ("rename_room", {"verb": "rename", "target": {"id": target, "displayName": base64_of("mine")}}, 802),
            ):
                assert (await outsider.call(event, body))["status_code"] == code, (event, target)
    await bob.sync()
    assert len(bob.heard("message")) == 1
    assert await texts(bob, "alice") == ["secret"]


async def test_create_finds_or_makes_the_conversation_of_its_owners(server: MemoryServer) -> None:
    alice, bob, dave = [await logged_in(server, user_id) for user_id in ("alice", "bob", "dave")]
    reply = await alice.call("create", create("bob", " dave ", "alice"))
    conversation = reply["data"]["target"]["id"]
    assert reply["data"] == {
        "verb": "create",
        "target": {"id": conversation, "displayName": "", "objectType": "private"},
        "object": {"url": ""},
    }
    carol = await logged_in(server, "carol")
    for again in (await bob.call("create", create("dave", "alice")), await alice.call("create", create("bob", "dave"))):
        assert again["data"]["target"]["id"] == conversation
    for client in (alice, bob, dave, carol):
        await client.sync()
    heard = [client.heard("gn_room_created") for client in (alice, bob, dave, carol)]
    assert [len(events) for events in heard] == [1, 1, 1, 0]
    (event,) = heard[1]
    assert (event["actor"]["id"], event["target"]) == ("alice", reply["data"]["target"])
    assert event["object"] == {"url": ""}
    sent = await say(dave, "all of you", conversation)
    for client in (alice, bob, dave, carol):
        await client.sync()
    assert [client.heard("message") for client in (alice, bob, dave, carol)] == [[sent], [sent], [sent], []]
    other = await say(alice, "you alone", "bob")
    assert other["target"]["id"] != conversation


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ({"attachments": [{"objectType": "owners", "summary": "bob,nobody"}]}, 800),
        ({"attachments": [{"objectType": "owners", "summary": " , "}]}, 508),
        ({"attachments": [{"objectType": "others", "summary": "bob"}]}, 508),
        ({}, 508),
        ({"attachments": [{"objectType": "owners", "summary": "x" * 7000}]}, 706),
        ({"attachments": [{"objectType": "owners", "summary": 7}]}, 706),
    ],
)
async def test_a_conversation_needs_owners_who_are_known(
    server: MemoryServer, target: dict[str, Any], code: int
) -> None:
    alice = await logged_in(server, "alice")
    await logged_in(server, "bob")
    body = {"verb": "create", "target": {"objectType": "private"} | target}
    assert (await alice.call("create", body))["status_code"] == code


async def test_a_conversation_has_a_bounded_number_of_owners(server: MemoryServer) -> None:
    alice = await logged_in(server, "alice")
    names = [f"u{number}" for number in range(100)]
    for name in names:
        await (await logged_in(server, name)).leave()
    assert (await alice.call("create", create(*names)))["status_code"] == 706
    assert (await alice.call("create", create(*names[1:])))["status_code"] == 200


async def test_too_many_owners_are_not_even_looked_up(server: MemoryServer, monkeypatch: pytest.MonkeyPatch) -> None:
    alice = await logged_in(server, "alice")
    calls = counted(server, monkeypatch)
    assert (await alice.call("create", create(*(f"{number}" for number in range(1_000)))))["status_code"] == 706
    assert calls == []


@pytest.mark.parametrize(
    ("target", "code"),
    [("nobody", 800), ("", 502), ("x" * 65, 502), (ROOM, 800), ("0", 200), ("alice", 200), ("bob", 200)],
)
async def test_where_private_messages_go(server: MemoryServer, target: str, code: int) -> None:
    alice = await logged_in(server, "alice")
    await (await logged_in(server, "bob")).leave()
    assert (await alice.call("message", private("x", target)))["status_code"] == code


async def test_with_a_user_nothing_was_said_before_the_first_message(server: MemoryServer) -> None:
    alice = await logged_in(server, "alice")
    await logged_in(server, "bob")
    assert await texts(alice, "bob") == []
    for seq in (0, 5):
        reply = await alice.call("history", history("bob", object={"seq": seq}))
        found = {name: reply["data"]["object"][name] for name in ("attachments", "head", "more", "recovered")}
        assert found == {"attachments": [], "head": 0, "more": False, "recovered": seq == 0}
    for target in ("nobody", "alice,bob", "bob,"):
        assert (await alice.call("history", history(target)))["status_code"] == 802
    assert (await alice.call("list_channels", {"verb": "list"}))["status_code"] == 200
    await say(alice, "note", "alice")
    assert await texts(alice, "alice") == ["note"]


async def test_conversations_survive_a_restart(memory_server: Make) -> None:
    first = memory_server(channels=CHANNELS)
    alice = await logged_in(first, "alice")
    await logged_in(first, "bob")
    conversation = (await say(alice, "before", "bob"))["target"]["id"]
    config = first.server.config
    await first.stop()
    second = memory_server(**{name: getattr(config, name) for name in ("channels", "data_dir", "storage")})
    bob = await logged_in(second, "bob")
    assert (await say(bob, "after", conversation))["target"]["id"] == conversation
    assert await texts(bob, "alice") == ["after", "before"]


async def test_conversations_are_forgotten_and_found_again(server: MemoryServer) -> None:
    alice = await logged_in(server, "alice")
    conversations = server.server.services.places._conversations
    conversations._memory_limit = 4
    ids = {}
    for user_id in ("bob", "carol", "dave"):
        await logged_in(server, user_id)
        ids[user_id] = (await say(alice, "one", user_id))["target"]["id"]
    assert len(conversations._by_id) == len(conversations._by_owners) == 2
    assert len(set(ids.values())) == 3
    for user_id, conversation in ids.items():
        assert (await say(alice, "two", user_id))["target"]["id"] == conversation
        assert (await say(alice, "three", conversation))["seq"] == 3


async def test_who_joins_an_own_conversation_gets_what_a_room_shows(server: MemoryServer) -> None:
    alice, bob = await logged_in(server, "alice"), await logged_in(server, "bob")
    carol = await logged_in(server, "carol")
    conversation = (await alice.call("create", create("bob", "carol")))["data"]["target"]["id"]
    await say(alice, "one", conversation)
    await bob.call("status", {"verb": "invisible"})
    for client in (alice, bob, carol):
        await client.sync()
        client.events.clear()
    data = (await alice.call("join", JOIN | {"target": {"id": conversation}}))["data"]
    groups = {group["objectType"]: group for group in data["object"]["attachments"]}
    assert data["target"] == {"id": conversation, "displayName": ""}
    assert data["object"]["head"] == 1
    assert [entry["seq"] for entry in groups["history"]["attachments"]] == [1]
    assert [one["id"] for one in groups["owner"]["attachments"]] == ["alice", "bob", "carol"]
    assert [one["id"] for one in groups["user"]["attachments"]] == ["alice", "carol"]
    assert groups["user"]["summary"] == 2
    listed = await carol.call("users_in_room", history(conversation, object={"url": 1, "summary": 5}))
    assert [one["id"] for one in listed["data"]["object"]["attachments"]] == ["bob", "carol"]
    assert (await alice.call("leave", {"verb": "leave", "target": {"id": conversation}}))["status_code"] == 200
    sent = await say(bob, "two", conversation)
    await alice.sync()
    assert [name for name, _ in alice.events] == ["message"]
    assert alice.heard("message") == [sent]
