"""Roles given and taken at run time: who may, where they show at once, what they let one do, and what is left."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from msgspec import structs

from chat.config import ChannelSection, GlobalRoles, RoomOptions, RoomSection
from chat.errors import ChatError
from chat.model import SYSTEM_ID, ChannelId, Role, RoomId, UserId
from chat.plugin import Context
from chat.requests import GiveRole, RoleChange, TakeRole
from chat.testing import MemoryClient, MemoryServer
from chat.texts import base64_of
from chat.timers import REMOVE_ROOM
from chat.times import utc_now
from tests.conversing import eventually, logged_in

Make = Callable[..., MemoryServer]
CHANNEL, ROOM, CLOSED = ChannelId("lobby"), RoomId("room"), RoomId("closed")
ALICE, BOB = UserId("alice"), UserId("bob")
CHANNELS = (
    ChannelSection(
        id=CHANNEL,
        name="Lobby",
        default=True,
        owners=("chan-owner",),
        admins=("chan-admin",),
        rooms=(
            RoomSection(id=ROOM, name="General", owners=("owner",), moderators=("moderator",)),
            RoomSection(id=CLOSED, name="Closed", access="members", owners=("owner",)),
        ),
    ),
)
ROLES = GlobalRoles(superusers=("super", "super2"), globalmods=("mod",))
EVERYWHERE: dict[str, Any] = {}
IN_CHANNEL, IN_ROOM = {"channel_id": CHANNEL}, {"room_id": ROOM}


@pytest.fixture
def server(memory_server: Make) -> MemoryServer:
    return memory_server(channels=CHANNELS, roles=ROLES)


async def change(server: MemoryServer, request: RoleChange, by: str = SYSTEM_ID) -> int:
    """Ask for it in somebody's name; the code of the answer."""
    services = server.server.services
    user = services.users.system if by == SYSTEM_ID else await services.users.known(UserId(by))
    try:
        await services.dispatch(Context(utc_now(), user, None, "key" if by == SYSTEM_ID else ""), request)
    except ChatError as refusal:
        return refusal.code.wire
    return 200


def give(user_id: str, role: Role, **place: Any) -> GiveRole:
    return GiveRole(user_id=UserId(user_id), role=role, **place)


def take(user_id: str, role: Role, **place: Any) -> TakeRole:
    return TakeRole(user_id=UserId(user_id), role=role, **place)


async def inside(server: MemoryServer, user_id: str, room_id: str = ROOM) -> MemoryClient:
    client = await logged_in(server, user_id)
    assert await code(client, "join", {"verb": "join", "target": {"id": room_id}}) == 200
    await client.sync()
    client.events.clear()
    return client


async def code(client: MemoryClient, event: str, body: dict[str, Any]) -> int:
    status: int = (await client.call(event, body))["status_code"]
    return status


async def login_roles(server: MemoryServer, user_id: str) -> set[tuple[str, str | None, str]]:
    """What the reply to a login says."""
    client = server.client()
    entries = (await client.login(user_id))["data"]["actor"]["attachments"]
    await client.leave()
    return {(entry["objectType"], entry.get("id"), entry["content"]) for entry in entries}


async def shown(client: MemoryClient, user_id: str) -> list[str]:
    """The roles of the user as the client sees them: among the room's users, and in the reply to a join."""
    joined = (await client.call("join", {"verb": "join", "target": {"id": ROOM}}))["data"]["object"]["attachments"]
    (users,) = [group["attachments"] for group in joined if group["objectType"] == "user"]
    page = (await client.call("users_in_room", {"verb": "list", "target": {"id": ROOM}}))["data"]["object"]
    found = [*page["attachments"], *users]
    return [entry["content"] for entry in found if entry["id"] == user_id]


async def listed(client: MemoryClient) -> dict[str, str]:
    """The client's roles in the rooms that the client may list."""
    reply = await client.call("list_rooms", {"verb": "list", "object": {"url": CHANNEL}})
    return {room["id"]: room["content"] for room in reply["data"]["object"]["attachments"]}


async def owners(client: MemoryClient) -> list[str]:
    joined = (await client.call("join", {"verb": "join", "target": {"id": ROOM}}))["data"]["object"]["attachments"]
    (group,) = [group["attachments"] for group in joined if group["objectType"] == "owner"]
    return [entry["id"] for entry in group]


