"""Who may ban whom from what, and the attacks that are known: each is tried."""

from __future__ import annotations

from typing import Any

import pytest

from chat.model import UserId
from chat.testing import MemoryServer
from chat.texts import base64_of
from tests.banning import BAR, HALL, LOBBY, TOWN, Make, ban, call, inside, join, names, of_scope
from tests.conversing import logged_in

# The scopes of bans that concern the hall, for those who have a say somewhere.
MAY = {
    "super": {"room", "channel", "global"},
    "mod": {"room", "channel", "global"},
    "lobbyist": {"room", "channel"},
    "admin": {"room", "channel"},
    "owner": {"room"},
    "moderator": {"room"},
    "barkeeper": set(),
    "gardener": set(),
    "bob": set(),
}


@pytest.fixture
def server(memory_server: Make) -> MemoryServer:
    return memory_server(**TOWN)


@pytest.mark.parametrize("kind", ["room", "channel", "global"])
@pytest.mark.parametrize("actor", MAY)
async def test_who_may_ban_from_what(server: MemoryServer, actor: str, kind: str) -> None:
    alice, client = await inside(server, "alice"), await logged_in(server, actor)
    is_allowed = kind in MAY[actor]
    assert await call(client, "ban", of_scope("alice", kind)) == (200 if is_allowed else 705)
    if not is_allowed:
        await alice.sync()
        assert names(alice) == []
    assert server.server.presence.occupies(UserId("alice"), HALL) is not is_allowed


@pytest.mark.parametrize("kind", ["room", "channel", "global"])
@pytest.mark.parametrize(
    ("actor", "whom", "code"),
    [
        ("owner", "moderator", {"room": 200, "channel": 705, "global": 705}),
        ("moderator", "owner", {"room": 200, "channel": 705, "global": 705}),
        ("moderator", "lobbyist", {"room": 200, "channel": 705, "global": 705}),
        ("owner", "mod", {"room": 705, "channel": 705, "global": 705}),
        ("lobbyist", "mod", {"room": 705, "channel": 705, "global": 705}),
        ("lobbyist", "super", {"room": 705, "channel": 705, "global": 705}),
        ("mod", "super", {"room": 705, "channel": 705, "global": 705}),
        ("mod", "other-mod", {"room": 200, "channel": 200, "global": 200}),
        ("super", "mod", {"room": 200, "channel": 200, "global": 200}),
        ("super", "boss", {"room": 200, "channel": 200, "global": 200}),
        ("super", "super", {"room": 705, "channel": 705, "global": 705}),
    ],
)
async def test_who_may_ban_whom(server: MemoryServer, actor: str, whom: str, code: dict[str, int], kind: str) -> None:
    other, client = await inside(server, whom), await logged_in(server, actor)
    assert await call(client, "ban", of_scope(whom, kind)) == code[kind]
    await other.sync()
    assert bool(other.heard("gn_banned")) is (code[kind] == 200)


async def own_room(server: MemoryServer, user_id: str) -> tuple[Any, str]:
    """A user with a temporary room of the user's own."""
    client = await logged_in(server, user_id)
    made = {"verb": "create", "target": {"displayName": base64_of("Mine")}, "object": {"url": LOBBY}}
    room_id: str = (await client.call("create", made))["data"]["target"]["id"]
    return client, room_id


@pytest.mark.parametrize("kind", [None, ""])
async def test_a_ban_from_an_own_room_is_from_no_more(server: MemoryServer, kind: str | None) -> None:
    alice = await inside(server, "alice", BAR)
    mallory, room_id = await own_room(server, "mallory")
    assert await call(alice, "join", join(room_id)) == 200
    body = {"verb": "ban", "target": {"id": room_id, "objectType": kind}, "object": {"id": "alice", "summary": "1h"}}
    assert await call(mallory, "ban", body) == 200
    await alice.sync()
    assert alice.heard("gn_banned")[0]["target"] == {
        "objectType": "room", "id": room_id, "displayName": base64_of("Mine")
    }  # fmt: skip
    assert await call(alice, "join", join(room_id)) == 703
    assert server.server.presence.occupies(UserId("alice"), BAR)
    assert await call(await logged_in(server, "alice"), "join", join(HALL)) == 200


@pytest.mark.parametrize("kind", ["global", "channel"])
async def test_the_owner_of_a_room_bans_from_no_more(server: MemoryServer, kind: str) -> None:
    """Be it that the target's id is that of the room."""
    alice = await inside(server, "alice")
    mallory, room_id = await own_room(server, "mallory")
    code = 705 if kind == "global" else 801
    assert await call(mallory, "ban", ban("alice", kind, room_id)) == code
    assert await call(mallory, "ban", ban("alice", None, LOBBY)) == 705
    await alice.sync()
    assert names(alice) == ["gn_room_created"]


async def test_what_clients_say_of_themselves_gives_no_rights(server: MemoryServer) -> None:
    await inside(server, "alice")
    mallory = await logged_in(server, "mallory", user_type="superuser", global_role="superuser")
    for actor in ({"id": "super"}, {"id": "0"}, {"id": ""}, {"id": "mallory", "content": "superuser"}):
        assert await call(mallory, "ban", of_scope("alice", "global") | {"actor": actor}) == 705


async def test_nobody_bans_before_a_login(server: MemoryServer) -> None:
    await inside(server, "alice")
    stranger = server.client()
    await stranger.call("login", {"verb": "login", "actor": {"id": "0", "displayName": base64_of("super")}})
    assert await call(stranger, "ban", of_scope("alice", "global")) == 804


@pytest.mark.parametrize("kind", ["room", "channel"])
@pytest.mark.parametrize(("actor", "whom"), [("moderator", "owner"), ("admin", "lobbyist"), ("super", "mod")])
async def test_neither_owners_nor_operators_come_back(server: MemoryServer, actor: str, whom: str, kind: str) -> None:
    """Nor do they lift the ban, keep out who banned them, or rule the room from outside."""
    if actor == "moderator" and kind == "channel":
        actor = "lobbyist"
    banned, client = await inside(server, whom), await inside(server, actor)
    assert await call(client, "ban", of_scope(whom, kind)) == 200
    again = await logged_in(server, whom)
    for session in (banned, again):
        assert await call(session, "join", join(HALL)) == 703
        assert await call(session, "ban", ban(actor)) == 703
        assert await call(session, "kick", {"verb": "kick", "target": {"id": HALL}, "object": {"id": actor}}) == 703
        assert await call(session, "remove_room", {"verb": "remove", "target": {"id": HALL}}) == 703
    assert server.server.presence.occupies(UserId(actor), HALL)


async def test_an_operator_who_is_banned_from_the_server_stays_out(server: MemoryServer) -> None:
    mod = await inside(server, "mod")
    assert await call(await logged_in(server, "super"), "ban", of_scope("mod", "global")) == 200
    assert await mod.closed() == 4003
    assert (await server.client().login("mod"))["status_code"] == 703
