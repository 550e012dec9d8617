"""delete: who may delete what, who hears of it, what is left."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from chat.config import ChannelSection, GlobalRoles, HistoryOptions, MessageOptions, RoomSection
from chat.testing import MemoryClient, MemoryServer
from chat.texts import base64_of, text_of
from tests.conversing import logged_in

Make = Callable[..., MemoryServer]
ROOM, OTHER = "room", "other"
CHANNELS = (
    ChannelSection(
        name="Lobby",
        default=True,
        owners=("chan-owner",),
        admins=("chan-admin",),
        rooms=(
            RoomSection(id=ROOM, name="General", owners=("owner",), moderators=("moderator",)),
            RoomSection(id=OTHER, name="Other", owners=("elsewhere",)),
        ),
    ),
)
ROLES = GlobalRoles(superusers=("super", "super2"), globalmods=("mod", "mod2"))


@pytest.fixture
def server(memory_server: Make) -> MemoryServer:
    return memory_server(channels=CHANNELS, roles=ROLES, history=HistoryOptions(limit=3))


async def inside(server: MemoryServer, user_id: str, *rooms: str) -> MemoryClient:
    """A client in rooms, which has forgotten what it heard."""
    client = await logged_in(server, user_id)
    for room in rooms or (ROOM,):
        assert (await client.call("join", {"verb": "join", "target": {"id": room}}))["status_code"] == 200
    await client.sync()
    client.events.clear()
    return client


async def say(client: MemoryClient, text: str, room: str = ROOM, kind: str = "room") -> str:
    target = {"id": room, "objectType": kind}
    body = {"verb": "send", "target": target, "object": {"content": base64_of(text)}}
    reply = await client.call("message", body)
    assert reply["status_code"] == 200, reply
    message_id: str = reply["data"]["id"]
    return message_id


def delete(message_id: str, room: str = ROOM, **members: Any) -> dict[str, Any]:
    return {"verb": "delete", "target": {"id": room}, "object": {"id": message_id} | members}


async def code(client: MemoryClient, body: dict[str, Any]) -> int:
    reply = await client.call("delete", body)
    assert set(reply) <= {"status_code", "message"}
    status: int = reply["status_code"]
    return status


async def history(client: MemoryClient, room: str = ROOM, **members: Any) -> list[dict[str, Any]]:
    reply = await client.call("history", {"verb": "list", "target": {"id": room}} | members)
    entries: list[dict[str, Any]] = reply["data"]["object"]["attachments"]
    return entries


async def texts(client: MemoryClient, room: str = ROOM) -> list[str]:
    return [text_of(entry["content"], "content") for entry in await history(client, room)]


async def heard(*clients: MemoryClient) -> list[list[dict[str, Any]]]:
    """The deletions that each of them heard of."""
    for client in clients:
        await client.sync()
    return [client.heard("gn_message_deleted") for client in clients]


async def test_the_room_hears_of_a_deletion(server: MemoryServer) -> None:
    alice, bob, owner = [await inside(server, one) for one in ("alice", "bob", "owner")]
    message_id = await say(alice, "hello")
    body = delete(message_id, object_type="message", colour="red") | {"actor": {"id": "bob"}, "id": "mine"}
    assert await alice.call("delete", body) == {"status_code": 200}
    (told,), (same,) = await heard(alice, bob)
    assert (
        told
        == same
        == {
            "id": told["id"],
            "published": told["published"],
            "actor": {"id": "alice", "displayName": base64_of("alice")},
            "verb": "delete",
            "object": {"id": message_id},
            "target": {"id": ROOM},
        }
    )
    assert told["id"] not in (message_id, "mine")
    await say(alice, "again")
    assert await owner.call("delete", delete(ROOM, object_type="room")) == {"status_code": 200}
    (_, cleared), (_, same) = await heard(owner, bob)
    assert cleared == same
    assert (cleared["object"], cleared["target"]) == ({"id": ROOM, "objectType": "room"}, {"id": ROOM})
    assert [name for name, _, _ in owner.log[-2:]] == ["gn_delete", "gn_message_deleted"]


async def test_a_deleted_message_leaves_a_tombstone(server: MemoryServer) -> None:
    alice = await inside(server, "alice")
    ids = [await say(alice, text) for text in ("a", "b", "c", "d", "e")]
    assert await code(alice, delete(ids[3])) == 200
    assert await texts(alice) == ["e", "c", "b"]
    entries = await history(alice, object={"seq": 0})
    assert [entry["seq"] for entry in entries] == [1, 2, 3, 4, 5]
    assert entries[3] == {"id": ids[3], "seq": 4, "deleted": True}
    late = await logged_in(server, "late")
    joined = (await late.call("join", {"verb": "join", "target": {"id": ROOM}}))["data"]["object"]
    (group,) = [one for one in joined["attachments"] if one["objectType"] == "history"]
    assert [entry["id"] for entry in group["attachments"]] == [ids[4], ids[2], ids[1]]
    assert joined["head"] == 5


@pytest.mark.parametrize("member", ["object_type", "objectType"])
async def test_a_room_is_cleared(server: MemoryServer, member: str) -> None:
    alice, moderator = await inside(server, "alice", ROOM, OTHER), await inside(server, "moderator")
    outside = await logged_in(server, "outside")
    for text in "abcdef":
        await say(alice, text)
    await say(alice, "elsewhere", OTHER)
    assert await code(moderator, delete(ROOM, **{member: "room"})) == 200
    assert [len(events) for events in await heard(alice, moderator, outside)] == [1, 1, 0]
    assert await texts(alice) == []
    assert [entry["deleted"] for entry in await history(alice, object={"seq": 0})] == [True] * 6
    assert await texts(alice, OTHER) == ["elsewhere"]
    await say(alice, "after")
    assert await texts(alice) == ["after"]


async def test_deleting_again_is_answered_alike_and_told_to_nobody(server: MemoryServer) -> None:
    alice, owner = await inside(server, "alice"), await inside(server, "owner")
    message_id = await say(alice, "hello")
    for _ in range(3):
        assert await code(alice, delete(message_id)) == 200
    assert await code(owner, delete(message_id)) == 200
    assert len((await heard(alice))[0]) == 1
    await say(alice, "more")
    for _ in range(3):
        assert await code(owner, delete(ROOM, objectType="room")) == 200
    assert len((await heard(alice))[0]) == 2


@pytest.mark.parametrize(
    ("who", "others", "of_operators"),
    [
        ("bob", 705, 705),
        ("elsewhere", 705, 705),
        ("moderator", 200, 705),
        ("owner", 200, 705),
        ("chan-admin", 200, 705),
        ("chan-owner", 200, 705),
        ("mod", 200, 705),
        ("super", 200, 200),
    ],
)
async def test_who_may_delete_what_others_said(server: MemoryServer, who: str, others: int, of_operators: int) -> None:
    """And clear the room. `of_operators`: what a superuser said."""
    alice, boss, actor = [await inside(server, one) for one in ("alice", "super2", who)]
    assert await code(actor, delete(await say(alice, "a"))) == others
    assert await code(actor, delete(await say(boss, "b"))) == of_operators
    assert await code(actor, delete(ROOM, objectType="room")) == others
    assert len((await heard(alice))[0]) == [others, of_operators, others].count(200)


async def test_what_others_delete_is_in_the_audit_log(server: MemoryServer) -> None:
    alice, moderator = await inside(server, "alice"), await inside(server, "moderator")
    own, others, refused = [await say(alice, text) for text in "abc"]
    assert await code(alice, delete(own)) == 200
    assert await code(moderator, delete(await say(moderator, "d"))) == 200
    for _ in range(2):
        assert await code(moderator, delete(others)) == 200
    assert await code(await inside(server, "bob"), delete(refused)) == 705
    assert await code(moderator, delete(ROOM, objectType="room")) == 200
    with closing(sqlite3.connect(f"{server.server.config.data_dir}/chat.db")) as database:
        rows = database.execute("SELECT actor_id, action, user_id, room_id, reason FROM audit").fetchall()
        texts = [text for (text,) in database.execute("SELECT body FROM messages ORDER BY seq")]
    assert rows == [
        ("moderator", "delete-message", "alice", ROOM, others),
        ("moderator", "clear-room", "moderator", ROOM, ""),
    ]
    assert texts == ["a", "b", "c", "d"]


async def test_globalmods_are_equals(server: MemoryServer) -> None:
    mod, other = await inside(server, "mod"), await inside(server, "mod2")
    moderator = await inside(server, "moderator")
    message_id = await say(other, "a")
    assert await code(moderator, delete(message_id)) == 705
    assert await code(mod, delete(message_id)) == 200


async def test_where_users_take_nothing_back(memory_server: Make) -> None:
    server = memory_server(channels=CHANNELS, roles=ROLES, messages=MessageOptions(sender_can_delete=False))
    alice, moderator = await inside(server, "alice"), await inside(server, "moderator")
    assert await code(alice, delete(await say(alice, "a"))) == 705
    assert await code(moderator, delete(await say(moderator, "b"))) == 200


async def test_the_message_has_to_be_of_the_room_that_is_named(server: MemoryServer) -> None:
    """Who owns one room deletes nothing in another."""
    owner, alice = await inside(server, "elsewhere", OTHER, ROOM), await inside(server, "alice")
    message_id = await say(alice, "keep")
    for room in (OTHER, ROOM):
        assert await code(owner, delete(message_id, room)) == (706 if room == OTHER else 705)
        assert await code(owner, delete("unknown", room)) == 706
    for kind in ("room", "message", ""):
        assert await code(owner, delete(ROOM, OTHER, objectType=kind)) == 706
    assert await texts(alice) == ["keep"]
    assert await heard(alice, owner) == [[], []]


async def test_a_rooms_owner_need_not_be_inside(server: MemoryServer) -> None:
    alice, owner = await inside(server, "alice"), await logged_in(server, "owner")
    message_id = await say(alice, "gone")
    assert await code(owner, delete(message_id)) == 200
    for (event,) in await heard(alice, owner):
        assert event["object"] == {"id": message_id}
    second = await inside(server, "owner")
    assert await code(owner, delete(await say(alice, "too"))) == 200
    assert [len(events) for events in await heard(alice, owner, second)] == [2, 1, 1]


async def test_it_takes_standing_in_the_room(server: MemoryServer) -> None:
    alice = await inside(server, "alice")
    message_id = await say(alice, "keep")
    for who in ("outside", "super"):
        outside = await logged_in(server, who)
        for body in (delete(message_id), delete(ROOM, objectType="room")):
            assert await code(outside, body) == 702
        assert await code(outside, delete(message_id, "nowhere")) == 802
    assert (await alice.call("leave", {"verb": "leave", "target": {"id": ROOM}}))["status_code"] == 200
    assert await code(alice, delete(message_id)) == 702


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"target": {"id": ROOM}, "verb": "delete"}, 501),
        ({"target": {"id": ROOM}, "object": {"id": 5}, "verb": "delete"}, 501),
        ({"target": {"id": ROOM}, "object": {"id": "x" * 65}, "verb": "delete"}, 501),
        ({"object": {"id": "x"}, "verb": "delete"}, 502),
        (delete("x", objectType=5), 605),
        (delete("x", object_type=["room"]), 605),
        (delete("x") | {"verb": "remove"}, 607),
    ],
)
async def test_malformed_requests(server: MemoryServer, body: dict[str, Any], expected: int) -> None:
    assert await code(await inside(server, "alice"), body) == expected


async def test_owners_of_a_conversation_take_back_their_own_messages(server: MemoryServer) -> None:
    """Nobody else's, whatever they are, and nobody clears it."""
    alice, boss = await logged_in(server, "alice"), await logged_in(server, "super")
    second, dave = await logged_in(server, "alice"), await logged_in(server, "dave")
    own, other = await say(alice, "mine", "super", "private"), await say(boss, "yours", "alice", "private")
    await alice.sync()
    conversation = alice.heard("message")[0]["target"]["id"]
    assert await code(boss, delete(own, conversation)) == 705
    assert await code(alice, delete(other, conversation)) == 705
    for owner in (alice, boss):
        assert await code(owner, delete(conversation, conversation, objectType="room")) == 705
    assert await code(dave, delete(own, conversation)) == 802
    assert await code(alice, delete(own, conversation)) == 200
    events = await heard(alice, second, boss, dave)
    assert [len(one) for one in events] == [1, 1, 1, 0]
    assert events[0][0]["target"] == {"id": conversation}
    assert await texts(boss, conversation) == ["yours"]