@pytest.mark.parametrize(
    ("role", "place", "entries", "in_room"),
    [
        (Role.OWNER, IN_ROOM, {("room_role", ROOM, "owner")}, "owner"),
        (Role.MODERATOR, IN_ROOM, {("room_role", ROOM, "moderator")}, "moderator"),
        (Role.OWNER, IN_CHANNEL, {("channel_role", CHANNEL, "owner")}, ""),
        (Role.ADMIN, IN_CHANNEL, {("channel_role", CHANNEL, "admin")}, "admin"),
        (
            Role.GLOBALMOD,
            EVERYWHERE,
            {("global_roles", None, "globalmod"), ("global_role", None, "globalmod")},
            "globalmod",
        ),
        (
            Role.SUPERUSER,
            EVERYWHERE,
            {("global_roles", None, "superuser"), ("global_role", None, "superuser")},
            "superuser",
        ),
    ],
)
async def test_a_role_shows_everywhere_at_once(
    memory_server: Make, server: MemoryServer, role: Role, place: Any, entries: Any, in_room: str
) -> None:
    """In the reply to a login, lists of rooms, joins and lists of users, and it survives a restart."""
    alice, bob = await inside(server, "alice"), await inside(server, "bob")
    for _ in range(2):
        assert await shown(bob, "alice") == ["", ""]
        assert await change(server, give("alice", role, **place)) == 200
        assert await login_roles(server, "alice") == entries
        assert await shown(bob, "alice") == [in_room] * 2
        assert (await listed(alice))[ROOM] == in_room
        assert (ALICE in await owners(bob)) is (in_room == "owner")
        assert await change(server, take("alice", role, **place)) == 200
        assert await login_roles(server, "alice") == set()
        assert (await listed(alice))[ROOM] == ""
        assert await owners(bob) == ["owner"]
    assert await change(server, give("alice", role, **place)) == 200
    await alice.leave()
    await bob.sync()
    bob.events.clear()
    await inside(server, "alice")
    await bob.sync()
    assert bob.heard("gn_user_joined")[0]["actor"]["content"] == in_room
    await server.stop()
    again = memory_server(data_dir=server.server.config.data_dir, channels=CHANNELS, roles=ROLES)
    assert await login_roles(again, "alice") == entries
    assert await shown(await inside(again, "alice"), "alice") == [in_room] * 2


async def test_what_a_role_allows_begins_and_ends_with_it(server: MemoryServer) -> None:
    alice, bob = await inside(server, "alice"), await inside(server, "bob")
    kick = {"verb": "kick", "target": {"id": ROOM}, "object": {"id": "bob"}}
    assert await code(alice, "kick", kick) == 705
    assert await change(server, give("alice", Role.MODERATOR, **IN_ROOM)) == 200
    assert await code(alice, "kick", kick) == 200
    assert await code(bob, "join", {"verb": "join", "target": {"id": ROOM}}) == 200
    assert await change(server, take("alice", Role.MODERATOR, **IN_ROOM)) == 200
    assert await code(alice, "kick", kick) == 705


async def test_an_operator_sees_the_invisible_at_once(server: MemoryServer) -> None:
    bob, hidden = await inside(server, "bob"), await inside(server, "hidden")
    assert await code(hidden, "status", {"verb": "invisible"}) == 200
    assert await shown(bob, "hidden") == []
    assert await change(server, give("bob", Role.GLOBALMOD)) == 200
    assert await shown(bob, "hidden") == ["", ""]
    assert await change(server, take("bob", Role.GLOBALMOD)) == 200
    assert await shown(bob, "hidden") == []


async def test_who_is_no_operator_any_more_leaves_the_operators_room(server: MemoryServer) -> None:
    mod = await logged_in(server, "mod")
    (admins,) = [room_id for room_id in await listed(mod) if room_id not in (ROOM, CLOSED)]
    mod, superuser = await inside(server, "mod", admins), await inside(server, "super", admins)
    assert await code(mod, "join", {"verb": "join", "target": {"id": ROOM}}) == 200
    assert await change(server, take("mod", Role.GLOBALMOD)) == 200
    presence = server.server.services.presence
    assert presence.rooms_of(UserId("mod")) == (ROOM,)
    await superuser.sync()
    assert [event["actor"]["id"] for event in superuser.heard("gn_user_left")] == ["mod"]
    await mod.sync()
    for client in (mod, superuser):
        assert [event["object"]["id"] for event in client.heard("gn_user_kicked")] == ["mod"]
    assert await code(mod, "join", {"verb": "join", "target": {"id": admins}}) == 802
    assert admins not in await listed(mod)


