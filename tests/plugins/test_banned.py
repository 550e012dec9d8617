"""What a ban keeps from: every way in is refused with 703 and the ban, whatever the banned user is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec import structs

from chat.config import AclRule
from chat.errors import ChatError, ErrorCode
from chat.model import Ban, BanScope, ChannelId, Role, UserId
from chat.plugin import Context
from chat.requests import GiveRole, TakeRole
from chat.storage.calls import read_by
from chat.testing import MemoryServer
from chat.texts import base64_of
from chat.times import utc_now
from tests.banning import (
    BAR,
    HALL,
    LAWN,
    LOBBY,
    PARK,
    PORCH,
    TOWN,
    WHY,
    Make,
    ban,
    call,
    inside,
    join,
    names,
    of_scope,
    said,
)
from tests.conversing import logged_in
from tests.held import Held

ALICE = UserId("alice")
LIST_LOBBY = {"verb": "list", "object": {"url": LOBBY}}
LIST_HALL = {"verb": "list", "target": {"id": HALL}}
CREATE = {"verb": "create", "target": {"displayName": base64_of("Mine")}, "object": {"url": LOBBY}}
WHISPER = {
    "verb": "whisper", "target": {"id": "bob"}, "actor": {"url": HALL}, "object": {"content": base64_of("psst")},
}  # fmt: skip
INVITE = {"verb": "invite", "target": {"id": "bob"}, "actor": {"url": HALL}}
HELP = {"verb": "help", "target": {"id": HALL}, "object": {"content": base64_of("help")}}
SOME_ID = {"id": "01a201c3-137e-7dd2-86cb-4e8cfe36bec7"}
IN_HALL: dict[str, dict[str, Any]] = {
    "join": join(HALL),
    "history": LIST_HALL,
    "users_in_room": LIST_HALL,
    "message": said("hello"),
    "whisper": WHISPER,
    "invite": INVITE,
    "request_admin": HELP,
    "edit": {"verb": "edit", "target": {"id": HALL}, "object": SOME_ID | {"content": base64_of("other")}},
    "delete": {"verb": "delete", "target": {"id": HALL}, "object": SOME_ID},
    "read": {"verb": "read", "target": {"id": HALL}, "object": {"attachments": [SOME_ID]}},
    "received": {"verb": "receive", "target": {"id": HALL}, "object": {"attachments": [SOME_ID]}},
    "rename_room": {"verb": "rename", "target": {"id": HALL, "displayName": base64_of("Other")}},
    "remove_room": {"verb": "remove", "target": {"id": HALL}},
    "kick": {"verb": "kick", "target": {"id": HALL}, "object": {"id": "bob"}},
    "ban": ban("bob"),
}
IN_LOBBY = {"list_rooms": LIST_LOBBY, "create": CREATE}


@pytest.fixture
def server(memory_server: Make) -> MemoryServer:
    return memory_server(**TOWN)


@pytest.mark.parametrize("user_id", ["alice", "owner", "lobbyist"])
@pytest.mark.parametrize("kind", ["room", "channel"])
async def test_everything_in_a_room_is_refused_with_the_ban(server: MemoryServer, kind: str, user_id: str) -> None:
    """Also to owners of the room, and of its channel."""
    user, bob = await inside(server, user_id), await inside(server, "bob")
    assert await call(await logged_in(server, "mod"), "ban", of_scope(user_id, kind, content=WHY)) == 200
    targets = {"room": (HALL, "Hall"), "channel": (LOBBY, "Lobby")}
    target_id, name = targets[kind]
    for event, body in IN_HALL.items():
        reply = await user.call(event, body)
        assert reply["status_code"] == 703, event
        notice = reply["data"]
        assert notice.pop("id")
        assert notice.pop("published").endswith("Z")
        assert notice["object"].pop("summary") in ("599", "600")
        assert notice == {
            "verb": "ban",
            "object": {"content": WHY},
            "target": {"objectType": kind, "id": target_id, "displayName": base64_of(name)},
            "provider": {"id": "dev"},
        }
    assert await call(user, "join", join("Hall", "name")) == 703
    codes = {event: await call(user, event, body) for event, body in IN_LOBBY.items()}
    assert codes == dict.fromkeys(IN_LOBBY, 703 if kind == "channel" else 200)
    await bob.sync()
    assert set(names(bob)) <= {"gn_user_banned", "gn_user_kicked", "gn_user_left", "gn_room_created"}


@pytest.mark.parametrize("kind", ["room", "channel"])
async def test_an_owner_does_not_act_there_from_outside(server: MemoryServer, kind: str) -> None:
    owner, mod = await logged_in(server, "owner"), await logged_in(server, "mod")
    info = {"verb": "update", "object": {"attachments": [{"objectType": "avatar", "content": WHY}]}}
    for code in (200, 703):
        assert await call(owner, "update_user_info", info | {"target": {"id": HALL}}) == code
        assert await call(mod, "ban", of_scope("owner", kind)) == 200


async def test_elsewhere_nothing_is_refused(server: MemoryServer) -> None:
    alice, bob = await inside(server, "alice"), await inside(server, "bob", LAWN)
    mod = await logged_in(server, "mod")
    assert await call(mod, "ban", of_scope("alice", "room")) == 200
    assert await call(alice, "join", join(BAR)) == 200
    assert await call(mod, "ban", of_scope("alice", "channel")) == 200
    assert await call(alice, "join", join(BAR)) == 703
    assert await call(alice, "join", join(LAWN)) == 200
    assert await call(alice, "list_rooms", {"verb": "list", "object": {"url": PARK}}) == 200
    assert await call(alice, "list_channels", {"verb": "list"}) == 200
    assert await call(alice, "leave", {"verb": "leave", "target": {"id": HALL}}) == 200
    private = {"verb": "send", "target": {"id": "bob", "objectType": "private"}, "object": {"content": WHY}}
    assert await call(alice, "message", private) == 200
    await bob.sync()
    assert len(bob.heard("message")) == 1


async def test_a_room_that_one_is_banned_from_stays_in_the_list(server: MemoryServer) -> None:
    alice = await logged_in(server, "alice")
    assert await call(await logged_in(server, "mod"), "ban", of_scope("alice", "room")) == 200
    listed = (await alice.call("list_rooms", LIST_LOBBY))["data"]["object"]["attachments"]
    assert HALL in {room["id"] for room in listed}


async def test_who_is_banned_from_a_channel_hears_nothing_of_its_rooms(server: MemoryServer) -> None:
    alice, bob = await logged_in(server, "alice"), await logged_in(server, "bob")
    assert await call(await logged_in(server, "mod"), "ban", of_scope("alice", "channel")) == 200
    assert await call(bob, "create", CREATE) == 200
    for client in (alice, bob):
        await client.sync()
    assert (names(alice), names(bob)) == (["gn_banned"], ["gn_room_created"])


@pytest.mark.parametrize("kind", ["room", "channel"])
async def test_nothing_is_sent_there_from_another_room(memory_server: Make, kind: str) -> None:
    lobby, park = TOWN["channels"]
    from_elsewhere = AclRule(action="crossroom", type="samechannel", value="n")
    server = memory_server(channels=(structs.replace(lobby, acls=(from_elsewhere,)), park), roles=TOWN["roles"])
    alice, bob = await inside(server, "alice", LAWN), await inside(server, "bob")
    assert await call(alice, "message", said("over there", actor={"url": LAWN})) == 200
    assert await call(await logged_in(server, "mod"), "ban", of_scope("alice", kind)) == 200
    assert await call(alice, "message", said("again", actor={"url": LAWN})) == 703
    await bob.sync()
    assert len(bob.heard("message")) == 1


async def test_nobody_is_invited_who_could_not_come(server: MemoryServer) -> None:
    alice, bob = await logged_in(server, "alice"), await inside(server, "bob")
    assert await call(await logged_in(server, "mod"), "ban", of_scope("alice", "room")) == 200
    assert await call(bob, "invite", INVITE | {"target": {"id": "alice"}}) == 200
    await alice.sync()
    assert "gn_invitation" not in names(alice)


@pytest.mark.parametrize("kind", ["room", "channel"])
async def test_nobody_joins_by_itself_who_is_banned(server: MemoryServer, kind: str) -> None:
    mod = await logged_in(server, "mod")
    target = PORCH if kind == "room" else LOBBY
    await logged_in(server, "alice", gender="f")
    assert server.server.presence.occupies(ALICE, PORCH)
    assert await call(mod, "ban", ban("alice", kind, target)) == 200
    await logged_in(server, "alice", gender="f")
    await logged_in(server, "carol", gender="f")
    assert not server.server.presence.occupies(ALICE, PORCH)
    assert server.server.presence.occupies(UserId("carol"), PORCH)


async def test_a_login_is_refused_with_the_ban_behind_the_event(memory_server: Make) -> None:
    server = memory_server(**TOWN)
    await logged_in(server, "alice")
    assert await call(await logged_in(server, "mod"), "ban", of_scope("alice", "global", content=WHY)) == 200
    again = server.client()
    reply = await again.login("alice", "Somebody else")
    assert reply["status_code"] == 703
    assert reply["message"] == "banned from this server"
    notice = reply["data"]
    assert notice["object"].pop("summary") in ("599", "600")
    assert (notice["verb"], notice["target"], notice["object"]) == ("ban", {"objectType": "global"}, {"content": WHY})
    assert [name for name, _, _ in again.log] == ["gn_connect", "gn_banned", "gn_login"]
    (told,) = again.heard("gn_banned")
    assert told["object"]["summary"] == "10m"
    assert told["object"]["displayName"] == base64_of("alice")
    assert told["target"] == {"objectType": "global"}
    assert told["actor"] == {"id": "mod", "displayName": base64_of("mod")}
    assert await call(again, "list_channels", {"verb": "list"}) == 804
    assert await again.closed() == 4003
    assert not server.server.presence.is_online(ALICE)


async def test_a_login_that_is_under_way_comes_too_late(server: MemoryServer, monkeypatch: pytest.MonkeyPatch) -> None:
    await (await logged_in(server, "alice")).leave()
    mod, late = await logged_in(server, "mod"), server.client()
    held = Held(monkeypatch, "put_sanctions")
    banning = mod.ask("ban", of_scope("alice", "global"))
    await held.begun()
    logging_in = late.ask("login", {"verb": "login", "actor": {"id": "alice", "displayName": WHY}})
    await held.let_through(server)
    assert (await banning)["status_code"] == 200
    assert (await logging_in)["status_code"] == 703
    assert not server.server.presence.is_online(ALICE)


async def test_a_join_that_is_under_way_comes_too_late(server: MemoryServer, monkeypatch: pytest.MonkeyPatch) -> None:
    alice, mod = await logged_in(server, "alice"), await logged_in(server, "mod")
    held = Held(monkeypatch, "recent_messages", read_by)
    joining = alice.ask("join", join(HALL))
    await held.begun()
    assert await call(mod, "ban", of_scope("alice", "room")) == 200
    await held.let_through(server)
    assert (await joining)["status_code"] == 703
    assert not server.server.presence.occupies(ALICE, HALL)


async def test_who_is_banned_from_the_server_does_nothing_more_but_leave(server: MemoryServer) -> None:
    """However long it takes until the connection has ended."""
    alice, bob = await inside(server, "alice", LAWN), await inside(server, "bob")
    bans, until = server.server.services.rooms.bans, utc_now() + timedelta(hours=1)
    bans.put(Ban(ALICE, BanScope.GLOBAL, "", UserId("mod"), "1h", "", until), utc_now())
    private = {"verb": "send", "target": {"id": "bob", "objectType": "private"}, "object": {"content": WHY}}
    for event, body in (IN_HALL | IN_LOBBY | {"message": private, "list_channels": {"verb": "list"}}).items():
        reply = await alice.call(event, body)
        assert (reply["status_code"], reply["data"]["target"]) == (703, {"objectType": "global"}), event
    assert await call(alice, "disconnect", {}) == 200
    await bob.sync()
    assert bob.heard("message") == []


@pytest.mark.parametrize(
    ("owner", "kind", "where"),
    [
        ("lobbyist", "channel", {"channel_id": ChannelId(LOBBY)}),
        ("lobbyist", "channel", {"room_id": HALL}),
        ("owner", "room", {"room_id": HALL}),
    ],
)
async def test_who_is_banned_gives_and_takes_no_roles_there(
    server: MemoryServer, owner: str, kind: str, where: dict[str, Any]
) -> None:
    """Else a helper would be made who lifts the ban."""
    services = server.server.services
    for user_id in (owner, "alice"):
        await logged_in(server, user_id)
    mod = await logged_in(server, "mod")
    assert await call(mod, "ban", of_scope(owner, kind)) == 200
    context = Context(utc_now(), await services.users.known(UserId(owner)))
    for change in (GiveRole, TakeRole):
        with pytest.raises(ChatError) as refused:
            await services.dispatch(context, change(user_id=ALICE, role=Role.OWNER, **where))
        assert refused.value.code is ErrorCode.USER_IS_BANNED
    assert services.rooms.roles.scopes(ALICE) == []
