"""kick: who is put out hears of it, those inside too, and nothing else happens to the user."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest

from chat.config import ChannelSection, GlobalRoles, RoomOptions, RoomSection
from chat.model import RoomId, UserId
from chat.plugin import Context
from chat.requests import KickUser
from chat.testing import MemoryClient, MemoryServer
from chat.texts import base64_of
from chat.timers import REMOVE_ROOM
from chat.times import utc_now
from tests.conversing import eventually, logged_in
from tests.held import Held

Make = Callable[..., MemoryServer]
ROOM, CHANNEL = RoomId("room"), "lobby"
CHANNELS = (
    ChannelSection(
        id=CHANNEL,
        name="Lobby",
        default=True,
        rooms=(
            RoomSection(id=ROOM, name="General", owners=("owner",), moderators=("moderator",)),
            RoomSection(id="other", name="Other", owners=("elsewhere",)),
            RoomSection(id="closed", name="Closed", access="members", owners=("owner",)),
        ),
    ),
)
ROLES = GlobalRoles(superusers=("super",), globalmods=("mod",))
ALICE, WHY = UserId("alice"), base64_of("why not")


@pytest.fixture
def server(memory_server: Make) -> MemoryServer:
    return memory_server(channels=CHANNELS, roles=ROLES)


async def inside(server: MemoryServer, user_id: str, room: str = ROOM, **attributes: str) -> MemoryClient:
    """A client in the room, which has forgotten what it heard."""
    client = await logged_in(server, user_id, **attributes)
    assert (await client.call("join", {"verb": "join", "target": {"id": room}}))["status_code"] == 200
    await client.sync()
    client.events.clear()
    client.log.clear()
    return client


def kick(user_id: Any, room: Any = ROOM, **members: Any) -> dict[str, Any]:
    return {"verb": "kick", "target": {"id": room}, "object": {"id": user_id} | members}


async def code(client: MemoryClient, body: dict[str, Any], event: str = "kick") -> int:
    status: int = (await client.call(event, body))["status_code"]
    return status


async def heard(*clients: MemoryClient) -> list[list[str]]:
    """The names of what each of them heard, in order."""
    for client in clients:
        await client.sync()
    return [[name for name, _ in client.events] for client in clients]


def audits(server: MemoryServer) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"{server.server.config.data_dir}/chat.db")) as database:
        return database.execute(
            "SELECT key_name, actor_id, action, user_id, room_id, reason, until_ms FROM audit"
        ).fetchall()


async def test_a_user_is_put_out_of_the_room_with_all_sessions(server: MemoryServer) -> None:
    owner, bob = await inside(server, "owner", age="40"), await inside(server, "bob")
    alice = [
        await inside(server, "alice", region="Bin"),
        await inside(server, "alice"),
        await logged_in(server, "alice"),
    ]
    for client in (owner, bob):
        client.events.clear()
    body = kick("alice", content=WHY) | {"actor": {"id": "bob", "displayName": WHY}, "id": "mine"}
    assert await owner.call("kick", body) == {"status_code": 200}
    assert await heard(owner, bob) == [["gn_user_kicked", "gn_user_left"]] * 2
    assert await heard(*alice) == [["gn_user_kicked"]] * 3
    assert [name for name, _, _ in owner.log[-3:]] == ["gn_kick", "gn_user_kicked", "gn_user_left"]
    told = bob.heard("gn_user_kicked")[0]
    assert told == {
        "id": told["id"],
        "published": told["published"],
        "provider": {"id": "dev"},
        "actor": {
            "id": "owner",
            "displayName": base64_of("owner"),
            "attachments": [{"objectType": "age", "content": base64_of("40")}],
        },
        "verb": "kick",
        "object": {"id": "alice", "displayName": base64_of("alice"), "content": WHY, "attachments": []},
        "target": {"id": ROOM, "displayName": base64_of("General")},
    }
    assert alice[0].heard("gn_user_kicked") == alice[2].heard("gn_user_kicked") == [told]
    assert bob.heard("gn_user_left")[0]["actor"]["id"] == "alice"


async def test_nothing_else_happens_to_who_was_kicked(server: MemoryServer) -> None:
    """The user may come back at once, and what the user said stays."""
    owner, alice = await inside(server, "owner"), await inside(server, "alice")
    said = {"verb": "send", "target": {"id": ROOM, "objectType": "room"}, "object": {"content": base64_of("hi")}}
    assert await code(alice, said, "message") == 200
    assert await code(owner, kick("alice")) == 200
    assert await code(alice, said, "message") == 702
    assert "content" not in owner.heard("gn_user_kicked")[0]["object"]
    joined = await alice.call("join", {"verb": "join", "target": {"id": ROOM}})
    (history,) = [one for one in joined["data"]["object"]["attachments"] if one["objectType"] == "history"]
    assert [one["content"] for one in history["attachments"]] == [base64_of("hi")]
    assert await code(alice, said, "message") == 200
    assert (await heard(owner))[0][-2:] == ["gn_user_joined", "message"]
    assert await code(owner, kick("alice")) == 200


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"verb": "kick", "object": {"id": "alice"}}, 502),
        (kick("alice", 5), 502),
        (kick("alice", ""), 502),
        ({"verb": "kick", "target": {"id": ROOM}}, 501),
        (kick(""), 501),
        (kick(["alice"]), 501),
        (kick("alice", content="no base64"), 701),
        (kick("alice") | {"verb": "ban"}, 607),
        ({"target": {"id": ROOM}, "object": {"id": "alice"}}, 511),
        (kick("alice", "nowhere"), 802),
        (kick("outside"), 702),
        (kick("nobody"), 702),
        (kick("alice", "other"), 705),
        (kick("outside", "other"), 705),
        (kick("nobody", "other"), 705),
        (kick("mod"), 705),
        (kick("super"), 705),
        (kick("0"), 705),
    ],
)
async def test_what_is_refused(server: MemoryServer, body: dict[str, Any], expected: int) -> None:
    owner, alice, mod = [await inside(server, one) for one in ("owner", "alice", "mod")]
    superuser, _ = await inside(server, "super"), await logged_in(server, "outside")
    for client in (owner, alice, mod, superuser):
        await client.sync()
        client.events.clear()
    reply = await owner.call("kick", body)
    assert (reply["status_code"], set(reply)) == (expected, {"status_code", "message"})
    assert await heard(owner, alice, mod, superuser) == [[]] * 4
    assert audits(server) == []


async def test_a_room_that_one_may_not_see_is_not_betrayed(server: MemoryServer) -> None:
    await inside(server, "owner", "closed")
    alice = await logged_in(server, "alice")
    assert await code(alice, kick("owner", "closed")) == 802


async def test_who_kicks_need_not_be_inside(server: MemoryServer) -> None:
    alice, moderator = await inside(server, "alice"), await logged_in(server, "moderator")
    assert await code(moderator, kick("alice")) == 200
    assert await heard(alice, moderator) == [["gn_user_kicked"], []]


async def test_the_audit_log_has_who_whom_where_and_why(server: MemoryServer) -> None:
    owner, alice = await inside(server, "owner"), await inside(server, "alice")
    assert await code(alice, kick("owner")) == 705
    assert await code(owner, kick("alice", content=WHY)) == 200
    assert await code(owner, kick("alice", content=WHY)) == 702
    await inside(server, "alice")
    services = server.server.services
    context = Context(utc_now(), services.users.system, None, "key")
    await services.dispatch(context, KickUser(room_id=ROOM, user_id=ALICE))
    assert audits(server) == [
        ("", "owner", "kick", "alice", ROOM, "why not", None),
        ("key", "0", "kick", "alice", ROOM, "", None),
    ]
    await owner.sync()
    assert [event["actor"]["id"] for event in owner.heard("gn_user_kicked")] == ["owner", "0"]


async def test_an_invisible_user_is_not_betrayed(server: MemoryServer) -> None:
    """To who does not see the user, who keeps order in the room as well; an operator who sees the user kicks."""
    owner, bob, mod, superuser = [await inside(server, one) for one in ("owner", "bob", "mod", "super")]
    hidden = await inside(server, "hidden")
    assert await code(hidden, {"verb": "invisible"}, "status") == 200
    for client in (owner, bob, mod, superuser, hidden):
        await client.sync()
        client.events.clear()
    refused, absent = [await owner.call("kick", kick(one)) for one in ("hidden", "nobody")]
    assert refused == absent
    assert refused["status_code"] == 702
    assert await code(mod, kick("hidden")) == 200
    assert await heard(owner, bob) == [[], []]
    assert await heard(mod, superuser) == [["gn_user_kicked", "gn_user_left"]] * 2
    assert await heard(hidden) == [["gn_user_kicked"]]
    assert superuser.heard("gn_user_left")[0]["actor"]["objectType"] == "invisible"


async def test_who_is_as_if_gone_is_put_out_by_operators_and_betrayed_to_nobody(server: MemoryServer) -> None:
    owner, mod, superuser = [await inside(server, one) for one in ("owner", "mod", "super")]
    gone = await inside(server, "gone")
    assert await code(gone, {"verb": "offline"}, "status") == 200
    for client in (owner, mod, superuser, gone):
        await client.sync()
        client.events.clear()
    assert await code(owner, kick("gone")) == 702
    assert await code(mod, kick("gone")) == 200
    assert await heard(owner, mod, superuser, gone) == [[], [], [], ["gn_user_kicked"]]
    assert not server.server.services.presence.occupies(UserId("gone"), ROOM)


async def test_nobody_hears_of_a_kick_that_came_too_late(server: MemoryServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user went while the row for the audit log was being written."""
    owner, alice = await inside(server, "owner"), await inside(server, "alice")
    writing = Held(monkeypatch, "record")
    kicked = owner.ask("kick", kick("alice"))
    await writing.begun()
    left = alice.ask("leave", {"verb": "leave", "target": {"id": ROOM}})
    assert (await left)["status_code"] == 200
    await writing.let_through(server)
    assert (await kicked)["status_code"] == 200
    assert (await heard(owner, alice))[1] == []
    assert owner.heard("gn_user_kicked") == []
    assert len(owner.heard("gn_user_left")) == 1


async def test_a_kick_does_not_end_the_room_of_its_owner_at_once(memory_server: Make) -> None:
    """The owner may come back, as one may whose connection broke; the room waits for as long."""
    server = memory_server(channels=CHANNELS, roles=ROLES, rooms=RoomOptions(owner_grace_s=3600))
    owner, bob, mod = [await logged_in(server, one) for one in ("alice", "bob", "mod")]
    made = {"verb": "create", "target": {"displayName": WHY}, "object": {"url": CHANNEL}}
    room_id = RoomId((await owner.call("create", made))["data"]["target"]["id"])
    for client in (owner, bob):
        assert await code(client, {"verb": "join", "target": {"id": room_id}}, "join") == 200
    timers = server.server.services.timers
    await eventually(lambda: not timers.is_set(REMOVE_ROOM, room_id))
    assert await code(mod, kick("alice", room_id)) == 200
    await bob.sync()
    due = timers.due(REMOVE_ROOM, room_id)
    assert due is not None
    assert due > utc_now() + timedelta(seconds=1800)
    assert await code(owner, {"verb": "join", "target": {"id": room_id}}, "join") == 200
    await bob.sync()
    assert not timers.is_set(REMOVE_ROOM, room_id)
    assert bob.heard("gn_room_removed") == []
