"""Who may ban whom from what, and the attacks that are known: each is tried."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest

from chat.errors import ChatError
from chat.model import SYSTEM_ID, BanScope, UserId
from chat.plugin import Context
from chat.requests import BanUser, MutePlan, MuteUsers, UnbanUser, UnmuteUser
from chat.testing import MemoryServer
from chat.texts import base64_of
from chat.times import utc_now
from tests.banning import BAR, HALL, LOBBY, TOWN, WHY, Make, ban, call, inside, join, names, of_scope
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


SHORT, LONG = {"summary": "5m"}, {"summary": "20m"}


@pytest.mark.parametrize("kind", ["room", "channel", "global"])
@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        ("mod", "moderator", {"room": 705, "channel": 705, "global": 705}),
        ("mod", "lobbyist", {"room": 705, "channel": 705, "global": 705}),
        ("super", "mod", {"room": 705, "channel": 705, "global": 705}),
        ("mod", "other-mod", {"room": 200, "channel": 200, "global": 200}),
        ("mod", "super", {"room": 200, "channel": 200, "global": 200}),
        ("owner", "moderator", {"room": 200, "channel": 705, "global": 705}),
    ],
)
async def test_nobody_below_makes_a_ban_shorter(
    server: MemoryServer, first: str, second: str, code: dict[str, int], kind: str
) -> None:
    await logged_in(server, "alice")
    assert await call(await logged_in(server, first), "ban", of_scope("alice", kind)) in (200, 705)
    assert await call(await logged_in(server, second), "ban", of_scope("alice", kind, **SHORT)) == code[kind]
    bans = server.server.services.rooms.bans.of_user(UserId("alice"))
    assert [ban.duration for ban in bans] == ["5m" if code[kind] == 200 else "10m"][: len(bans)]


async def test_a_ban_that_is_made_longer_stays_that_of_who_set_it(server: MemoryServer) -> None:
    """Who makes it longer says why in their own name: to the user then, and in the audit log."""
    alice = await logged_in(server, "alice")
    mod, moderator = await logged_in(server, "mod"), await logged_in(server, "moderator")
    assert await call(mod, "ban", of_scope("alice", "room", content=base64_of("spam"))) == 200
    assert await call(moderator, "ban", of_scope("alice", "room", content=WHY, **LONG)) == 200
    (ban,) = server.server.services.rooms.bans.of_user(UserId("alice"))
    assert (ban.duration, ban.reason, ban.actor_id) == ("20m", "spam", "mod")
    await alice.sync()
    heard = [(one["actor"]["id"], one["object"]["content"]) for one in alice.heard("gn_banned")]
    assert heard == [("mod", base64_of("spam")), ("moderator", WHY)]
    with closing(sqlite3.connect(f"{server.server.config.data_dir}/chat.db")) as database:
        rows = database.execute("SELECT actor_id, reason FROM audit ORDER BY key").fetchall()
    assert rows == [("mod", "spam"), ("moderator", "why not")]
    assert await call(moderator, "ban", of_scope("alice", "room")) == 705
    assert await call(mod, "ban", of_scope("alice", "room")) == 200


async def test_a_mute_that_is_made_longer_stays_that_of_who_set_it(server: MemoryServer) -> None:
    services, alice = server.server.services, await inside(server, "alice")
    for user_id, duration, reason in (("mod", "10m", "spam"), ("moderator", "20m", "why not")):
        await logged_in(server, user_id)
        plan = MutePlan(UserId("alice"), HALL, duration, reason, UserId(user_id))
        await services.dispatch(Context(utc_now(), await services.users.known(plan.actor_id)), MuteUsers((plan,)))
    mute = services.mutes.of(UserId("alice"), HALL)
    assert mute is not None
    assert (mute.duration, mute.reason, mute.actor_id) == ("20m", "spam", "mod")
    await alice.sync()
    heard = [(one["actor"]["id"], one["object"]["content"]) for one in alice.heard("gn_mute")]
    assert heard == [("mod", base64_of("spam")), ("moderator", WHY)]


@pytest.mark.parametrize(("actor", "refused"), [("moderator", True), ("mod", False), (SYSTEM_ID, False)])
@pytest.mark.parametrize("is_mute", [False, True])
async def test_nobody_below_ends_what_an_operator_set(
    server: MemoryServer, actor: str, refused: bool, is_mute: bool
) -> None:
    """Nor makes a mute shorter; longer it may be made."""
    services = server.server.services
    for user_id in ("alice", "mod", "moderator"):
        await logged_in(server, user_id)
    alice, mod = UserId("alice"), UserId("mod")
    user = services.users.system if actor == SYSTEM_ID else await services.users.known(UserId(actor))
    context = Context(utc_now(), user)

    async def code(request: Any, by: Context = context) -> int:
        try:
            await services.dispatch(by, request)
        except ChatError as refusal:
            return refusal.code.wire
        return 200

    def mute(duration: str, by: UserId) -> MuteUsers:
        return MuteUsers((MutePlan(alice, HALL, duration, None, by),))

    by_mod = Context(utc_now(), await services.users.known(mod))
    expected = 705 if refused else 200
    if is_mute:
        assert await code(mute("10m", mod), by_mod) == 200
        assert await code(mute("20m", UserId(actor))) == 200
        assert await code(mute("5m", UserId(actor))) == expected
        assert await code(UnmuteUser(alice, HALL)) == expected
        assert (services.mutes.of(alice, HALL) is not None) is refused
    else:
        assert await code(BanUser(user_id=alice, duration="10m", kind="room", target=HALL), by_mod) == 200
        assert await code(UnbanUser(user_id=alice, scope=BanScope.ROOM, target_id=HALL)) == expected
        assert bool(services.rooms.bans.of_user(alice)) is refused


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