JOIN_CLOSED = {"verb": "join", "target": {"id": CLOSED}}
IN_CLOSED = {"room_id": CLOSED}


async def test_who_is_something_in_a_room_belongs_to_it_as_long(memory_server: Make, server: MemoryServer) -> None:
    """With the last role the user is out at once, hears so, and stays out: whoever took the role did it."""
    alice = await logged_in(server, "alice")
    assert await code(alice, "join", JOIN_CLOSED) == 802
    for role in (Role.MODERATOR, Role.OWNER):
        assert await change(server, give("alice", role, **IN_CLOSED)) == 200
    owner = await inside(server, "owner", CLOSED)
    assert await code(alice, "join", JOIN_CLOSED) == 200
    presence = server.server.services.presence
    for role, is_inside in ((Role.OWNER, True), (Role.MODERATOR, False)):
        assert await change(server, take("alice", role, reason="rude", **IN_CLOSED)) == 200
        assert presence.occupies(ALICE, CLOSED) is is_inside
    for client in (alice, owner):
        await client.sync()
        (kicked,) = client.heard("gn_user_kicked")
        assert (kicked["verb"], kicked["actor"]["id"], kicked["object"]["id"]) == ("kick", SYSTEM_ID, "alice")
        assert (kicked["target"]["id"], "content" in kicked["object"]) == (CLOSED, False)
    assert [event["actor"]["id"] for event in owner.heard("gn_user_left")] == ["alice"]
    assert await code(alice, "join", JOIN_CLOSED) == 802
    assert CLOSED not in await listed(alice)
    await server.stop()
    again = memory_server(data_dir=server.server.config.data_dir, channels=CHANNELS, roles=ROLES)
    assert await code(await logged_in(again, "alice"), "join", JOIN_CLOSED) == 802
    assert await code(await logged_in(again, "owner"), "join", JOIN_CLOSED) == 200


async def test_a_member_by_something_else_stays_one(memory_server: Make, server: MemoryServer) -> None:
    await logged_in(server, "alice")
    await server.stop()
    folder = server.server.config.data_dir
    with closing(sqlite3.connect(f"{folder}/chat.db")) as database, database:
        keys = "SELECT rooms.key, users.key, 0 FROM rooms, users WHERE rooms.id = ? AND users.id = ?"
        database.execute(f"INSERT INTO memberships (room_key, user_key, joined_ms) {keys}", (CLOSED, ALICE))
    again = memory_server(data_dir=folder, channels=CHANNELS, roles=ROLES)
    alice = await inside(again, "alice", CLOSED)
    assert await change(again, give("alice", Role.MODERATOR, **IN_CLOSED)) == 200
    assert await change(again, take("alice", Role.MODERATOR, **IN_CLOSED)) == 200
    assert again.server.services.presence.occupies(ALICE, CLOSED)
    assert await code(alice, "leave", JOIN_CLOSED | {"verb": "leave"}) == 200
    assert await code(alice, "join", JOIN_CLOSED) == 200


async def test_who_is_declared_no_more_belongs_to_the_room_no_more(memory_server: Make, server: MemoryServer) -> None:
    assert await code(await logged_in(server, "owner"), "join", JOIN_CLOSED) == 200
    await server.stop()
    (lobby,) = CHANNELS
    rooms = (lobby.rooms[0], structs.replace(lobby.rooms[1], owners=("bob",)))
    again = memory_server(
        data_dir=server.server.config.data_dir, channels=(structs.replace(lobby, rooms=rooms),), roles=ROLES
    )
    assert await code(await logged_in(again, "owner"), "join", JOIN_CLOSED) == 802
    assert await code(await logged_in(again, "bob"), "join", JOIN_CLOSED) == 200


