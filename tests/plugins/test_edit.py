"""edit: who may edit what for how long, who hears of it, what is read afterwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from chat.config import ChannelSection, GlobalRoles, MessageOptions, RoomSection
from chat.errors import ChatError
from chat.model import MessageId, RoomId, UserId
from chat.plugin import Context
from chat.requests import EditMessage, MutePlan, MuteUsers
from chat.testing import MemoryClient, MemoryServer
from chat.texts import base64_of
from chat.times import utc_now
from tests.conversing import logged_in

from .test_delete import OTHER, ROOM, delete, history, inside, say

Make = Callable[..., MemoryServer]
CHANNELS = (
    ChannelSection(
        id="lobby",
        name="Lobby",
        default=True,
        rooms=(RoomSection(id=ROOM, name="General", owners=("owner",)), RoomSection(id=OTHER, name="Other")),
    ),
)


@pytest.fixture
def server(memory_server: Make) -> MemoryServer:
    return memory_server(
        channels=CHANNELS, roles=GlobalRoles(superusers=("super",)), messages=MessageOptions(max_characters=10)
    )


def edit(message_id: str, text: str, room: str = ROOM, **members: Any) -> dict[str, Any]:
    content = {"id": message_id, "content": base64_of(text)}
    return {"verb": "edit", "target": {"id": room}, "object": content | members}


async def code(client: MemoryClient, body: dict[str, Any]) -> int:
    status: int = (await client.call("edit", body))["status_code"]
    return status


async def test_the_room_hears_of_an_edit(server: MemoryServer) -> None:
    alice, bob = await inside(server, "alice"), await inside(server, "bob")
    message_id = await say(alice, "helo")
    body = edit(message_id, "hello", colour="red", displayName="x", url="y")
    reply = await alice.call("edit", body | {"target": {"id": ROOM, "objectType": "private"}, "actor": {"id": "bob"}})
    for client in (alice, bob):
        await client.sync()
    assert reply["status_code"] == 200
    assert [name for name, _, _ in alice.log[-3:]] == ["message", "gn_edit", "gn_message_edited"]
    (told,) = alice.heard("gn_message_edited")
    assert told == reply["data"] == bob.heard("gn_message_edited")[0]
    assert told == {
        "id": told["id"],
        "published": told["published"],
        "verb": "edit",
        "actor": {"id": "alice", "displayName": base64_of("alice")},
        "target": {"id": ROOM, "displayName": base64_of("General"), "objectType": "room"},
        "object": {
            "id": message_id,
            "content": base64_of("hello"),
            "updated": told["published"],
            "url": "lobby",
            "displayName": base64_of("Lobby"),
            "objectType": "room",
        },
        "seq": 1,
    }
    assert told["id"] != message_id


async def test_histories_show_the_new_text_and_when_it_came(server: MemoryServer) -> None:
    alice = await inside(server, "alice")
    first, second = await say(alice, "one"), await say(alice, "two")
    told = (await alice.call("edit", edit(first, "ONE")))["data"]
    late = await logged_in(server, "late")
    joined = (await late.call("join", {"verb": "join", "target": {"id": ROOM}}))["data"]["object"]["attachments"]
    for entries in (
        await history(alice),
        (await history(alice, object={"seq": 0}))[::-1],
        next(group["attachments"] for group in joined if group["objectType"] == "history"),
    ):
        assert [(entry["id"], entry["content"]) for entry in entries] == [
            (second, base64_of("two")),
            (first, base64_of("ONE")),
        ]
        assert "updated" not in entries[0]
        assert entries[1]["updated"] == told["object"]["updated"]
        assert entries[1]["seq"] == 1


async def test_the_text_that_it_has_is_told_to_nobody(server: MemoryServer) -> None:
    alice = await inside(server, "alice")
    message_id = await say(alice, "hello")
    reply = await alice.call("edit", edit(message_id, "hello"))
    assert reply["status_code"] == 200
    assert "updated" not in reply["data"]["object"]
    assert await code(alice, edit(message_id, "bye")) == 200
    assert await code(alice, edit(message_id, "bye")) == 200
    await alice.sync()
    assert len(alice.heard("gn_message_edited")) == 1


async def test_the_author_alone_edits(server: MemoryServer) -> None:
    alice = await inside(server, "alice")
    message_id = await say(alice, "hello")
    for who in ("bob", "owner", "super"):
        assert await code(await inside(server, who), edit(message_id, "bye")) == 705
    assert await code(await logged_in(server, "outside"), edit(message_id, "bye")) == 702
    assert await code(alice, edit(message_id, "bye", "nowhere")) == 802
    await alice.call("leave", {"verb": "leave", "target": {"id": ROOM}})
    assert await code(alice, edit(message_id, "bye")) == 702
    await alice.sync()
    assert alice.heard("gn_message_edited") == []


async def test_the_message_has_to_be_there(server: MemoryServer) -> None:
    alice = await inside(server, "alice", ROOM, OTHER)
    message_id = await say(alice, "hello")
    assert await code(alice, edit(message_id, "bye", OTHER)) == 706
    assert await code(alice, edit("unknown", "bye")) == 706
    assert (await alice.call("delete", delete(message_id)))["status_code"] == 200
    for text in ("bye", "hello"):
        assert await code(alice, edit(message_id, text)) == 706


@pytest.mark.parametrize(
    ("member", "expected"),
    [
        ({"content": base64_of(" \n")}, 700),
        ({"content": ""}, 700),
        ({"content": base64_of("x" * 11)}, 714),
        ({"content": "no base64"}, 701),
        ({"content": None}, 506),
        ({"id": None}, 501),
        ({"id": 5}, 501),
    ],
)
async def test_the_rules_for_messages(server: MemoryServer, member: dict[str, Any], expected: int) -> None:
    alice = await inside(server, "alice")
    message_id = await say(alice, "hello")
    body = edit(message_id, "bye")
    assert await code(alice, body | {"object": body["object"] | member}) == expected
    assert await code(alice, edit(message_id, "x" * 10)) == 200


async def test_malformed_requests(server: MemoryServer) -> None:
    alice = await inside(server, "alice")
    body = edit(await say(alice, "hello"), "bye")
    assert await code(alice, body | {"object": None}) == 507
    assert await code(alice, body | {"target": {}}) == 502
    assert await code(alice, body | {"verb": "send"}) == 607


@pytest.mark.parametrize(("window_s", "age_s", "expected"), [(60, 59, 200), (60, 61, 705), (0, 0, 705)])
async def test_it_has_its_time(memory_server: Make, window_s: int, age_s: int, expected: int) -> None:
    server = memory_server(channels=CHANNELS, messages=MessageOptions(edit_window_s=window_s))
    alice = await inside(server, "alice")
    message_id = await say(alice, "hello")
    message = await server.server.services.store.find_message(MessageId(message_id))
    assert message is not None
    request = EditMessage(body="bye", message_id=message.id, target=ROOM)
    context = Context(message.published + timedelta(seconds=age_s), alice.connection.session.user)
    answered = 200
    try:
        await server.server.pipeline.dispatch(context, request)
    except ChatError as refusal:
        answered = refusal.code.wire
    assert answered == expected


async def test_the_muted_edit_nothing(server: MemoryServer) -> None:
    alice = await inside(server, "alice")
    message_id = await say(alice, "hello")
    plan = MutePlan(UserId("alice"), RoomId(ROOM), "1h", "spam", UserId("alice"))
    backend = Context(utc_now(), server.server.services.users.system, None, "key")
    await server.server.pipeline.dispatch(backend, MuteUsers((plan,)))
    reply = await alice.call("edit", edit(message_id, "bye"))
    assert (reply["status_code"], reply["data"]["verb"]) == (703, "mute")
    assert (await alice.call("delete", delete(message_id)))["status_code"] == 200


async def test_private_messages_are_edited_too(server: MemoryServer) -> None:
    alice, bob, dave = [await logged_in(server, user_id) for user_id in ("alice", "bob", "dave")]
    message_id = await say(alice, "hello", "bob", "private")
    await bob.sync()
    conversation = bob.heard("message")[0]["target"]["id"]
    assert await code(dave, edit(message_id, "bye", conversation)) == 802
    assert await code(bob, edit(message_id, "bye", conversation)) == 705
    reply = await alice.call("edit", edit(message_id, "bye", conversation))
    for client in (alice, bob, dave):
        await client.sync()
    assert alice.heard("gn_message_edited") == bob.heard("gn_message_edited") == [reply["data"]]
    assert dave.heard("gn_message_edited") == []
    assert reply["data"]["target"] == {"id": conversation, "displayName": "", "objectType": "private"}
    assert reply["data"]["object"]["url"] == reply["data"]["object"]["displayName"] == ""
    assert [entry["content"] for entry in await history(bob, conversation)] == [base64_of("bye")]
