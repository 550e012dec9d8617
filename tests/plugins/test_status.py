"""How a user is seen: online, invisible, as if gone; by others, by operators, in every list and count."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chat.config import AclRule, ChannelSection, GlobalRoles, RoomOptions, RoomSection
from chat.testing import MemoryClient, MemoryServer
from tests.conversing import CHANNELS, JOIN, LEAVE, ROOM, inside, logged_in, send

ROLES = GlobalRoles(superusers=("super",))
LIST = {"verb": "list", "target": {"id": ROOM}}
Make = Callable[..., MemoryServer]


@pytest.fixture
def server(memory_server: Make) -> MemoryServer:
    return memory_server(channels=CHANNELS, roles=ROLES)


def status(word: str) -> dict[str, Any]:
    return {"verb": word}


async def hide(client: MemoryClient, word: str = "invisible") -> None:
    assert await client.call("status", status(word)) == {"status_code": 200}
    await client.sync()
    client.events.clear()


async def heard(*clients: MemoryClient) -> list[list[str]]:
    """The names of what each has heard since the last time."""
    names = []
    for client in clients:
        await client.sync()
        names.append([name for name, _ in client.events])
        client.events.clear()
    return names


async def seen(client: MemoryClient) -> tuple[dict[str, str], list[int]]:
    """Who is in the room for the client with objectType, and the counts in all places that count."""
    users = (await client.call("users_in_room", LIST))["data"]["object"]
    channels = (await client.call("list_channels", {"verb": "list"}))["data"]["object"]["attachments"]
    listed = await client.call("list_rooms", {"verb": "list", "object": {"url": channels[0]["id"]}})
    (room,) = [one for one in listed["data"]["object"]["attachments"] if one["id"] == ROOM]
    return {user["id"]: user["objectType"] for user in users["attachments"]}, [users["summary"], room["summary"]]


async def test_an_invisible_user_is_seen_by_operators_alone(server: MemoryServer) -> None:
    alice, bob, operator = [await inside(server, name) for name in ("alice", "bob", "super")]
    await heard(alice, bob, operator)
    assert await alice.call("status", status("invisible")) == {"status_code": 200}
    assert await heard(alice, bob, operator) == [
        [],
        ["gn_user_disconnected"],
        ["gn_user_disconnected", "gn_user_invisible"],
    ]
    assert await seen(bob) == ({"bob": "user", "super": "user"}, [2, 2])
    assert await seen(operator) == ({"alice": "invisible", "bob": "user", "super": "user"}, [3, 3])
    assert await seen(alice) == ({"alice": "invisible", "bob": "user", "super": "user"}, [3, 3])
    assert await alice.call("status", status("invisible")) == {"status_code": 200}
    assert await heard(alice, bob, operator) == [[], [], []]


async def test_coming_into_view_again(server: MemoryServer) -> None:
    alice, bob, operator = [await inside(server, name) for name in ("alice", "bob", "super")]
    await hide(alice)
    await heard(alice, bob, operator)
    assert await alice.call("status", status("online")) == {"status_code": 200}
    assert await heard(alice, bob, operator) == [
        ["gn_user_joined"],
        ["gn_user_connected", "gn_user_joined"],
        ["gn_user_connected", "gn_user_connected", "gn_user_joined", "gn_user_visible"],
    ]
    assert await seen(bob) == ({"alice": "user", "bob": "user", "super": "user"}, [3, 3])


async def test_what_the_events_say(server: MemoryServer) -> None:
    alice, operator = await inside(server, "alice"), await inside(server, "super")
    await hide(alice)
    await alice.call("status", status("online"))
    await operator.sync()
    for name, verb in (("gn_user_invisible", "invisible"), ("gn_user_visible", "visible")):
        (event,) = operator.heard(name)
        assert event.pop("id")
        assert event.pop("published").endswith("Z")
        assert event == {
            "actor": {"id": "alice", "displayName": "YWxpY2U="},
            "verb": verb,
            "provider": {"id": "dev"},
        }


async def test_the_ways_of_the_invisible_are_for_operators(server: MemoryServer) -> None:
    bob, operator, alice = await inside(server, "bob"), await inside(server, "super"), await logged_in(server, "alice")
    await hide(alice)
    await heard(bob, operator)
    await alice.call("join", JOIN)
    assert await heard(alice, bob) == [["gn_user_joined"], []]
    await operator.sync()
    assert operator.heard("gn_user_joined")[0]["actor"]["objectType"] == "invisible"
    await alice.call("message", send("boo"))
    assert await heard(alice, bob) == [["message"], ["message"]]
    await alice.call("leave", LEAVE)
    assert await heard(bob, operator) == [[], ["gn_user_joined", "message", "gn_user_left"]]
    await alice.call("join", JOIN)
    await alice.leave()
    assert await heard(bob, operator) == [[], ["gn_user_joined", "gn_user_left", "gn_user_disconnected"]]


async def test_an_invisible_login_is_announced_to_nobody(server: MemoryServer) -> None:
    operator = await inside(server, "super")
    alice = server.client()
    assert (await alice.login("alice", content="invisible"))["status_code"] == 200
    assert await heard(operator) == [["gn_user_connected"]]
    hidden = server.client()
    body = {"verb": "login", "actor": {"id": "carol", "content": "invisible"}}
    assert (await hidden.call("login", body))["status_code"] == 200
    assert await heard(operator) == [[]]
    await hidden.call("join", JOIN)
    assert await heard(operator) == [["gn_user_joined"]]
    await hidden.leave()
    assert await heard(operator) == [["gn_user_left", "gn_user_disconnected"]]


async def test_invisible_is_the_user_not_the_session(server: MemoryServer) -> None:
    bob, first, second = await inside(server, "bob"), await inside(server, "alice"), await inside(server, "alice")
    await hide(first)
    await heard(bob)
    third = await logged_in(server, "alice")
    await third.call("join", JOIN)
    assert await heard(bob) == [[]]
    assert list((await seen(bob))[0]) == ["bob"]
    await first.leave()
    await second.leave()
    assert await heard(bob) == [[]]
    await third.call("status", status("online"))
    assert await heard(bob) == [["gn_user_connected", "gn_user_joined"]]
    await third.call("login", {"verb": "login", "actor": {"id": "alice", "content": "invisible"}})
    assert await heard(bob) == [["gn_user_disconnected"]]
    await third.leave()
    again = await inside(server, "alice")
    assert await heard(bob) == [["gn_user_connected", "gn_user_joined"]]
    await again.leave()
    assert await heard(bob) == [["gn_user_left", "gn_user_disconnected"]]


async def test_as_if_gone(server: MemoryServer) -> None:
    alice, bob, operator = [await inside(server, name) for name in ("alice", "bob", "super")]
    await heard(alice, bob, operator)
    await alice.call("status", status("offline"))
    assert await heard(alice, bob, operator) == [[], ["gn_user_disconnected"], ["gn_user_disconnected"]]
    for viewer in (bob, operator):
        assert await seen(viewer) == ({"bob": "user", "super": "user"}, [2, 2])
    assert (await alice.call("join", JOIN))["status_code"] == 708
    await alice.call("message", send("still here"))
    assert await heard(bob) == [["message"]]
    await alice.call("status", status("invisible"))
    assert (await heard(bob, operator))[1][-1] == "gn_user_invisible"
    await alice.call("status", status("offline"))
    assert await heard(bob, operator) == [[], ["gn_user_disconnected"]]
    await alice.call("status", status("online"))
    assert await heard(bob) == [["gn_user_connected", "gn_user_joined"]]
    assert (await alice.call("join", JOIN))["status_code"] == 200


async def test_who_is_as_if_gone_goes_without_a_word(server: MemoryServer) -> None:
    alice, bob, operator = [await inside(server, name) for name in ("alice", "bob", "super")]
    await hide(alice, "offline")
    await heard(bob, operator)
    await alice.call("leave", LEAVE)
    await alice.leave()
    assert await heard(bob, operator) == [[], []]


@pytest.mark.parametrize(("word", "code"), [("", 511), (None, 511), ("away", 604), ("Online", 604), (7, 604)])
async def test_other_words(server: MemoryServer, word: Any, code: int) -> None:
    alice = await logged_in(server, "alice")
    assert (await alice.call("status", {"verb": word}))["status_code"] == code


async def test_a_join_shows_what_the_joiner_may_see(server: MemoryServer) -> None:
    await hide(await inside(server, "hidden"))
    for name, expected in (("bob", ["bob"]), ("super", ["super", "bob", "hidden"])):
        client = await logged_in(server, name)
        group = (await client.call("join", JOIN))["data"]["object"]["attachments"][3]
        assert [user["id"] for user in group["attachments"]] == expected
        assert group["summary"] == len(expected)


async def test_autojoin(memory_server: Make) -> None:
    rules = {
        "adults": (AclRule(action="autojoin", type="age", value="18:"),),
        "women": (
            AclRule(action="autojoin", type="age", value="18:"),
            AclRule(action="join", type="gender", value="f"),
        ),
        "others": (AclRule(action="join", type="age", value="18:"),),
    }
    rooms = tuple(RoomSection(id=name, name=name, acls=acls) for name, acls in rules.items())
    server = memory_server(
        channels=(ChannelSection(name="Lobby", default=True, owners=("chief",), rooms=rooms),),
        roles=ROLES,
        rooms=RoomOptions(max_users=2),
    )
    for name, attributes, expected in (
        ("child", {"age": "17"}, set()),
        ("nobody", {}, set()),
        ("alice", {"age": "30", "gender": "f"}, {"adults", "women"}),
        ("bob", {"age": "30", "gender": "m"}, {"adults"}),
        ("late", {"age": "30", "gender": "f"}, {"women"}),
        ("super", {}, set()),
        ("super", {"age": "30"}, {"adults", "women"}),
        ("chief", {}, set()),
    ):
        client = server.client()
        await client.login(name, **attributes)
        await client.sync()
        joined = {event["target"]["id"] for event in client.heard("gn_user_joined") if event["actor"]["id"] == name}
        assert joined == expected, name
    alice = await logged_in(server, "alice", age="30", gender="f")
    body = send("hello") | {"target": {"id": "adults", "objectType": "room"}}
    await alice.call("message", body)
    await alice.sync()
    assert len(alice.heard("message")) == 1