async def test_what_is_declared_is_back_after_a_restart(memory_server: Make, server: MemoryServer) -> None:
    await logged_in(server, "owner")
    assert await change(server, take("owner", Role.OWNER, **IN_ROOM)) == 200
    assert ("room_role", ROOM, "owner") not in await login_roles(server, "owner")
    await server.stop()
    again = memory_server(data_dir=server.server.config.data_dir, channels=CHANNELS, roles=ROLES)
    assert ("room_role", ROOM, "owner") in await login_roles(again, "owner")


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (give("nobody", Role.GLOBALMOD), 800),
        (give("alice", Role.OWNER), 706),
        (give("alice", Role.MODERATOR, **IN_CHANNEL), 706),
        (give("alice", Role.ADMIN, **IN_ROOM), 706),
        (give("alice", Role.SUPERUSER, **IN_ROOM), 706),
        (give("alice", Role.ADMIN, channel_id=ChannelId("nowhere")), 801),
        (give("alice", Role.OWNER, room_id=RoomId("nowhere")), 802),
        (give("0", Role.GLOBALMOD), 705),
        (take("nobody", Role.GLOBALMOD), 800),
        (take("alice", Role.OWNER), 706),
        (take("alice", Role.OWNER, **IN_ROOM), 200),
    ],
)
async def test_what_there_is_not(server: MemoryServer, request_: RoleChange, expected: int) -> None:
    await logged_in(server, "alice")
    assert await change(server, request_) == expected
    assert audits(server) == []


async def test_a_room_that_one_may_not_see_is_not_betrayed(server: MemoryServer) -> None:
    for name in ("alice", "bob"):
        await logged_in(server, name)
    assert await change(server, give("alice", Role.OWNER, room_id=CLOSED), "bob") == 802


def audits(server: MemoryServer) -> list[tuple[Any, ...]]:
    columns = "key_name, actor_id, action, user_id, room_id, reason"
    with closing(sqlite3.connect(f"{server.server.config.data_dir}/chat.db")) as database:
        return database.execute(f"SELECT {columns} FROM audit").fetchall()


async def test_every_change_is_in_the_audit_log(server: MemoryServer) -> None:
    for name in ("alice", "owner"):
        await logged_in(server, name)
    assert await change(server, give("alice", Role.MODERATOR, reason="why not", **IN_ROOM), "owner") == 200
    assert await change(server, give("alice", Role.MODERATOR, **IN_ROOM), "owner") == 200
    assert await change(server, give("alice", Role.ADMIN, **IN_CHANNEL), "owner") == 705
    assert await change(server, give("alice", Role.ADMIN, **IN_CHANNEL)) == 200
    assert await change(server, give("alice", Role.SUPERUSER)) == 200
    assert await change(server, take("alice", Role.MODERATOR, **IN_ROOM), "owner") == 705
    assert await change(server, take("alice", Role.MODERATOR, **IN_ROOM)) == 200
    assert audits(server) == [
        ("", "owner", "give-moderator", "alice", ROOM, "why not"),
        ("key", "0", "give-admin", "alice", CHANNEL, ""),
        ("key", "0", "give-superuser", "alice", None, ""),
        ("key", "0", "take-moderator", "alice", ROOM, ""),
    ]


async def test_a_temporary_room_without_owners_ends_unless_there_is_a_new_one(memory_server: Make) -> None:
    """The one who was its owner is still inside: that keeps it no longer. A new owner inside does."""
    server = memory_server(channels=CHANNELS, roles=ROLES, rooms=RoomOptions(owner_grace_s=3600))
    alice = await logged_in(server, "alice")
    made = {"verb": "create", "target": {"displayName": base64_of("Mine")}, "object": {"url": CHANNEL}}
    room_id = RoomId((await alice.call("create", made))["data"]["target"]["id"])
    bob = await logged_in(server, "bob")
    for client in (alice, bob):
        assert await code(client, "join", {"verb": "join", "target": {"id": room_id}}) == 200
    timers = server.server.services.timers
    await eventually(lambda: not timers.is_set(REMOVE_ROOM, room_id))
    assert await change(server, take("alice", Role.OWNER, room_id=room_id)) == 200
    await server.settle()
    due = timers.due(REMOVE_ROOM, room_id)
    assert due is not None
    assert due > utc_now() + timedelta(seconds=1800)
    assert await change(server, give("bob", Role.OWNER, room_id=room_id)) == 200
    await server.settle()
    assert not timers.is_set(REMOVE_ROOM, room_id)
    assert await code(bob, "leave", {"verb": "leave", "target": {"id": room_id}}) == 200
    assert (await alice.wait_for("gn_room_removed"))["target"]["id"] == room_id
