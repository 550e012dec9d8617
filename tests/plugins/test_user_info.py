"""What users set of themselves, and what others see of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chat.config import ChannelSection, GlobalRoles, RoomSection, UserOptions
from chat.testing import MemoryClient, MemoryServer
from chat.texts import base64_of
from tests.conversing import JOIN, ROOM, inside, logged_in

CHANNELS = (
    ChannelSection(
        name="Lobby",
        default=True,
        rooms=(RoomSection(id=ROOM, name="A", owners=("owner",)), RoomSection(id="b", name="B")),
    ),
)
JOIN_B = {"verb": "join", "target": {"id": "b"}}
Make = Callable[..., MemoryServer]


@pytest.fixture
def server(memory_server: Make) -> MemoryServer:
    return memory_server(channels=CHANNELS, roles=GlobalRoles(superusers=("super",)))


def update(room: str | None = None, **attributes: str) -> dict[str, Any]:
    attachments = [{"objectType": kind, "content": base64_of(value)} for kind, value in attributes.items()]
    body = {"verb": "update", "object": {"objectType": "userInfo", "attachments": attachments}}
    return body if room is None else body | {"target": {"id": room}}


async def attributes_of(client: MemoryClient, user_id: str) -> dict[str, str]:
    """What a list of the room's users shows of one."""
    reply = await client.call("users_in_room", {"verb": "list", "target": {"id": ROOM}})
    (user,) = [one for one in reply["data"]["object"]["attachments"] if one["id"] == user_id]
    return {one["objectType"]: one["content"] for one in user["attachments"]}


async def test_an_update_is_told_to_the_rooms_and_shown_in_lists(server: MemoryServer) -> None:
    alice, bob, carol = await inside(server, "alice"), await inside(server, "bob"), await logged_in(server, "carol")
    for client in (alice, bob, carol):
        await client.call("join", JOIN_B)
    for client in (alice, bob, carol):
        await client.sync()
        client.events.clear()
    assert await alice.call("update_user_info", update(avatar="http://x/a.png", is_streaming="0")) == {
        "status_code": 200
    }
    for client in (alice, bob, carol):
        await client.sync()
        ((name, event),) = client.events
        assert name == "gn_user_info_updated"
        assert event.pop("id")
        assert event.pop("published").endswith("Z")
        assert event == {
            "actor": {"id": "alice", "displayName": base64_of("alice")},
            "object": {
                "objectType": "userInfo",
                "attachments": [
                    {"objectType": "avatar", "content": base64_of("http://x/a.png")},
                    {"objectType": "is_streaming", "content": base64_of("0")},
                ],
            },
            "verb": "update",
        }
        client.events.clear()
    assert await attributes_of(bob, "alice") == {
        "avatar": base64_of("http://x/a.png"),
        "is_streaming": base64_of("0"),
    }
    await alice.call("update_user_info", update(room=ROOM, avatar="new"))
    await carol.sync()
    await bob.sync()
    assert (len(bob.events), len(carol.events)) == (1, 0)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"verb": "update"}, 508),
        ({"verb": "update", "object": {"attachments": []}}, 508),
        ({"verb": "update", "object": {"attachments": "x"}}, 508),
        ({"verb": "update", "object": {"attachments": [{"content": "MA=="}]}}, 509),
        ({"verb": "update", "object": {"attachments": [{"objectType": "avatar"}]}}, 510),
        ({"verb": "update", "object": {"attachments": [{"objectType": "avatar", "content": ""}]}}, 510),
        ({"verb": "update", "object": {"attachments": [{"objectType": "avatar", "content": "%"}]}}, 701),
        ({"verb": "update", "object": {"attachments": [{"objectType": "avatar", "content": "A" * 1028}]}}, 510),
        (update(age="99"), 705),
        (update(membership="vip"), 705),
        (update(user_id="super"), 705),
        (update(avatar="x", token="y"), 705),
        (update(room="b", avatar="x"), 702),
        (update(room="nowhere", avatar="x"), 702),
    ],
)
async def test_what_is_refused_changes_nothing(server: MemoryServer, body: dict[str, Any], code: int) -> None:
    alice, bob = await inside(server, "alice"), await inside(server, "bob")
    assert (await alice.call("update_user_info", body))["status_code"] == code
    await bob.sync()
    assert bob.events == []
    assert await attributes_of(bob, "alice") == {}


async def test_an_attribute_has_at_most_1024_characters_as_sent(server: MemoryServer) -> None:
    alice = await inside(server, "alice")
    assert (await alice.call("update_user_info", update(avatar="a" * 768)))["status_code"] == 200
    assert (await alice.call("update_user_info", update(avatar="a" * 769)))["status_code"] == 510
    assert await attributes_of(alice, "alice") == {"avatar": base64_of("a" * 768)}


async def test_what_users_set_outlives_the_session_and_the_server(memory_server: Make, server: MemoryServer) -> None:
    """Until the authenticator says something else. What it does not say any more is gone."""
    alice = server.client()
    await alice.login("alice", age="30", avatar="given")
    await alice.call("join", JOIN)
    await alice.call("update_user_info", update(avatar="own", is_streaming="1"))
    await alice.leave()
    await server.stop()
    again = memory_server(data_dir=server.server.config.data_dir, channels=CHANNELS)
    bob, alice = await inside(again, "bob"), await inside(again, "alice")
    assert await attributes_of(bob, "alice") == {"avatar": base64_of("own"), "is_streaming": base64_of("1")}
    await alice.login("alice", avatar="given")
    assert (await attributes_of(bob, "alice"))["avatar"] == base64_of("given")


async def test_others_see_public_attributes_alone(memory_server: Make) -> None:
    options = UserOptions(self_attributes=("avatar", "mood"), public_attributes=("avatar",))
    server = memory_server(channels=CHANNELS, users=options)
    alice, bob = await inside(server, "alice"), await inside(server, "bob")
    await alice.sync()
    alice.events.clear()
    await alice.call("update_user_info", update(mood="low"))
    await bob.sync()
    await alice.sync()
    assert alice.events == bob.events == []
    await alice.call("update_user_info", update(mood="high", avatar="a"))
    await bob.sync()
    shown = [{"objectType": "avatar", "content": base64_of("a")}]
    assert bob.events[0][1]["object"]["attachments"] == shown
    assert await attributes_of(bob, "alice") == {"avatar": base64_of("a")}


async def test_an_owner_tells_a_room_without_being_there(server: MemoryServer) -> None:
    bob, owner = await inside(server, "bob"), await logged_in(server, "owner")
    assert await owner.call("update_user_info", update(room=ROOM, avatar="x")) == {"status_code": 200}
    assert (await owner.call("update_user_info", update(room="b", avatar="y")))["status_code"] == 702
    await bob.sync()
    assert [event["actor"]["id"] for event in bob.heard("gn_user_info_updated")] == ["owner"]


@pytest.mark.parametrize("status", ["invisible", "offline"])
async def test_an_update_does_not_betray_who_is_hidden(server: MemoryServer, status: str) -> None:
    alice, bob, operator = [await inside(server, name) for name in ("alice", "bob", "super")]
    await alice.call("status", {"verb": status})
    await bob.sync()
    bob.events.clear()
    await alice.call("update_user_info", update(avatar="a"))
    for client, count in ((alice, 1), (bob, 0), (operator, status == "invisible")):
        await client.sync()
        assert len(client.heard("gn_user_info_updated")) == count
