"""ban: who is out of what, who hears of it, and what stands in the audit log."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chat.errors import ChatError, ErrorCode
from chat.model import BanScope, RoomId, UserId
from chat.plugin import Context
from chat.requests import UnbanUser
from chat.testing import MemoryServer
from chat.texts import base64_of
from chat.times import to_ms, utc_now
from tests.banning import (
    BAR,
    HALL,
    LAWN,
    LOBBY,
    TOWN,
    WHY,
    Make,
    backend,
    ban,
    call,
    inside,
    join,
    names,
    of_scope,
    said,
)
from tests.conversing import logged_in

ALICE = UserId("alice")
TARGETS = {
    "room": {"objectType": "room", "id": HALL, "displayName": base64_of("Hall")},
    "channel": {"objectType": "channel", "id": LOBBY, "displayName": base64_of("Lobby")},
    "global": {"objectType": "global"},
}


@pytest.fixture
def server(memory_server: Make) -> MemoryServer:
    return memory_server(**TOWN)


def who(user_id: str) -> dict[str, str]:
    return {"id": user_id, "displayName": base64_of(user_id)}


def audits(server: MemoryServer) -> list[tuple[Any, ...]]:
    columns = "key_name, actor_id, action, user_id, room_id, reason, until_ms"
    with closing(sqlite3.connect(f"{server.server.config.data_dir}/chat.db")) as database:
        return database.execute(f"SELECT {columns} FROM audit ORDER BY key").fetchall()


@pytest.mark.parametrize("kind", ["room", "channel", "global"])
async def test_the_banned_user_is_told_by_all_sessions(server: MemoryServer, kind: str) -> None:
    sessions = [await inside(server, "alice"), await logged_in(server, "alice")]
    actor = await logged_in(server, "mod")
    before = datetime.now(UTC).replace(microsecond=0)
    reply = await actor.call("ban", of_scope("alice", kind, summary="90m", content=WHY))
    assert reply == {"status_code": 200}
    for session in sessions:
        await session.sync()
        (told,) = session.heard("gn_banned")
        until = datetime.fromisoformat(told["object"].pop("updated"))
        assert before <= until - timedelta(minutes=90) <= datetime.now(UTC)
        assert told.pop("id")
        assert told.pop("published").endswith("Z")
        assert told == {
            "verb": "ban",
            "actor": who("mod"),
            "object": who("alice") | {"summary": "90m", "content": WHY},
            "target": TARGETS[kind],
        }
        assert names(session)[0] == "gn_banned"


async def test_a_ban_without_a_reason_has_none(server: MemoryServer) -> None:
    alice, actor = await inside(server, "alice"), await logged_in(server, "moderator")
    assert await call(actor, "ban", of_scope("alice", "room")) == 200
    await alice.sync()
    assert "content" not in alice.heard("gn_banned")[0]["object"]
    assert "content" not in alice.heard("gn_user_kicked")[0]["object"]


async def test_the_room_and_the_banned_hear_what_became_of_the_user(server: MemoryServer) -> None:
    alice, bob = await inside(server, "alice"), await inside(server, "bob")
    outside, actor = await inside(server, "carol", BAR), await inside(server, "moderator", HALL)
    assert await call(actor, "ban", of_scope("alice", "room", content=WHY)) == 200
    for client in (alice, bob, outside, actor):
        await client.sync()
    assert names(bob) == names(actor) == ["gn_user_banned", "gn_user_kicked", "gn_user_left"]
    assert names(alice) == ["gn_banned", "gn_user_banned", "gn_user_kicked"]
    assert names(outside) == []
    banned, kicked = bob.heard("gn_user_banned")[0], bob.heard("gn_user_kicked")[0]
    place = {"id": HALL, "displayName": base64_of("Hall")}
    assert (banned["verb"], banned["actor"], banned["object"], banned["target"]) == (
        "ban", who("moderator"), who("alice"), place
    )  # fmt: skip
    assert kicked["verb"] == "ban"
    assert kicked["object"]["content"] == WHY
    assert kicked["target"] == place


async def test_who_is_not_there_is_banned_too(server: MemoryServer) -> None:
    await (await inside(server, "alice")).leave()
    bob, actor = await inside(server, "bob"), await logged_in(server, "moderator")
    assert await call(actor, "ban", of_scope("alice", "room")) == 200
    await bob.sync()
    assert names(bob) == ["gn_user_banned"]
    assert await call(await logged_in(server, "alice"), "join", join(HALL)) == 703


async def test_a_ban_from_a_channel_is_out_of_all_its_rooms(server: MemoryServer) -> None:
    alice = await inside(server, "alice", HALL, BAR, LAWN)
    others = [await inside(server, name, room) for name, room in (("bob", HALL), ("carol", BAR), ("dave", LAWN))]
    assert await call(await logged_in(server, "admin"), "ban", of_scope("alice", "channel")) == 200
    for client in (alice, *others):
        await client.sync()
    left = ["gn_user_banned", "gn_user_kicked", "gn_user_left"]
    assert [names(client) for client in others] == [left, left, []]
    assert [one["target"]["id"] for one in others[1].heard("gn_user_banned")] == [BAR]
    assert {one["target"]["id"] for one in alice.heard("gn_user_banned")} == {HALL, BAR}
    assert server.server.presence.rooms_of(ALICE) == (LAWN,)
    assert await call(alice, "message", said("here", LAWN)) == 200


async def test_a_global_ban_is_out_everywhere_and_ends_the_sessions(server: MemoryServer) -> None:
    sessions = [await inside(server, "alice", HALL, LAWN), await inside(server, "alice")]
    others = [await inside(server, name, room) for name, room in (("bob", HALL), ("dave", LAWN))]
    assert await call(await logged_in(server, "mod"), "ban", of_scope("alice", "global")) == 200
    for session in sessions:
        assert await session.closed() == 4003
        assert names(session)[0] == "gn_banned"
        assert sorted(names(session)[1:]) == ["gn_user_banned"] * 2 + ["gn_user_kicked"] * 2
    for client in others:
        await client.sync()
        assert names(client) == ["gn_user_banned", "gn_user_kicked", "gn_user_left"]
    assert not server.server.presence.is_online(ALICE)


@pytest.mark.parametrize("kind", ["room", "channel", "global"])
async def test_that_an_invisible_user_was_there_is_not_betrayed(server: MemoryServer, kind: str) -> None:
    alice, bob, operator = [await inside(server, name) for name in ("alice", "bob", "other-mod")]
    assert await call(alice, "status", {"verb": "invisible"}) == 200
    for client in (bob, operator):
        await client.sync()
        client.events.clear()
    assert await call(await logged_in(server, "mod"), "ban", of_scope("alice", kind)) == 200
    for client in (bob, operator):
        await client.sync()
    assert names(bob) == (["gn_user_banned"] if kind == "room" else [])
    assert names(operator)[:3] == ["gn_user_banned", "gn_user_kicked", "gn_user_left"]


async def test_a_second_ban_replaces_duration_and_reason(server: MemoryServer) -> None:
    alice, actor = await inside(server, "alice"), await logged_in(server, "moderator")
    assert await call(actor, "ban", of_scope("alice", "room", summary="1d", content=WHY)) == 200
    assert await call(actor, "ban", of_scope("alice", "room", summary="1m")) == 200
    notice = (await alice.call("join", join(HALL)))["data"]
    assert notice["object"] == {"summary": "60", "content": ""}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (ban(None), 501),
        (ban(7), 501),
        (ban("alice", summary=None), 606),
        (ban("alice", summary="0s"), 606),
        (ban("alice", summary="5"), 606),
        (ban("alice", summary="-5m"), 606),
        (ban("alice", summary="99999999d"), 606),
        (ban("alice", content="%"), 701),
        (ban("alice", content="a" * 2_000), 706),
        (ban("alice", "world"), 600),
        (ban("alice", "world", None), 600),
        (ban("alice", 7), 600),
        (ban("alice", "room", None), 502),
        (ban("alice", "channel", None), 502),
        (ban("alice", None, None), 502),
        (ban("alice", "room", "nowhere"), 802),
        (ban("alice", "room", LOBBY), 802),
        (ban("alice", None, "nowhere"), 802),
        (ban("alice", "channel", "nowhere"), 801),
        (ban("alice", "channel", HALL), 801),
        (ban("nobody"), 800),
        (ban("mod", "global", None), 705),
        (ban("0", "global", None), 705),
        ({"verb": "kick"} | {"object": {"id": "alice"}}, 607),
    ],
)
async def test_what_is_wrong_is_refused_and_nothing_happens(
    server: MemoryServer, body: dict[str, Any], code: int
) -> None:
    alice, actor = await inside(server, "alice"), await logged_in(server, "mod")
    assert await call(actor, "ban", body) == code
    await alice.sync()
    assert alice.events == []
    assert audits(server) == []
    assert await call(alice, "message", said("still here")) == 200


async def test_a_room_that_is_for_others_is_not_betrayed(server: MemoryServer) -> None:
    await logged_in(server, "alice")
    assert await call(await logged_in(server, "owner"), "ban", ban("alice", "room", "cellar")) == 802
    assert await call(await logged_in(server, "barkeeper"), "ban", ban("alice", "room", "cellar")) == 200


async def test_bans_and_their_ends_stand_in_the_audit_log(server: MemoryServer) -> None:
    await logged_in(server, "alice")
    actor = await logged_in(server, "mod")
    started = to_ms(utc_now())
    for kind in ("room", "channel"):
        assert await call(actor, "ban", of_scope("alice", kind, content=WHY)) == 200
    assert await call(actor, "ban", of_scope("alice", "global", summary="2h")) == 200
    dispatch = server.server.services.dispatch
    for _ in range(2):
        await dispatch(backend(server), UnbanUser(ALICE, BanScope.GLOBAL))
    await dispatch(backend(server), UnbanUser(ALICE, BanScope.CHANNEL, LOBBY))
    rows = audits(server)
    assert [row[:6] for row in rows] == [
        ("", "mod", "ban-room", "alice", HALL, "why not"),
        ("", "mod", "ban-channel", "alice", LOBBY, "why not"),
        ("", "mod", "ban-global", "alice", None, ""),
        ("key", "0", "unban-global", "alice", None, ""),
        ("key", "0", "unban-channel", "alice", LOBBY, ""),
    ]
    assert rows[0][6] - started in range(600_000, 660_000)
    assert rows[2][6] - started in range(7_200_000, 7_260_000)
    assert [row[6] for row in rows[3:]] == [None, None]


async def test_who_is_unbanned_may_come_back(server: MemoryServer) -> None:
    alice, actor = await inside(server, "alice"), await logged_in(server, "mod")
    dispatch = server.server.services.dispatch
    for kind, target in (("room", HALL), ("channel", LOBBY)):
        assert await call(actor, "ban", of_scope("alice", kind)) == 200
        assert await call(alice, "join", join(HALL)) == 703
        await dispatch(backend(server), UnbanUser(ALICE, BanScope(kind), target))
        assert await call(alice, "join", join(HALL)) == 200
    assert await call(actor, "ban", of_scope("alice", "global")) == 200
    assert await alice.closed() == 4003
    await dispatch(backend(server), UnbanUser(ALICE, BanScope.GLOBAL))
    await inside(server, "alice")


@pytest.mark.parametrize(
    ("caller", "request_", "code"),
    [
        ("owner", UnbanUser(ALICE, BanScope.CHANNEL, LOBBY), ErrorCode.NOT_ALLOWED),
        ("admin", UnbanUser(ALICE, BanScope.GLOBAL), ErrorCode.NOT_ALLOWED),
        ("mod", UnbanUser(UserId("super"), BanScope.GLOBAL), ErrorCode.NOT_ALLOWED),
        ("mod", UnbanUser(UserId("nobody"), BanScope.GLOBAL), ErrorCode.NO_SUCH_USER),
        ("mod", UnbanUser(ALICE, BanScope.ROOM, "nowhere"), ErrorCode.NO_SUCH_ROOM),
        ("mod", UnbanUser(ALICE, BanScope.CHANNEL, "nowhere"), ErrorCode.NO_SUCH_CHANNEL),
    ],
)
async def test_an_end_that_is_refused(server: MemoryServer, caller: str, request_: UnbanUser, code: ErrorCode) -> None:
    await logged_in(server, "alice")
    client = await logged_in(server, caller)
    user = client.connection.session.user
    with pytest.raises(ChatError) as refused:
        await server.server.services.dispatch(Context(utc_now(), user, client.connection.session), request_)
    assert refused.value.code is code


async def test_a_room_that_is_removed_takes_its_bans_along(server: MemoryServer) -> None:
    await logged_in(server, "alice")
    owner = await logged_in(server, "owner")
    assert await call(owner, "ban", of_scope("alice", "room")) == 200
    bans, room = server.server.services.rooms.bans, server.server.services.rooms.room(RoomId(HALL))
    assert bans.of(ALICE, None, room) is not None
    assert await call(owner, "remove_room", {"verb": "remove", "target": {"id": HALL}}) == 200
    assert bans.of(ALICE, None, room) is None
