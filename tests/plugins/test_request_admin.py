"""request_admin: who is called, and when nobody is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chat.config import ChannelSection, GlobalRoles, MessageOptions, RoomSection
from chat.model import ChannelId, Room, RoomKind
from chat.testing import MemoryClient, MemoryServer
from chat.texts import base64_of
from tests.conversing import ROOM, inside, logged_in
from tests.seeds.examples import VERBS, filled

CHANNELS = (
    ChannelSection(
        id="lobby",
        name="Lobby",
        default=True,
        admins=("adam",),
        rooms=(
            RoomSection(id=ROOM, name="General"),
            RoomSection(id="secret", name="Secret", access="members", owners=("carol",)),
        ),
    ),
)


def call(room: str = ROOM, text: str = "help!") -> Any:
    """The example of a request, with real values."""
    return filled(VERBS["request_admin"][0], {"target.id": room, "object.content": base64_of(text)})


def admin_room(server: MemoryServer) -> Room:
    """The room of the operators."""
    rooms = server.server.services.rooms.rooms_in(ChannelId("lobby"))
    return next(room for room in rooms if room.kind is RoomKind.ADMIN)


async def enter(client: MemoryClient, room_id: str) -> None:
    assert (await client.call("join", {"verb": "join", "target": {"id": room_id}}))["status_code"] == 200
    await client.sync()
    client.events.clear()


@pytest.fixture
def server(memory_server: Callable[..., MemoryServer]) -> MemoryServer:
    return memory_server(
        channels=CHANNELS,
        roles=GlobalRoles(superusers=("carol",), globalmods=("mod",)),
        messages=MessageOptions(max_characters=20),
    )


async def test_operators_hear_of_it_once_wherever_they_are(server: MemoryServer) -> None:
    alice = server.client()
    await alice.login("alice", age="40", avatar="http://some-url.tld/foo.jpg")
    await enter(alice, ROOM)
    carol, again, mod = [await logged_in(server, name) for name in ("carol", "carol", "mod")]
    bob, adam = await inside(server, "bob"), await inside(server, "adam")
    await enter(carol, admin_room(server).id)
    await enter(mod, ROOM)
    clients = (alice, bob, adam, carol, again, mod)
    for client in clients:
        await client.sync()
        client.events.clear()
    assert await alice.call("request_admin", call()) == {"status_code": 200}
    for client in clients:
        await client.sync()
    assert alice.events == bob.events == adam.events == []
    assert carol.events == again.events == mod.events
    ((name, heard),) = carol.events
    assert name == "gn_admin_requested"
    assert heard.pop("provider") == {"id": "dev"}
    del heard["id"], heard["published"]
    assert heard == {
        "verb": "help",
        "actor": {
            "id": "alice",
            "displayName": base64_of("alice"),
            "attachments": [
                {"objectType": "age", "content": "NDA="},
                {"objectType": "avatar", "content": "aHR0cDovL3NvbWUtdXJsLnRsZC9mb28uanBn"},
            ],
        },
        "object": {"content": base64_of("help!")},
        "generator": {"id": ROOM, "displayName": base64_of("General")},
        "target": {"id": admin_room(server).id, "displayName": base64_of(admin_room(server).name)},
    }


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"verb": "help", "object": {"content": "aGk="}}, 502),
        ({"verb": "help", "target": {"id": ROOM}, "object": {}}, 506),
        ({"verb": "help", "target": {"id": ROOM}}, 507),
        (call() | {"verb": "ask"}, 607),
        (call(text=" \t"), 700),
        (call() | {"object": {"content": "aGk"}}, 701),
        (call(text="x" * 21), 714),
        (call("nowhere"), 802),
        (call("secret"), 802),
        (call(text="x" * 20), 200),
        (call() | {"verb": "request"}, 200),
    ],
)
async def test_refusals(server: MemoryServer, body: dict[str, Any], code: int) -> None:
    alice, carol = await inside(server, "alice"), await logged_in(server, "carol")
    assert (await alice.call("request_admin", body))["status_code"] == code
    await carol.sync()
    assert [heard["verb"] for heard in carol.heard("gn_admin_requested")] == ["help"] * (code == 200)


async def test_who_is_outside_calls_nobody(server: MemoryServer) -> None:
    alice, carol = await logged_in(server, "alice"), await logged_in(server, "carol")
    carol.events.clear()
    assert (await alice.call("request_admin", call()))["status_code"] == 702
    await carol.sync()
    assert carol.events == []


async def test_who_owns_the_room_calls_from_outside(server: MemoryServer) -> None:
    alice, carol = await logged_in(server, "alice"), await logged_in(server, "carol")
    place = {"target": {"displayName": base64_of("Mine")}, "object": {"url": "lobby"}}
    made = (await alice.call("create", {"verb": "create"} | place))["data"]["target"]["id"]
    assert (await alice.call("request_admin", call() | {"target": {"id": made}}))["status_code"] == 200
    await carol.sync()
    assert carol.heard("gn_admin_requested")[-1]["generator"]["id"] == made


async def test_operators_count_unless_they_are_as_if_gone(server: MemoryServer) -> None:
    alice = await inside(server, "alice")
    nobody = await alice.call("request_admin", call())
    assert nobody == {"status_code": 805, "message": "no admin is online"}
    carol = await logged_in(server, "carol")
    await carol.call("status", {"verb": "invisible"})
    assert (await alice.call("request_admin", call()))["status_code"] == 200
    await carol.sync()
    assert len(carol.heard("gn_admin_requested")) == 1
    await carol.call("status", {"verb": "offline"})
    assert await alice.call("request_admin", call()) == nobody


async def test_a_channel_without_an_admin_room(server: MemoryServer) -> None:
    alice, carol = await inside(server, "alice"), await logged_in(server, "carol")
    server.server.services.rooms.forget(admin_room(server))
    assert (await alice.call("request_admin", call()))["status_code"] == 803
    await carol.leave()
    assert (await alice.call("request_admin", call()))["status_code"] == 805
