"""Rooms that users make: who may, what they may be called, who hears of it, and how they end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from chat.config import ChannelSection, Content, GlobalRoles, RoomOptions, RoomSection
from chat.testing import MemoryClient, MemoryServer
from chat.texts import base64_of
from chat.times import utc_now
from tests.conversing import eventually, logged_in

CHANNEL = "lobby"
CHANNELS = (
    ChannelSection(
        id=CHANNEL,
        name="Lobby",
        default=True,
        owners=("chief",),
        admins=("admin",),
        rooms=(
            RoomSection(id="static", name="Static", owners=("owner",), moderators=("moderator",)),
            RoomSection(id="closed", name="Closed", access="members", owners=("owner",)),
        ),
    ),
    ChannelSection(id="second", name="Second"),
)
ROLES = GlobalRoles(superusers=("super",), globalmods=("globalmod",))
Make = Callable[..., MemoryServer]


def create(name: str, **members: Any) -> dict[str, Any]:
    return {"verb": "create", "target": {"displayName": base64_of(name)}, "object": {"url": CHANNEL} | members}


def rename(room: str, name: str) -> dict[str, Any]:
    target = {"id": room, "displayName": base64_of(name), "objectType": "room"}
    return {"verb": "rename", "target": target}


def remove(room: str, **members: Any) -> dict[str, Any]:
    return {"verb": "remove", "target": {"id": room}} | members


def join(room: str) -> dict[str, Any]:
    return {"verb": "join", "target": {"id": room}}


def leave(room: str) -> dict[str, Any]:
    return {"verb": "leave", "target": {"id": room}}


@pytest.fixture
def server(memory_server: Make) -> MemoryServer:
    return memory_server(channels=CHANNELS, roles=ROLES)


async def made(client: MemoryClient, name: str = "Mine") -> str:
    """The id of a room that the client made."""
    reply = await client.call("create", create(name))
    assert reply["status_code"] == 200, reply
    room_id: str = reply["data"]["target"]["id"]
    return room_id


async def listed(client: MemoryClient, channel: str = CHANNEL) -> dict[str, dict[str, Any]]:
    """The rooms that the client sees, by id."""
    reply = await client.call("list_rooms", {"verb": "list", "object": {"url": channel}})
    return {room["id"]: room for room in reply["data"]["object"]["attachments"]}


async def test_create_makes_a_temporary_room_and_tells_everybody(server: MemoryServer) -> None:
    alice, bob = await logged_in(server, "alice", age="30"), await logged_in(server, "bob")
    stranger = server.client()
    reply = await alice.call("create", create("Mine"))
    room_id = reply["data"]["target"]["id"]
    assert reply == {
        "status_code": 200,
        "data": {
            "target": {"id": room_id, "displayName": base64_of("Mine"), "objectType": "temporary"},
            "object": {"url": CHANNEL},
            "verb": "create",
        },
    }
    await bob.sync()
    await alice.sync()
    (event,) = bob.heard("gn_room_created")
    assert event.pop("id")
    assert event.pop("published").endswith("Z")
    assert event == {
        "actor": {
            "id": "alice",
            "displayName": base64_of("alice"),
            "attachments": [{"objectType": "age", "content": base64_of("30")}],
        },
        "object": {"url": CHANNEL},
        "target": {"id": room_id, "displayName": base64_of("Mine"), "objectType": "temporary"},
        "verb": "create",
        "provider": {"id": "dev"},
    }
    assert len(alice.heard("gn_room_created")) == 1
    assert stranger.heard("gn_room_created") == []
    room = (await listed(alice))[room_id]
    assert (room["objectType"], room["content"], room["summary"]) == ("temporary", "owner", 0)
    assert (await listed(bob))[room_id]["content"] == ""


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"verb": "create", "target": {"displayName": base64_of("Mine")}}, 503),
        ({"verb": "create", "object": {"url": CHANNEL}}, 504),
        ({"verb": "create", "object": {"url": CHANNEL}, "target": {"displayName": ""}}, 504),
        ({"verb": "create", "object": {"url": CHANNEL}, "target": {"displayName": 7}}, 504),
        ({"verb": "create", "object": {"url": CHANNEL}, "target": {"displayName": "%%%"}}, 701),
        ({"verb": "create", "object": {"url": CHANNEL}, "target": {"displayName": "A" * 2000}}, 710),
        ({"verb": "create", "object": {"url": "nowhere"}, "target": {"displayName": base64_of("Mine")}}, 801),
        (create("ab"), 711),
        (create("   "), 711),
        (create("  a  "), 711),
        (create("x" * 121), 710),
        (create("a\nb"), 706),
        (create("ad\u200bmin"), 706),
        (create("ad\u200dmin"), 718),
        (create("st\u200datic"), 704),
        (create("Admin"), 718),
        (create("ＡＤＭＩＮＳ"), 718),
        (create("static"), 704),
        (create("ＳＴＡＴＩＣ"), 704),
        (create("Mine", attachments=[{"summary": "join", "content": "25:45"}]), 509),
        (create("Mine", attachments=[{"summary": "join", "objectType": "age"}]), 510),
        (create("Mine", attachments=[{"objectType": "age", "content": "25:45"}]), 602),
        (create("Mine", attachments=[{"summary": "fly", "objectType": "age", "content": "25:45"}]), 602),
        (create("Mine", attachments=[{"summary": "join", "objectType": "wings", "content": "2"}]), 601),
        (create("Mine", attachments=[{"summary": "join", "objectType": "sameroom", "content": "y"}]), 601),
        (create("Mine", attachments=[{"summary": "join", "objectType": "age", "content": "45:25"}]), 603),
    ],
)
async def test_create_refuses(server: MemoryServer, body: dict[str, Any], code: int) -> None:
    alice, bob = await logged_in(server, "alice"), await logged_in(server, "bob")
    before = await listed(alice)
    assert (await alice.call("create", body))["status_code"] == code
    assert await listed(alice) == before
    await bob.sync()
    assert bob.heard("gn_room_created") == []


async def test_a_name_is_taken_in_its_channel_alone(server: MemoryServer) -> None:
    alice = await logged_in(server, "alice")
    assert (await alice.call("create", create("Static", url="second")))["status_code"] == 200
    assert [room["displayName"] for room in (await listed(alice, "second")).values()] == [base64_of("Static")]


async def test_two_who_want_the_same_name_at_once(server: MemoryServer) -> None:
    alice, bob = await logged_in(server, "alice"), await logged_in(server, "bob")
    replies = [alice.ask("create", create("Mine")), bob.ask("create", create("mine"))]
    assert sorted([(await reply)["status_code"] for reply in replies]) == [200, 704]


async def test_an_owner_has_two_temporary_rooms_at_the_most(server: MemoryServer) -> None:
    alice, second = await logged_in(server, "alice"), await logged_in(server, "alice")
    first = await made(alice, "First")
    replies = [client.ask("create", create(f"By {index}")) for index, client in enumerate((alice, second))]
    assert sorted([(await reply)["status_code"] for reply in replies]) == [200, 709]
    assert (await alice.call("remove_room", remove(first)))["status_code"] == 200
    assert (await alice.call("create", create("Another")))["status_code"] == 200


async def test_rules_come_with_the_room(server: MemoryServer) -> None:
    alice, bob = await logged_in(server, "alice"), await logged_in(server, "bob")
    rules = [
        {"objectType": "age", "content": "25:45", "summary": "join"},
        {"objectType": "custom", "content": "(age=35:|gender=f),membership=!normal", "summary": "message"},
    ]
    reply = await alice.call("create", create("Mine", objectType="acl", attachments=rules))
    room_id = reply["data"]["target"]["id"]
    await bob.sync()
    assert bob.heard("gn_room_created")[0]["object"] == {"url": CHANNEL, "attachments": rules}
    assert (await listed(bob))[room_id]["attachments"] == rules
    assert (await alice.call("join", join(room_id)))["data"]["object"]["attachments"][0] == {
        "objectType": "acl",
        "attachments": rules,
    }


@pytest.mark.parametrize(
    ("user", "static", "temporary"),
    [
        ("super", 200, 200),
        ("chief", 200, 200),
        ("admin", 200, 200),
        ("owner", 200, 705),
        ("globalmod", 705, 200),
        ("moderator", 705, 705),
        ("somebody", 705, 705),
    ],
)
async def test_who_may_rename_and_remove(server: MemoryServer, user: str, static: int, temporary: int) -> None:
    mine = await made(await logged_in(server, "alice"))
    client = await logged_in(server, user)
    for room, code in (("static", static), (mine, temporary)):
        assert (await client.call("rename_room", rename(room, f"New {code} {room[:3]}")))["status_code"] == code
        assert (await client.call("remove_room", remove(room)))["status_code"] == code
        assert (room in await listed(client)) is (code != 200)


async def test_a_rename_is_told_to_all_and_survives(memory_server: Make, server: MemoryServer) -> None:
    alice, bob = await logged_in(server, "alice"), await logged_in(server, "bob")
    room = await made(alice)
    reply = await alice.call("rename_room", rename(room, "  New name "))
    target = {"id": room, "displayName": base64_of("New name"), "objectType": "room"}
    assert reply["data"].pop("id")
    assert reply["data"].pop("published")
    assert reply == {"status_code": 200, "data": {"target": target, "verb": "renamed"}}
    for client in (alice, bob):
        await client.sync()
        (event,) = client.heard("gn_room_renamed")
        assert (event["target"], event["actor"]["id"], event["verb"]) == (target, "alice", "renamed")
    by_name = {"verb": "join", "target": {"id": "new NAME", "objectType": "name"}}
    assert (await bob.call("join", by_name))["data"]["target"]["id"] == room
    await server.stop()
    again = memory_server(data_dir=server.server.config.data_dir, channels=CHANNELS, roles=ROLES)
    assert (await listed(await logged_in(again, "bob")))[room]["displayName"] == base64_of("New name")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"verb": "rename", "target": {"displayName": base64_of("Other")}}, 502),
        ({"verb": "rename", "target": {"id": "static"}}, 504),
        (rename("nowhere", "Other"), 802),
        (rename("static", "ab"), 711),
        (rename("static", "x" * 121), 710),
        (rename("static", "admins"), 718),
        (rename("static", "CLOSED"), 704),
        (rename("static", "STATIC"), 200),
    ],
)
async def test_rename_refuses(server: MemoryServer, body: dict[str, Any], code: int) -> None:
    superuser = await logged_in(server, "super")
    assert (await superuser.call("rename_room", body))["status_code"] == code


async def test_a_removal_takes_everybody_out_and_is_told_to_all(server: MemoryServer) -> None:
    alice, bob = await logged_in(server, "alice"), await logged_in(server, "bob")
    room = await made(alice)
    for client in (alice, bob):
        await client.call("join", join(room))
    body = {"verb": "send", "target": {"id": room, "objectType": "room"}, "object": {"content": base64_of("hi")}}
    assert (await bob.call("message", body))["status_code"] == 200
    reply = await alice.call("remove_room", remove(room, object={"content": base64_of("enough")}))
    target = {"id": room, "displayName": base64_of("Mine"), "objectType": "room"}
    assert (reply["data"]["target"], reply["data"]["verb"]) == (target, "removed")
    for client in (alice, bob):
        await client.sync()
        (event,) = client.heard("gn_room_removed")
        assert (event["target"], event["object"], event["verb"]) == (
            target,
            {"content": base64_of("enough")},
            "removed",
        )
        assert event["actor"]["id"] == "alice"
    assert (await bob.call("message", body))["status_code"] == 802
    assert (await bob.call("join", join(room)))["status_code"] == 802
    assert (await alice.call("remove_room", remove(room)))["status_code"] == 802
    assert (await made(alice)) != room
    await bob.leave()
    await alice.sync()
    assert alice.heard("gn_user_left") == []


async def test_a_message_on_its_way_to_a_removed_room_is_not_stored(server: MemoryServer) -> None:
    alice, bob = await logged_in(server, "alice"), await logged_in(server, "bob")
    room = await made(alice)
    await bob.call("join", join(room))
    removed = alice.ask("remove_room", remove(room))
    body = {"verb": "send", "target": {"id": room, "objectType": "room"}, "object": {"content": base64_of("late")}}
    late = [bob.ask("message", body | {"object": {"content": base64_of("late"), "id": "retry"}}) for _ in range(2)]
    assert (await removed)["status_code"] == 200
    assert [(await reply)["status_code"] for reply in late] == [802, 802]
    assert bob.heard("message") == []


async def test_news_of_a_closed_room_are_for_its_members(server: MemoryServer) -> None:
    owner, superuser, bob = [await logged_in(server, name) for name in ("owner", "super", "bob")]
    assert (await superuser.call("rename_room", rename("closed", "Secret")))["status_code"] == 200
    assert (await superuser.call("remove_room", remove("closed")))["status_code"] == 200
    assert (await bob.call("rename_room", rename("closed", "Mine")))["status_code"] == 802
    for client, count in ((owner, 1), (superuser, 1), (bob, 0)):
        await client.sync()
        assert len(client.heard("gn_room_renamed")) == len(client.heard("gn_room_removed")) == count


async def test_every_channel_has_a_room_for_operators(server: MemoryServer) -> None:
    for name in ("super", "globalmod"):
        operator = await logged_in(server, name)
        for channel in (CHANNEL, "second"):
            (room,) = [room for room in (await listed(operator, channel)).values() if room["displayName"] == ADMINS]
            assert room["objectType"] == "static"
            assert (await operator.call("join", join(room["id"])))["status_code"] == 200
            assert (await operator.call("remove_room", remove(room["id"])))["status_code"] == 705
    by_name = {"verb": "join", "target": {"id": "Admins", "objectType": "name"}}
    for name in ("chief", "admin", "bob"):
        client = await logged_in(server, name)
        assert ADMINS not in [one["displayName"] for one in (await listed(client)).values()]
        assert (await client.call("join", join(room["id"])))["status_code"] == 802
        assert (await client.call("join", by_name))["status_code"] == 802
        assert (await client.call("remove_room", remove(room["id"])))["status_code"] in (705, 802)


ADMINS = base64_of("Admins")


async def test_a_full_room(memory_server: Make) -> None:
    server = memory_server(channels=CHANNELS, roles=ROLES, rooms=RoomOptions(max_users=2))
    alice, bob, carol, superuser = [await logged_in(server, name) for name in ("alice", "bob", "carol", "super")]
    assert (await bob.call("status", {"verb": "invisible"}))["status_code"] == 200
    for client in (alice, bob, carol):
        assert (await client.call("join", join("static")))["status_code"] == 200
    late = await logged_in(server, "late")
    assert (await late.call("join", join("static")))["status_code"] == 707
    assert (await superuser.call("join", join("static")))["status_code"] == 200
    assert (await (await logged_in(server, "alice")).call("join", join("static")))["status_code"] == 200
    await superuser.call("leave", leave("static"))
    await carol.call("leave", leave("static"))
    assert (await late.call("join", join("static")))["status_code"] == 200


async def test_a_temporary_room_ends_when_its_owner_leaves(server: MemoryServer) -> None:
    alice, bob = await logged_in(server, "alice"), await logged_in(server, "bob")
    room = await made(alice)
    for client in (alice, bob):
        await client.call("join", join(room))
    await alice.call("leave", leave(room))
    event = await bob.wait_for("gn_room_removed")
    assert event["actor"] == {"id": "0", "displayName": base64_of("admin")}
    assert "object" not in event
    assert room not in await listed(bob)


@pytest.mark.parametrize("until", ["owner", "empty"])
async def test_a_temporary_room_outlives_the_leave_of_others(memory_server: Make, until: Any) -> None:
    server = memory_server(channels=CHANNELS, rooms=RoomOptions(temporary_until=until))
    alice, bob = await logged_in(server, "alice"), await logged_in(server, "bob")
    room = await made(alice)
    for client in (alice, bob):
        await client.call("join", join(room))
    leaver, stays = (bob, alice) if until == "owner" else (alice, bob)
    await leaver.call("leave", leave(room))
    await stays.sync()
    assert room in await listed(stays)
    assert not server.server.services.timers.is_set("remove-room", room)


@pytest.mark.parametrize("until", ["owner", "empty"])
async def test_a_temporary_room_waits_for_who_keeps_it(memory_server: Make, until: Any) -> None:
    """Nobody comes, or the owner goes without a word: the room stays for a while, and no longer."""
    options = RoomOptions(owner_grace_s=1, temporary_until=until)
    server = memory_server(channels=CHANNELS, rooms=options)
    bob, alice = await logged_in(server, "bob"), await logged_in(server, "alice")
    never, kept = await made(alice, "Never"), await made(alice, "Kept")
    await alice.call("join", join(kept))
    if until == "owner":
        await bob.call("join", join(never))
    assert (await bob.wait_for("gn_room_removed"))["target"]["id"] == never
    await alice.leave()
    assert kept in await listed(bob)
    assert (await bob.wait_for("gn_room_removed"))["target"]["id"] == kept
    assert kept not in await listed(bob)


async def test_an_invisible_owner_keeps_the_room(memory_server: Make) -> None:
    server = memory_server(channels=CHANNELS, rooms=RoomOptions(owner_grace_s=1))
    alice = await logged_in(server, "alice")
    room, other = await made(alice, "Mine"), await made(alice, "Other")
    await alice.call("status", {"verb": "invisible"})
    await alice.call("join", join(room))
    assert (await alice.wait_for("gn_room_removed"))["target"]["id"] == other


async def test_an_owner_who_comes_back_in_time_keeps_the_room(server: MemoryServer) -> None:
    alice = await logged_in(server, "alice")
    room = await made(alice)
    timers = server.server.services.timers
    assert timers.is_set("remove-room", room)
    await alice.call("join", join(room))
    await eventually(lambda: not timers.is_set("remove-room", room))
    await alice.leave()
    await eventually(lambda: timers.is_set("remove-room", room))
    again = await logged_in(server, "alice")
    await again.call("join", join(room))
    await eventually(lambda: not timers.is_set("remove-room", room))


async def test_the_wait_survives_a_restart(memory_server: Make) -> None:
    """A room that was kept at the stop waits anew; one that waited already does not wait longer."""
    options = RoomOptions(owner_grace_s=2)
    first = memory_server(channels=CHANNELS, rooms=options)
    alice = await logged_in(first, "alice")
    waiting, kept = await made(alice, "Waiting"), await made(alice, "Kept")
    await alice.call("join", join(kept))
    due = first.server.services.timers.due("remove-room", waiting)
    await first.stop()
    stopped = utc_now()
    second = memory_server(data_dir=first.server.config.data_dir, channels=CHANNELS, rooms=options)
    timers = second.server.services.timers
    assert timers.due("remove-room", waiting) == due
    kept_until = timers.due("remove-room", kept)
    assert kept_until is not None
    assert kept_until >= stopped + timedelta(seconds=2)
    again = await logged_in(second, "alice")
    assert (await again.call("join", join(kept)))["status_code"] == 200
    assert (await again.wait_for("gn_room_removed"))["target"]["id"] == waiting
    assert (await listed(again))[kept]["content"] == "owner"


async def test_what_is_removed_stays_removed(memory_server: Make, server: MemoryServer) -> None:
    """But for a declared room, which the next start makes again."""
    alice, superuser = await logged_in(server, "alice"), await logged_in(server, "super")
    room = await made(alice)
    for one in (room, "static"):
        await superuser.call("remove_room", remove(one))
    await server.stop()
    again = memory_server(data_dir=server.server.config.data_dir, channels=CHANNELS, roles=ROLES)
    rooms = await listed(await logged_in(again, "alice"))
    assert room not in rooms
    assert "static" in rooms


async def test_a_declared_room_is_renamed_for_longer_than_a_run(memory_server: Make) -> None:
    """It has no id: the configuration knows it by the name that it had."""
    channels = (ChannelSection(id=CHANNEL, name="Lobby", default=True, rooms=(RoomSection(name="General"),)),)
    first = memory_server(channels=channels, roles=ROLES)
    superuser = await logged_in(first, "super")
    (room,) = [one for one, about in (await listed(superuser)).items() if about["displayName"] == base64_of("General")]
    assert (await superuser.call("rename_room", rename(room, "Main")))["status_code"] == 200
    before = await listed(superuser)
    await first.stop()
    second = memory_server(data_dir=first.server.config.data_dir, channels=channels, roles=ROLES)
    assert await listed(await logged_in(second, "super")) == before


async def test_the_names_and_the_number_are_configured(memory_server: Make) -> None:
    options = RoomOptions(min_name=1, max_name=4, max_per_user=0)
    config: dict[str, Any] = {"rooms": options, "content": Content(restricted_names=("no",))}
    alice = await logged_in(memory_server(channels=CHANNELS, **config), "alice")
    for name, code in (("a", 709), ("abcde", 710), ("NO", 718)):
        assert (await alice.call("create", create(name)))["status_code"] == code
