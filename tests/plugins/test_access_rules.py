"""What the access rules of rooms and channels keep users from, and whom they do not concern."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

import pytest
from twisted.internet.defer import gatherResults

from chat.config import AclRule, ChannelSection, GlobalRoles, RoomSection
from chat.model import RoomId
from chat.testing import MemoryClient, MemoryServer
from chat.texts import base64_of
from tests.conversing import JOIN, ROOM, logged_in, send

Make = Callable[..., MemoryServer]
Rules = tuple[AclRule, ...]
LOBBY, OTHER = "lobby", RoomId("other")
PLAIN, VIP, OWNER, ADMIN, CHIEF, MOD, SUPER = "plain", "vip", "owner", "admin", "chief", "mod", "super"
EVERYBODY = (PLAIN, VIP, OWNER, ADMIN, CHIEF, MOD, SUPER)
READ = {"verb": "list", "target": {"id": ROOM}}
NUMBERS = count()


def rule(action: str, kind: str = "membership", value: str = "vip") -> AclRule:
    return AclRule(action=action, type=kind, value=value)


def sections(of_room: Rules = (), of_channel: Rules = ()) -> dict[str, Any]:
    """A channel with two rooms; one of them and the channel have rules."""
    room = RoomSection(id=ROOM, name="General", owners=(OWNER,), moderators=(PLAIN, VIP), acls=of_room)
    lobby = ChannelSection(
        id=LOBBY,
        name="Lobby",
        default=True,
        owners=(CHIEF,),
        admins=(ADMIN,),
        acls=of_channel,
        rooms=(room, RoomSection(id=OTHER, name="Other")),
    )
    return {"channels": (lobby,), "roles": GlobalRoles(superusers=(SUPER,), globalmods=(MOD,))}


async def enter(server: MemoryServer, user_id: str, *rooms: str) -> MemoryClient:
    """A client of a user, of whom only the one of that name is a vip, in some rooms."""
    client = await logged_in(server, user_id, **({"membership": "vip"} if user_id == VIP else {}))
    for room in rooms:
        assert (await client.call("join", {"verb": "join", "target": {"id": room}}))["status_code"] == 200
    return client


async def code(client: MemoryClient, event: str, body: Mapping[str, Any]) -> int:
    return int((await client.call(event, dict(body)))["status_code"])


async def join(client: MemoryClient) -> int:
    return await code(client, "join", JOIN)


async def history(client: MemoryClient) -> int:
    return await code(client, "history", READ)


async def users(client: MemoryClient) -> int:
    return await code(client, "users_in_room", READ)


async def message(client: MemoryClient) -> int:
    return await code(client, "message", send("hello"))


async def cross(client: MemoryClient) -> int:
    return await code(client, "message", send("hello") | {"actor": {"url": OTHER}})


async def create(client: MemoryClient) -> int:
    name = base64_of(f"Room {next(NUMBERS)}")
    return await code(client, "create", {"verb": "create", "target": {"displayName": name}, "object": {"url": LOBBY}})


async def whisper(client: MemoryClient) -> int:
    body = {"verb": "whisper", "target": {"id": "other"}, "actor": {"url": ROOM}, "object": {"content": base64_of("x")}}
    return await code(client, "whisper", body)


async def rooms(client: MemoryClient) -> int:
    """200 when the room is in the list of its channel."""
    reply = await client.call("list_rooms", {"verb": "list", "object": {"url": LOBBY}})
    if reply["status_code"] != 200:
        return int(reply["status_code"])
    return 200 if ROOM in [room["id"] for room in reply["data"]["object"]["attachments"]] else 705


async def channels(client: MemoryClient) -> int:
    """200 when the channel is in the list."""
    reply = await client.call("list_channels", {"verb": "list"})
    return 200 if LOBBY in [one["id"] for one in reply["data"]["object"]["attachments"]] else 801


Act = Callable[[MemoryClient], Any]
# The action, what it stops, in which rooms the user is meanwhile, and the refusal.
OF_ROOM: list[tuple[str, Act, tuple[str, ...], int]] = [
    ("join", join, (), 705),
    ("join", history, (), 705),
    ("join", users, (), 705),
    ("list", rooms, (), 705),
    ("history", history, (), 705),
    ("history", history, (ROOM,), 705),
    ("message", message, (ROOM,), 705),
    ("message", cross, (OTHER,), 705),
    ("crossroom", cross, (OTHER,), 705),
]
OF_CHANNEL: list[tuple[str, Act, tuple[str, ...], int]] = [
    ("list", rooms, (), 801),
    ("list", channels, (), 801),
    ("create", create, (), 705),
    ("message", message, (ROOM,), 705),
    ("crossroom", cross, (OTHER,), 705),
    ("whisper", whisper, (ROOM,), 720),
]


@pytest.mark.parametrize(("action", "act", "inside", "refusal"), OF_ROOM)
async def test_rules_of_a_room(
    memory_server: Make, action: str, act: Act, inside: tuple[str, ...], refusal: int
) -> None:
    server = memory_server(**sections(of_room=(rule(action),)))
    codes = {user: await act(await enter(server, user, *inside)) for user in EVERYBODY}
    assert codes == dict.fromkeys(EVERYBODY, 200) | {PLAIN: refusal}


@pytest.mark.parametrize(("action", "act", "inside", "refusal"), OF_CHANNEL)
async def test_rules_of_a_channel(
    memory_server: Make, action: str, act: Act, inside: tuple[str, ...], refusal: int
) -> None:
    """The owner of a room does not pass by them."""
    server = memory_server(**sections(of_channel=(rule(action),)))
    await enter(server, "other", *inside)
    codes = {user: await act(await enter(server, user, *inside)) for user in EVERYBODY}
    assert codes == dict.fromkeys(EVERYBODY, 200) | {PLAIN: refusal, OWNER: refusal}


@pytest.mark.parametrize("of", ["of_room", "of_channel"])
@pytest.mark.parametrize("act", [message, cross])
async def test_disallow_stops_all_but_operators(memory_server: Make, of: str, act: Act) -> None:
    server = memory_server(**sections(**{of: (rule("message", "disallow", "y"),)}))
    codes = {user: await act(await enter(server, user, ROOM, OTHER)) for user in EVERYBODY}
    assert codes == dict.fromkeys(EVERYBODY, 705) | {MOD: 200, SUPER: 200}


async def test_disallow_for_other_things_does_not_concern_owners(memory_server: Make) -> None:
    server = memory_server(**sections(of_room=(rule("join", "disallow", "y"),)))
    codes = {user: await join(await enter(server, user)) for user in EVERYBODY}
    assert codes == dict.fromkeys(EVERYBODY, 200) | {PLAIN: 705, VIP: 705}


async def test_a_refusal_says_type_and_action_and_no_value(memory_server: Make) -> None:
    server = memory_server(**sections(of_room=(rule("join", "age", "25:45"), rule("join"))))
    reply = await (await logged_in(server, PLAIN, age="30")).call("join", JOIN)
    assert reply["message"] == "the access rule membership for join does not allow this"
    reply = await (await logged_in(server, VIP, age="24")).call("join", JOIN)
    assert reply["message"] == "the access rule age for join does not allow this"


async def test_a_join_brings_no_history_to_who_may_not_read_it(memory_server: Make) -> None:
    server = memory_server(**sections(of_room=(rule("history"),)))
    assert await message(await enter(server, OWNER, ROOM)) == 200
    for user, number in ((PLAIN, 0), (VIP, 1), (OWNER, 1)):
        data = (await (await enter(server, user)).call("join", JOIN))["data"]["object"]
        (shown,) = [one["attachments"] for one in data["attachments"] if one["objectType"] == "history"]
        assert (len(shown), data["head"]) == (number, 1)


async def test_news_of_a_room_is_for_who_may_list_it_or_is_in_it(memory_server: Make) -> None:
    server = memory_server(**sections(of_room=(rule("list"),)))
    owner, outside, vip = [await enter(server, user) for user in (OWNER, PLAIN, VIP)]
    inside = await enter(server, "inside", ROOM)
    body = {"verb": "rename", "target": {"id": ROOM, "displayName": base64_of("Another")}}
    assert await code(owner, "rename_room", body) == 200
    for client in (owner, outside, vip, inside):
        await client.sync()
    assert [len(client.heard("gn_room_renamed")) for client in (owner, outside, vip, inside)] == [1, 0, 1, 1]


async def test_news_of_rooms_stay_in_a_channel_that_one_may_not_list(memory_server: Make) -> None:
    server = memory_server(**sections(of_channel=(rule("list"),)))
    clients = {user: await enter(server, user) for user in EVERYBODY}
    maker = await enter(server, "maker", ROOM)
    assert await create(maker) == 200
    for client in clients.values():
        await client.sync()
    heard = {user for user, client in clients.items() if client.heard("gn_room_created")}
    assert heard == set(EVERYBODY) - {PLAIN, OWNER}
    assert len(maker.heard("gn_room_created")) == 1


async def test_a_room_that_one_may_not_list_is_found_by_id_alone(memory_server: Make) -> None:
    """Who was invited knows the id; a name that opens is a name that is betrayed. Who is inside knows both."""
    server = memory_server(**sections(of_room=(rule("list"),)))
    by_name = {"target": {"id": "General", "objectType": "name"}}
    plain, vip = await enter(server, PLAIN), await enter(server, VIP)
    assert await code(plain, "join", by_name | {"verb": "join"}) == 802
    assert await code(plain, "leave", by_name | {"verb": "leave"}) == 802
    assert await code(vip, "join", by_name | {"verb": "join"}) == 200
    assert await join(plain) == 200
    assert await code(plain, "join", by_name | {"verb": "join"}) == 200
    assert await code(plain, "leave", by_name | {"verb": "leave"}) == 200


async def test_autojoin_asks_the_rules_for_join_too(memory_server: Make) -> None:
    server = memory_server(**sections(of_room=(rule("autojoin"), rule("join", "age", "18:"))))
    entered = []
    for user, attributes in (
        (PLAIN, {"age": "30"}),
        ("young", {"membership": "vip"}),
        (VIP, {"membership": "vip", "age": "18"}),
    ):
        client = server.client()
        await client.login(user, **attributes)
        await client.sync()
        entered += [user for _ in client.heard("gn_user_joined")]
    assert entered == [VIP]


async def test_conversations_have_no_rules(memory_server: Make) -> None:
    every = tuple(rule(action, "disallow", "y") for action in ("message", "create", "crossroom", "whisper", "list"))
    server = memory_server(**sections(of_channel=every))
    plain = await enter(server, PLAIN)
    await enter(server, VIP)
    body = {"verb": "send", "target": {"id": VIP, "objectType": "private"}, "object": {"content": base64_of("psst")}}
    assert await code(plain, "message", body) == 200
    assert await code(plain, "history", {"verb": "list", "target": {"id": VIP}}) == 200


@pytest.mark.parametrize("act", ["kick", "ban"])
async def test_rules_for_kicks_and_bans_concern_moderators(memory_server: Make, act: str) -> None:
    server = memory_server(**sections(of_room=(rule(act),)))
    codes = {}
    for user in EVERYBODY:
        await enter(server, f"victim-of-{user}", ROOM)
        victim = {"id": f"victim-of-{user}", "summary": "1h"}
        codes[user] = await code(
            await enter(server, user), act, {"verb": act, "target": {"id": ROOM}, "object": victim}
        )
    assert codes == dict.fromkeys(EVERYBODY, 200) | {PLAIN: 705}


async def test_rules_of_a_channel_for_bans_concern_owners_of_rooms(memory_server: Make) -> None:
    server = memory_server(**sections(of_channel=(rule("ban"),)))
    await enter(server, "victim", ROOM)
    body = {"verb": "ban", "target": {"id": ROOM}, "object": {"id": "victim", "summary": "1h"}}
    codes = {user: await code(await enter(server, user), "ban", body) for user in EVERYBODY}
    assert codes == dict.fromkeys(EVERYBODY, 200) | {PLAIN: 705, OWNER: 705}


async def test_a_message_is_edited_only_where_it_could_be_said(memory_server: Make) -> None:
    server = memory_server(**sections())
    plain, chief = await enter(server, PLAIN, ROOM), await enter(server, CHIEF, ROOM)
    sent = (await plain.call("message", send("before")))["data"]["id"]
    edit = {"verb": "edit", "target": {"id": ROOM}, "object": {"id": sent, "content": base64_of("after")}}
    assert await code(chief, "set_acl", set_rule("message", "disallow", "y")) == 200
    assert await message(plain) == await code(plain, "edit", edit) == 705
    assert await code(chief, "set_acl", set_rule("message", "disallow", "")) == 200
    assert await code(plain, "edit", edit) == 200


async def test_a_room_that_goes_is_told_to_who_could_list_it(memory_server: Make) -> None:
    server = memory_server(**sections(of_room=(rule("list"),)))
    vip, plain, inside = await enter(server, VIP), await enter(server, PLAIN), await enter(server, PLAIN, ROOM)
    elsewhere = await logged_in(server, "elsewhere")
    member = await logged_in(server, "inside")
    assert await join(member) == 200
    chief = await enter(server, CHIEF)
    assert await code(chief, "remove_room", {"verb": "remove", "target": {"id": ROOM}}) == 200
    for client in (vip, plain, inside, elsewhere, member, chief):
        await client.sync()
    told = [len(client.heard("gn_room_removed")) for client in (vip, plain, inside, elsewhere, member, chief)]
    assert told == [1, 1, 1, 0, 1, 1]


async def test_nobody_is_invited_who_could_not_join(memory_server: Make) -> None:
    server = memory_server(**sections(of_room=(rule("join"),)))
    owner, vip, other = await enter(server, OWNER), await enter(server, VIP), await logged_in(server, "other")
    for user_id in (VIP, "other"):
        body = {"verb": "invite", "target": {"id": user_id}, "actor": {"url": ROOM}}
        assert await code(owner, "invite", body) == 200
    for client in (vip, other):
        await client.sync()
    assert [len(client.heard("gn_invitation")) for client in (vip, other)] == [1, 0]


async def test_a_rename_keeps_the_rules_that_were_set_meanwhile(memory_server: Make) -> None:
    server = memory_server(**sections())
    chief, owner = await enter(server, CHIEF), await enter(server, OWNER)
    target = {"id": ROOM, "displayName": base64_of("New name")}
    asked = [
        chief.ask("set_acl", set_rule("join", "disallow", "y")),
        owner.ask("rename_room", {"verb": "rename", "target": target}),
    ]
    assert [reply["status_code"] for reply in await gatherResults(asked)] == [200, 200]
    assert await join(await logged_in(server, "stranger")) == 705
    assert server.server.services.rooms.room(ROOM).name == "New name"


def set_rule(action: str, kind: str, value: str) -> dict[str, Any]:
    attachment = {"objectType": kind, "content": value, "summary": action}
    return {
        "verb": "set",
        "target": {"id": ROOM, "objectType": "room"},
        "object": {"objectType": "acl", "attachments": [attachment]},
    }
