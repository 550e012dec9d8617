"""A conversation through every verb: what is answered, who hears what."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from chat.config import ChannelSection, GlobalRoles, HistoryOptions, MessageOptions, RoomSection, UserOptions
from chat.model import RoomId
from chat.testing import MemoryClient, MemoryServer
from chat.texts import base64_of

ROOM = "room-general"
OTHER = "room-other"
CHANNEL = "channel-lobby"
CHANNELS = (
    ChannelSection(
        id=CHANNEL,
        name="Lobby",
        default=True,
        tags=("normal", "fun"),
        admins=("carol",),
        rooms=(
            RoomSection(id=ROOM, name="General", sort=1, owners=("bob",), moderators=("bob",)),
            RoomSection(id=OTHER, name="Other", sort=2),
            RoomSection(id="room-closed", name="Closed", sort=3, access="members", owners=("bob",)),
        ),
    ),
    ChannelSection(name="Second", sort=2, rooms=(RoomSection(name="Twice"),)),
    ChannelSection(name="Third", sort=3, rooms=(RoomSection(name="twice"),)),
    ChannelSection(name="Empty", sort=4),
)
Make = Callable[..., MemoryServer]


def join(room: str = ROOM, **target: str) -> dict[str, Any]:
    return {"verb": "join", "target": {"id": room} | target}


def send(text: str, room: str = ROOM, **members: str) -> dict[str, Any]:
    return {
        "verb": "send",
        "target": {"id": room, "objectType": "room"},
        "object": {"content": base64_of(text)} | members,
    }


def history(room: str = ROOM, **members: Any) -> dict[str, Any]:
    return {"verb": "list", "target": {"id": room}} | members


@pytest.fixture
def server(memory_server: Make) -> MemoryServer:
    return memory_server(
        channels=CHANNELS,
        roles=GlobalRoles(superusers=("carol",), globalmods=("carol",)),
        history=HistoryOptions(limit=3),
        messages=MessageOptions(max_characters=20),
    )


async def enter(server: MemoryServer, user_id: str, *rooms: str, **attributes: str) -> MemoryClient:
    """A client that is logged in and in the rooms, and has forgotten what it heard on the way."""
    client = server.client()
    assert (await client.login(user_id, **attributes))["status_code"] == 200
    for room in rooms:
        assert (await client.call("join", join(room)))["status_code"] == 200
    await client.sync()
    client.events.clear()
    return client


async def test_connect_greets_and_answers_anybody(server: MemoryServer) -> None:
    client = server.client()
    assert await client.call("connect", {}) == {"status_code": 200}
    assert client.events == [("gn_connect", {"status_code": 200})]


async def test_login_tells_roles_limits_and_name(server: MemoryServer) -> None:
    reply = await server.client().login("carol", "Caról", age="30")
    assert reply["status_code"] == 200
    activity = reply["data"]
    assert activity["verb"] == "login"
    assert activity["provider"] == {"id": "dev"}
    assert activity["actor"]["id"] == "carol"
    assert activity["actor"]["displayName"] == base64_of("Caról")
    assert activity["actor"]["attachments"] == [
        {"objectType": "global_roles", "content": "superuser,globalmod"},
        {"objectType": "global_role", "content": "superuser,globalmod"},
        {"objectType": "channel_role", "id": CHANNEL, "content": "admin"},
    ]
    assert activity["object"] == {"objectType": "history", "attachments": []}
    assert activity["limits"]["frame_bytes"] == 65536
    assert activity["limits"]["max_characters"] == 20
    assert activity["reconnect_jitter_s"] == 10


async def test_login_tells_room_roles(server: MemoryServer) -> None:
    reply = await server.client().login("bob")
    assert {"objectType": "room_role", "id": ROOM, "content": "moderator,owner"} in reply["data"]["actor"][
        "attachments"
    ]


@pytest.mark.parametrize(
    ("actor", "code"),
    [
        ({}, 500),
        ({"id": ""}, 500),
        ({"id": 7}, 500),
        ({"id": "white space"}, 500),
        ({"id": "x" * 65}, 500),
        ({"id": "0"}, 713),
        ({"id": "x", "displayName": "not base64"}, 701),
        ({"id": "x", "attachments": [{"objectType": "age", "content": "!"}]}, 701),
    ],
)
async def test_login_refuses(server: MemoryServer, actor: dict[str, Any], code: int) -> None:
    client = server.client()
    assert (await client.call("login", {"verb": "login", "actor": actor}))["status_code"] == code
    assert (await client.call("list_channels", {"verb": "list"}))["status_code"] == 804


async def test_login_twice_is_the_same_user_only(server: MemoryServer) -> None:
    client = await enter(server, "alice")
    assert (await client.login("alice"))["status_code"] == 200
    assert (await client.login("bob"))["status_code"] == 713


async def test_operators_hear_of_the_first_session(server: MemoryServer) -> None:
    carol = server.client()
    await carol.login("carol")
    await carol.sync()
    assert carol.heard("gn_user_connected") == []
    bob = await enter(server, "bob")
    alice = await enter(server, "alice", age="30", ip="10.0.0.1")
    await enter(server, "alice")
    await carol.sync()
    connected = [data for data in carol.heard("gn_user_connected") if data["actor"]["id"] == "alice"]
    assert len(connected) == 1
    assert connected[0]["verb"] == "connect"
    assert connected[0]["actor"]["attachments"] == [{"objectType": "age", "content": base64_of("30")}]
    await alice.sync()
    assert bob.events == alice.events == []


async def test_every_other_verb_needs_a_login(server: MemoryServer) -> None:
    client = server.client()
    for verb in server.server.pipeline.verbs:
        if verb.event not in {None, "connect", "login", "disconnect"}:
            assert verb.event is not None
            assert await client.call(verb.event, {}) == {"status_code": 804, "message": "not logged in"}


async def test_the_body_names_the_verb(server: MemoryServer) -> None:
    client = await enter(server, "alice")
    assert (await client.call("list_channels", {}))["status_code"] == 511
    assert (await client.call("list_channels", {"verb": "join"}))["status_code"] == 607
    assert (await client.call("list_channels", {"verb": 5}))["status_code"] == 607


async def test_list_channels(server: MemoryServer) -> None:
    client = await enter(server, "alice")
    reply = await client.call("list_channels", {"verb": "list"})
    assert reply["data"]["verb"] == "list"
    assert reply["data"]["object"]["objectType"] == "channels"
    channels = reply["data"]["object"]["attachments"]
    assert channels[0] == {
        "id": CHANNEL,
        "displayName": base64_of("Lobby"),
        "url": 0,
        "objectType": "static",
        "content": "normal,fun",
        "attachments": [],
    }
    assert [channel["url"] for channel in channels] == [0, 2, 3, 4]
    assert channels[3]["objectType"] == "mix"


async def test_list_rooms(server: MemoryServer) -> None:
    await enter(server, "alice", ROOM)
    bob = await enter(server, "bob", ROOM)
    reply = await bob.call("list_rooms", {"verb": "list", "object": {"url": CHANNEL}})
    assert reply["data"]["object"]["objectType"] == "rooms"
    assert reply["data"]["object"]["url"] == CHANNEL
    rooms = reply["data"]["object"]["attachments"]
    assert rooms[0] == {
        "id": ROOM,
        "displayName": base64_of("General"),
        "url": 1,
        "summary": 2,
        "objectType": "static",
        "content": "moderator,owner",
        "attachments": [],
    }
    assert [room["displayName"] for room in rooms] == [base64_of(name) for name in ("General", "Other", "Closed")]
    assert (await bob.call("list_rooms", {"verb": "list"}))["status_code"] == 503
    assert (await bob.call("list_rooms", {"verb": "list", "object": {"url": "nowhere"}}))["status_code"] == 801


async def test_rooms_for_members_are_hidden_from_others(server: MemoryServer) -> None:
    alice = await enter(server, "alice")
    reply = await alice.call("list_rooms", {"verb": "list", "object": {"url": CHANNEL}})
    assert len(reply["data"]["object"]["attachments"]) == 2
    for event, body in (
        ("join", join("room-closed")),
        ("history", history("room-closed")),
        ("users_in_room", {"verb": "list", "target": {"id": "room-closed"}}),
    ):
        assert (await alice.call(event, body))["status_code"] == 802
    bob = await enter(server, "bob")
    assert (await bob.call("join", join("room-closed")))["status_code"] == 200


async def test_join_shows_the_room_and_tells_it(server: MemoryServer) -> None:
    bob = await enter(server, "bob", ROOM)
    for text in ("one", "two", "three", "four"):
        await bob.call("message", send(text))
    alice = server.client()
    await alice.login("alice", "Alice", image="http://x/y.png", avatar="a", ip="10.0.0.1")
    alice.events.clear()
    bob.events.clear()
    reply = await alice.call("join", join())
    await alice.sync()
    activity = reply["data"]
    assert activity["verb"] == "join"
    assert activity["target"] == {"id": ROOM, "displayName": base64_of("General")}
    assert activity["provider"] == {"id": "dev"}
    assert activity["object"]["objectType"] == "room"
    assert activity["object"]["head"] == 4
    groups = {group["objectType"]: group for group in activity["object"]["attachments"]}
    assert list(groups) == ["acl", "history", "owner", "user"]
    assert [entry["content"] for entry in groups["history"]["attachments"]] == list(
        map(base64_of, ("four", "three", "two"))
    )
    assert [entry["seq"] for entry in groups["history"]["attachments"]] == [4, 3, 2]
    assert groups["owner"]["attachments"] == [{"id": "bob", "displayName": base64_of("bob")}]
    assert [user["id"] for user in groups["user"]["attachments"]] == ["bob", "alice"]
    assert groups["user"]["attachments"][0]["content"] == "moderator,owner"
    assert groups["user"]["summary"] == 2
    assert [name for name, _ in bob.events] == ["gn_user_connected", "gn_user_joined"]
    assert [name for name, _ in alice.events] == ["gn_user_joined"]
    joined = alice.events[0][1]
    assert joined["actor"]["image"] == {"url": "http://x/y.png"}
    assert {one["objectType"] for one in joined["actor"]["attachments"]} == {"image", "avatar"}
    assert joined == bob.events[1][1]


async def test_joining_again_answers_and_announces_nothing(server: MemoryServer) -> None:
    alice = await enter(server, "alice", ROOM)
    assert (await alice.call("join", join()))["status_code"] == 200
    second = await enter(server, "alice", ROOM)
    await alice.sync()
    assert alice.events == second.events == []


async def test_connected_is_announced_once_per_room(server: MemoryServer) -> None:
    bob = await enter(server, "bob", ROOM)
    alice = await enter(server, "alice", ROOM)
    await alice.call("leave", {"verb": "leave", "target": {"id": ROOM}})
    await alice.call("join", join())
    await bob.sync()
    assert len(bob.heard("gn_user_connected")) == 1
    assert len(bob.heard("gn_user_joined")) == 2


async def test_join_by_name(server: MemoryServer) -> None:
    alice = await enter(server, "alice")
    reply = await alice.call("join", join("general", objectType="name"))
    assert reply["data"]["target"]["id"] == ROOM
    assert (await alice.call("join", join("twice", objectType="name")))["status_code"] == 715
    assert (await alice.call("join", join("nowhere", objectType="name")))["status_code"] == 802
    assert (await alice.call("join", join("nowhere")))["status_code"] == 802
    assert (await alice.call("join", {"verb": "join"}))["status_code"] == 502
    assert (await alice.call("join", {"verb": "join", "target": {"id": 5}}))["status_code"] == 502


async def test_leave(server: MemoryServer) -> None:
    bob = await enter(server, "bob", ROOM)
    alice, second = await enter(server, "alice", ROOM), await enter(server, "alice", ROOM)
    bob.events.clear()
    assert await alice.call("leave", {"verb": "join", "target": {"id": "General", "objectType": "name"}}) == {
        "status_code": 200
    }
    assert (await alice.call("leave", {"verb": "leave", "target": {"id": ROOM}}))["status_code"] == 200
    assert (await alice.call("leave", {"verb": "leave", "target": {"id": "nowhere"}}))["status_code"] == 802
    await bob.call("message", send("hello"))
    await second.sync()
    assert [name for name, _ in bob.events] == ["gn_user_left", "message"]
    left = bob.events[0][1]
    assert left["actor"] == {"id": "alice", "displayName": base64_of("alice")}
    assert left["target"] == {"id": ROOM, "displayName": base64_of("General")}
    assert alice.events == second.events == []
    assert (await second.call("message", send("hello")))["status_code"] == 702


async def test_message_reaches_the_room_as_it_was_answered(server: MemoryServer) -> None:
    bob = await enter(server, "bob", ROOM)
    alice = await enter(server, "alice", ROOM)
    bob.events.clear()
    reply = await alice.call("message", send("grüße 👋"))
    await bob.sync()
    activity = reply["data"]
    assert activity["seq"] == 1
    assert activity["verb"] == "send"
    assert activity["actor"] == {"id": "alice", "displayName": base64_of("alice")}
    assert activity["target"] == {"id": ROOM, "displayName": base64_of("General"), "objectType": "room"}
    assert activity["object"] == {
        "content": base64_of("grüße 👋"),
        "displayName": base64_of("Lobby"),
        "url": CHANNEL,
        "objectType": "room",
    }
    assert alice.events == bob.events == [("message", activity)]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"verb": "send", "target": {"id": ROOM, "objectType": "room"}}, 507),
        ({"verb": "send", "target": {"id": ROOM, "objectType": "room"}, "object": {}}, 506),
        ({"verb": "send", "target": {"id": ROOM, "objectType": "room"}, "object": {"content": 7}}, 506),
        (send("x") | {"object": {"content": "no base64"}}, 701),
        (send("x") | {"object": {"content": "aGk"}}, 701),
        (send("x") | {"object": {"content": "/w=="}}, 701),
        (send("x") | {"target": {"objectType": "room"}}, 502),
        (send("x") | {"target": {"id": ROOM}}, 600),
        (send("x") | {"target": {"id": ROOM, "objectType": "planet"}}, 600),
        (send(""), 700),
        (send(" \n\t"), 700),
        (send("x" * 21), 714),
        (send("a\0b"), 706),
        (send("x", room="nowhere"), 802),
        (send("x", room=OTHER), 702),
        (send("x", id="i" * 65), 706),
    ],
)
async def test_message_refuses(server: MemoryServer, body: dict[str, Any], code: int) -> None:
    alice = await enter(server, "alice", ROOM)
    assert (await alice.call("message", body))["status_code"] == code
    await alice.sync()
    assert alice.events == []
    assert (await alice.call("message", send("next")))["data"]["seq"] == 1


async def test_a_retry_is_answered_again_and_sent_once(server: MemoryServer) -> None:
    alice = await enter(server, "alice", ROOM, OTHER)
    bob = await enter(server, "bob", ROOM)
    first = await alice.call("message", send("hello", id="try-1"))
    assert await alice.call("message", send("hello", id="try-1")) == first
    both = alice.ask("message", send("again", id="try-2")), alice.ask("message", send("again", id="try-2"))
    assert await both[0] == await both[1]
    assert (await alice.call("message", send("else", id="try-1")))["status_code"] == 706
    assert (await alice.call("message", send("hello", OTHER, id="try-1")))["data"]["seq"] == 1
    assert (await bob.call("message", send("hello", id="try-1")))["data"]["seq"] == 3
    await bob.sync()
    assert [data["seq"] for data in bob.heard("message")] == [1, 2, 3]


async def test_history_since_a_time(server: MemoryServer) -> None:
    alice = await enter(server, "alice", ROOM)
    for number in range(3):
        await alice.call("message", send(f"text {number}"))
    stored = server.server.services.timelines.newest(RoomId(ROOM)).messages
    for since in (one.published for one in stored):
        reply = await alice.call("history", history(updated=since.isoformat()))
        found = [entry["id"] for entry in reply["data"]["object"]["attachments"]]
        assert found == [one.id for one in reversed(stored) if one.published >= since]
    past_all = stored[-1].published + timedelta(milliseconds=1)
    reply = await alice.call("history", history(updated=past_all.isoformat()))
    assert reply["data"]["object"]["attachments"] == []


async def test_history(server: MemoryServer) -> None:
    alice = await enter(server, "alice", ROOM)
    sent = [(await alice.call("message", send(f"text {number}")))["data"] for number in range(5)]
    newest = (await alice.call("history", history()))["data"]
    assert newest["target"] == {"id": ROOM}
    assert newest["verb"] == "history"
    assert [entry["id"] for entry in newest["object"]["attachments"]] == [one["id"] for one in reversed(sent[2:])]
    outsider = await enter(server, "bob")
    assert (await outsider.call("history", history()))["data"] == newest
    since = (await outsider.call("history", history(updated="2000-01-01T00:00:00Z")))["data"]
    assert since == newest
    later = (await outsider.call("history", history(updated="2100-01-01T00:00:00+02:00")))["data"]
    assert later["object"]["attachments"] == []
    after = (await outsider.call("history", history(object={"seq": 2})))["data"]["object"]
    assert [entry["seq"] for entry in after["attachments"]] == [3, 4, 5]
    assert (after["head"], after["more"], after["recovered"]) == (5, False, True)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"verb": "list"}, 502),
        (history("nowhere"), 802),
        (history(updated="yesterday"), 706),
        (history(updated="2000-01-01T00:00:00"), 706),
        (history(object={"seq": -1}), 706),
        (history(object={"seq": True}), 706),
        (history(object={"seq": 2**60}), 706),
    ],
)
async def test_history_refuses(server: MemoryServer, body: dict[str, Any], code: int) -> None:
    alice = await enter(server, "alice")
    assert (await alice.call("history", body))["status_code"] == code


async def test_users_in_room(server: MemoryServer) -> None:
    await enter(server, "alice", ROOM, age="30")
    await enter(server, "carol", ROOM)
    dave = await enter(server, "dave")
    reply = (await dave.call("users_in_room", {"verb": "list", "target": {"id": ROOM}}))["data"]
    assert reply["verb"] == "list"
    assert reply["object"]["objectType"] == "users"
    assert [user["id"] for user in reply["object"]["attachments"]] == ["carol", "alice"]
    assert reply["object"]["attachments"][0]["content"] == "superuser,globalmod,admin"
    assert reply["object"]["attachments"][1]["attachments"] == [{"objectType": "age", "content": base64_of("30")}]
    page = await dave.call(
        "users_in_room", {"verb": "list", "target": {"id": ROOM}, "object": {"url": 1, "summary": 1}}
    )
    assert [user["id"] for user in page["data"]["object"]["attachments"]] == ["alice"]
    assert (await dave.call("users_in_room", {"verb": "list"}))["status_code"] == 502
    assert (await dave.call("users_in_room", {"verb": "list", "target": {"id": "nowhere"}}))["status_code"] == 802


async def test_pages_of_users_have_operators_and_owners_first_and_then_everybody_by_name(server: MemoryServer) -> None:
    dave = await enter(server, "dave", ROOM)
    for user_id in ("zoe", "bob", "alice", "Eve", "carol"):
        await enter(server, user_id, ROOM)
    expected = ["bob", "carol", "alice", "dave", "Eve", "zoe"]
    for size in (1, 2, 4, 6, 9):
        found = []
        for start in range(0, 6, size):
            body = {"verb": "list", "target": {"id": ROOM}, "object": {"url": start, "summary": size}}
            page = (await dave.call("users_in_room", body))["data"]["object"]
            assert page["summary"] == 6
            found += [user["id"] for user in page["attachments"]]
        assert found == expected


async def test_roles_are_those_in_the_room_that_is_listed(server: MemoryServer) -> None:
    bob = await enter(server, "bob", OTHER, ROOM)
    listed = []
    for room in (OTHER, ROOM, OTHER):
        reply = await bob.call("users_in_room", {"verb": "list", "target": {"id": room}})
        listed += [user["content"] for user in reply["data"]["object"]["attachments"]]
    assert listed == ["", "moderator,owner", ""]


async def test_the_last_session_takes_the_user_away(server: MemoryServer) -> None:
    carol = await enter(server, "carol")
    bob = await enter(server, "bob", ROOM, OTHER)
    alice, second = await enter(server, "alice", ROOM, OTHER), await enter(server, "alice")
    bob.events.clear()
    await alice.leave()
    await bob.sync()
    assert bob.events == []
    assert (await second.call("message", send("still here")))["status_code"] == 200
    await second.leave()
    await bob.sync()
    await carol.sync()
    assert sorted(name for name, _ in bob.events[1:]) == ["gn_user_disconnected", "gn_user_left", "gn_user_left"]
    assert bob.events[-1][0] == "gn_user_disconnected"
    assert bob.events[-1][1]["actor"] == {"id": "alice", "displayName": base64_of("alice")}
    assert len(carol.heard("gn_user_disconnected")) == 1


async def test_disconnect_can_be_asked_for(server: MemoryServer) -> None:
    alice = await enter(server, "alice", ROOM)
    assert await alice.call("disconnect", {}) == {"status_code": 200}
    assert alice.close_code == 1000
    assert not server.server.presence.is_online("alice")  # type: ignore[arg-type]


async def test_a_name_follows_the_latest_login(server: MemoryServer) -> None:
    alice = await enter(server, "alice", ROOM)
    await (await enter(server, "bob")).leave()
    bob = server.client()
    await bob.login("bob", "Robert")
    await bob.call("join", join())
    await alice.sync()
    assert alice.heard("gn_user_joined")[0]["actor"]["displayName"] == base64_of("Robert")
    owners = (await alice.call("join", join()))["data"]["object"]["attachments"][2]["attachments"]
    assert owners == [{"id": "bob", "displayName": base64_of("Robert")}]


async def test_attributes_that_are_not_public_are_shown_nowhere(memory_server: Make) -> None:
    server = memory_server(channels=CHANNELS, users=UserOptions(public_attributes=("age",)))
    watcher = await enter(server, "watcher", ROOM)
    alice = await enter(server, "alice", ROOM, age="30", avatar="hidden", image="hidden")
    await alice.call("message", send("hello"))
    joined = await (await enter(server, "late")).call("join", join())
    read = await watcher.call("history", history())
    for seen in (watcher.events, joined, read):
        assert base64_of("hidden") not in str(seen)
        assert "'hidden'" not in str(seen)
    assert base64_of("30") in str(watcher.events)


async def test_a_closed_room_is_not_betrayed_by_a_message(server: MemoryServer) -> None:
    alice = await enter(server, "alice")
    unknown = await alice.call("message", send("x", "nowhere"))
    assert await alice.call("message", send("x", "room-closed")) == unknown
    bob = await enter(server, "bob")
    assert (await bob.call("message", send("x", "room-closed")))["status_code"] == 702


async def test_a_history_page_is_bounded_in_bytes(memory_server: Make) -> None:
    server = memory_server(channels=CHANNELS, messages=MessageOptions(max_characters=100_000))
    alice = await enter(server, "alice", ROOM)
    for _ in range(10):
        assert (await alice.call("message", send("x" * 100_000)))["status_code"] == 200
    seen: list[int] = []
    while True:
        page = (await alice.call("history", history(object={"seq": seen[-1] if seen else 0})))["data"]["object"]
        assert 0 < len(page["attachments"]) < 5
        seen += [entry["seq"] for entry in page["attachments"]]
        if not page["more"]:
            break
    assert seen == list(range(1, 11))
    newest = (await alice.call("history", history()))["data"]["object"]["attachments"]
    assert [entry["seq"] for entry in newest] == [10, 9, 8]
    joined = (await alice.call("join", join()))["data"]["object"]["attachments"][1]["attachments"]
    assert [entry["seq"] for entry in joined] == [10, 9, 8]


async def test_the_attributes_of_authors_count_towards_a_history_page(memory_server: Make) -> None:
    server = memory_server(channels=CHANNELS)
    alice = server.client()
    await alice.login("alice", avatar="x" * 40_000)
    await alice.call("join", join())
    for _ in range(20):
        assert (await alice.call("message", send("x")))["status_code"] == 200
    for event, body in (("join", join()), ("history", history()), ("history", history(object={"seq": 0}))):
        alice.log.clear()
        assert (await alice.call(event, body))["status_code"] == 200
        assert 400_000 < len(json.dumps(alice.log[0])) < 600_000


async def test_what_else_a_client_puts_into_the_object_is_relayed(server: MemoryServer) -> None:
    bob = await enter(server, "bob", ROOM)
    alice = await enter(server, "alice", ROOM)
    body = send("hello", id="mine", mood="fine", displayName="forged", url="forged", objectType="forged")
    body["object"]["style"] = {"bold": [True, None, 1.5]}
    body |= {"provider": {"id": "forged"}, "actor": {"id": "bob", "extra": 1}, "id": "forged", "published": "forged"}
    activity = (await alice.call("message", body))["data"]
    await bob.sync()
    assert bob.heard("message")[-1] == activity
    assert activity["object"] == {
        "content": base64_of("hello"),
        "displayName": base64_of("Lobby"),
        "url": CHANNEL,
        "objectType": "room",
        "id": "mine",
        "mood": "fine",
        "style": {"bold": [True, None, 1.5]},
    }
    assert activity["actor"] == {"id": "alice", "displayName": base64_of("alice")}
    assert "provider" not in activity
    assert "forged" not in str(activity)
    assert (await alice.call("message", body))["data"] == activity


async def test_what_is_nested_too_deep_is_refused(server: MemoryServer) -> None:
    alice = await enter(server, "alice", ROOM)
    deep: Any = []
    for _ in range(200):
        deep = [deep]
    body = send("hello")
    body["object"]["deep"] = deep
    assert (await alice.call("message", body))["status_code"] == 706
    assert (await alice.call("message", send("hello")))["data"]["seq"] == 1
