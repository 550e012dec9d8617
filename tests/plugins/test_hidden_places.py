"""Rooms and channels that somebody may not list: whatever is asked of them, it is as if they did not exist."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from chat.errors import ChatError
from chat.model import BanScope, ChannelId, Mute, Role, RoomId, UserId
from chat.plugin import Context
from chat.requests import GiveRole, MutePlan, MuteUsers, UnbanUser, UnmuteUser
from chat.testing import MemoryClient, MemoryServer
from chat.texts import base64_of
from chat.times import utc_now
from tests.conversing import ROOM
from tests.plugins.test_access_rules import ADMIN, CHIEF, LOBBY, OTHER, PLAIN, VIP, enter, rule, sections
from tests.plugins.test_access_rules import OWNER as ROOM_OWNER

Make = Callable[..., MemoryServer]
NOWHERE, STRANGER = "nowhere", "stranger"
RULE = [{"summary": "message", "objectType": "age", "content": "1:"}]
HOUR = {"id": VIP, "summary": "1h"}
TEXT = base64_of("hello")
# What can be asked of a room by its id.
OF_ROOM: dict[str, tuple[str, Callable[[str], dict[str, Any]]]] = {
    "kick": ("kick", lambda at: {"verb": "kick", "target": {"id": at}, "object": {"id": VIP}}),
    "ban": ("ban", lambda at: {"verb": "ban", "target": {"id": at, "objectType": "room"}, "object": HOUR}),
    "ban of either kind": ("ban", lambda at: {"verb": "ban", "target": {"id": at}, "object": HOUR}),
    "rename_room": ("rename_room", lambda at: {"verb": "rename", "target": {"id": at, "displayName": TEXT}}),
    "remove_room": ("remove_room", lambda at: {"verb": "remove", "target": {"id": at}}),
    "get_acl": ("get_acl", lambda at: {"verb": "get", "target": {"id": at, "objectType": "room"}}),
    "set_acl": (
        "set_acl",
        lambda at: {"verb": "set", "target": {"id": at, "objectType": "room"}, "object": {"attachments": RULE}},
    ),
    "join": ("join", lambda at: {"verb": "join", "target": {"id": at}}),
    "leave": ("leave", lambda at: {"verb": "leave", "target": {"id": at}}),
    "history": ("history", lambda at: {"verb": "list", "target": {"id": at}}),
    "users_in_room": ("users_in_room", lambda at: {"verb": "list", "target": {"id": at}}),
    "message": (
        "message",
        lambda at: {"verb": "send", "target": {"id": at, "objectType": "room"}, "object": {"content": TEXT}},
    ),
    "message from another room": (
        "message",
        lambda at: {
            "verb": "send",
            "actor": {"url": OTHER},
            "target": {"id": at, "objectType": "room"},
            "object": {"content": TEXT},
        },
    ),
    "whisper": (
        "whisper",
        lambda at: {"verb": "whisper", "actor": {"url": at}, "target": {"id": VIP}, "object": {"content": TEXT}},
    ),
    "invite": ("invite", lambda at: {"verb": "invite", "target": {"id": VIP}, "actor": {"url": at}}),
    "request_admin": (
        "request_admin",
        lambda at: {"verb": "help", "target": {"id": at}, "object": {"content": TEXT}},
    ),
    "delete": ("delete", lambda at: {"verb": "delete", "target": {"id": at}, "object": {"id": "message"}}),
    "edit": ("edit", lambda at: {"verb": "edit", "target": {"id": at}, "object": {"id": "message", "content": TEXT}}),
    "read": ("read", lambda at: {"verb": "read", "target": {"id": at}, "object": {"attachments": [{"id": "message"}]}}),
    "update_user_info": (
        "update_user_info",
        lambda at: {
            "verb": "update",
            "target": {"id": at},
            "object": {"attachments": [{"objectType": "avatar", "content": TEXT}]},
        },
    ),
}
OF_CHANNEL: dict[str, tuple[str, Callable[[str], dict[str, Any]]]] = {
    "create": ("create", lambda at: {"verb": "create", "target": {"displayName": TEXT}, "object": {"url": at}}),
    "list_rooms": ("list_rooms", lambda at: {"verb": "list", "object": {"url": at}}),
    "ban": ("ban", lambda at: {"verb": "ban", "target": {"id": at, "objectType": "channel"}, "object": HOUR}),
    "ban of either kind": ("ban", lambda at: {"verb": "ban", "target": {"id": at}, "object": HOUR}),
    "get_acl": ("get_acl", lambda at: {"verb": "get", "target": {"id": at, "objectType": "channel"}}),
    "set_acl": (
        "set_acl",
        lambda at: {"verb": "set", "target": {"id": at, "objectType": "channel"}, "object": {"attachments": RULE}},
    ),
}


async def answer(client: MemoryClient, event: str, body: dict[str, Any]) -> tuple[int, str]:
    """The code, and the text without ids: those of requests differ."""
    reply = await client.call(event, body)
    return int(reply["status_code"]), str(reply.get("message", ""))


async def banned(server: MemoryServer) -> None:
    """Let the stranger be banned from the channel."""
    admin = await enter(server, ADMIN)
    body = {"verb": "ban", "target": {"id": LOBBY, "objectType": "channel"}, "object": HOUR | {"id": STRANGER}}
    assert (await admin.call("ban", body))["status_code"] == 200


def muted(server: MemoryServer) -> None:
    """Let the stranger be muted in the room."""
    until = utc_now() + timedelta(hours=1)
    server.server.services.mutes.put(Mute(UserId(STRANGER), ROOM, UserId("0"), "1h", "", until), utc_now())


@pytest.mark.parametrize("sanction", [None, "ban", "mute"])
@pytest.mark.parametrize("command", OF_ROOM)
async def test_a_hidden_room_is_as_one_that_does_not_exist(
    memory_server: Make, command: str, sanction: str | None
) -> None:
    server = memory_server(**sections(of_room=(rule("list"), rule("join"))))
    await enter(server, VIP, ROOM)
    stranger = await enter(server, STRANGER)
    if sanction == "ban":
        await banned(server)
    if sanction == "mute":
        muted(server)
    if sanction != "ban" and command == "message from another room":
        assert (await stranger.call("join", {"verb": "join", "target": {"id": OTHER}}))["status_code"] == 200
    event, body = OF_ROOM[command]
    unknown = await answer(stranger, event, body(NOWHERE))
    assert unknown[0] >= 700
    assert await answer(stranger, event, body(ROOM)) == unknown


@pytest.mark.parametrize("user", [CHIEF, ADMIN])
@pytest.mark.parametrize("command", OF_ROOM)
async def test_the_room_of_the_operators_is_hidden_from_the_owners_of_its_channel(
    memory_server: Make, command: str, user: str
) -> None:
    server = memory_server(**sections())
    rooms = server.server.services.rooms
    admin_room = rooms.admin_room_of(rooms.room(ROOM))
    assert admin_room is not None
    await enter(server, VIP)
    client = await enter(server, user, OTHER)
    event, body = OF_ROOM[command]
    unknown = await answer(client, event, body(NOWHERE))
    assert unknown[0] >= 700
    assert await answer(client, event, body(admin_room.id)) == unknown


@pytest.mark.parametrize("is_banned", [False, True])
@pytest.mark.parametrize("command", OF_CHANNEL)
async def test_a_hidden_channel_is_as_one_that_does_not_exist(
    memory_server: Make, command: str, is_banned: bool
) -> None:
    server = memory_server(**sections(of_channel=(rule("list"),)))
    await enter(server, VIP)
    stranger = await enter(server, STRANGER)
    if is_banned:
        await banned(server)
    event, body = OF_CHANNEL[command]
    unknown = await answer(stranger, event, body(NOWHERE))
    assert unknown[0] >= 700
    assert await answer(stranger, event, body(LOBBY)) == unknown


@pytest.mark.parametrize("command", ["message", "message from another room", "whisper", "edit"])
async def test_who_is_muted_is_told_so_where_one_may_know_of_the_room(memory_server: Make, command: str) -> None:
    """Who is in it, be it hidden, and who finds it by its id when writing from another room."""
    server = memory_server(**sections(of_room=(rule("list"),)))
    await enter(server, VIP, ROOM)
    inside = () if command == "message from another room" else (ROOM,)
    stranger = await enter(server, STRANGER, OTHER, *inside)
    muted(server)
    event, body = OF_ROOM[command]
    assert (await answer(stranger, event, body(ROOM)))[0] == 703


@pytest.mark.parametrize(("user", "inside"), [(VIP, ()), (PLAIN, ()), (ROOM_OWNER, ()), (STRANGER, (ROOM,))])
async def test_who_may_know_of_a_room_is_answered_by_right(
    memory_server: Make, user: str, inside: tuple[str, ...]
) -> None:
    """Those who may list it, are something there, or came in by its id."""
    server = memory_server(**sections(of_room=(rule("list"),)))
    await enter(server, "victim", ROOM)
    client = await enter(server, user, *inside)
    body = {"verb": "kick", "target": {"id": ROOM}, "object": {"id": "victim"}}
    assert (await client.call("kick", body))["status_code"] == (705 if user == STRANGER else 200)


@pytest.mark.parametrize(("inside", "code"), [((), 801), ((ROOM,), 200)])
async def test_who_is_in_a_room_knows_its_channel(memory_server: Make, inside: tuple[str, ...], code: int) -> None:
    server = memory_server(**sections(of_channel=(rule("list"),)))
    stranger = await enter(server, STRANGER, *inside)
    event, body = OF_CHANNEL["create"]
    assert (await stranger.call(event, body(LOBBY)))["status_code"] == code


@pytest.mark.parametrize("command", ["join", "history", "users_in_room", "message from another room"])
async def test_a_hidden_room_is_found_by_its_id_where_one_may_join(memory_server: Make, command: str) -> None:
    server = memory_server(**sections(of_room=(rule("list"),)))
    stranger = await enter(server, STRANGER, OTHER)
    event, body = OF_ROOM[command]
    assert (await stranger.call(event, body(ROOM)))["status_code"] == 200


@pytest.mark.parametrize(
    "ask",
    [
        lambda room, channel: GiveRole(user_id=UserId(VIP), role=Role.MODERATOR, room_id=room),
        lambda room, channel: GiveRole(user_id=UserId(VIP), role=Role.ADMIN, channel_id=channel),
        lambda room, channel: MuteUsers((MutePlan(UserId(VIP), room, "1h", None, UserId(STRANGER)),)),
        lambda room, channel: UnmuteUser(UserId(VIP), room),
        lambda room, channel: UnbanUser(user_id=UserId(VIP), scope=BanScope.ROOM, target_id=room),
        lambda room, channel: UnbanUser(user_id=UserId(VIP), scope=BanScope.CHANNEL, target_id=channel),
    ],
)
async def test_what_plugins_ask_in_the_name_of_a_user(memory_server: Make, ask: Callable[..., Any]) -> None:
    server = memory_server(**sections(of_channel=(rule("list"),)))
    services = server.server.services
    for user in (VIP, STRANGER):
        await enter(server, user)
    context = Context(utc_now(), await services.users.known(UserId(STRANGER)))
    codes = []
    for room, channel in ((RoomId(NOWHERE), ChannelId(NOWHERE)), (ROOM, ChannelId(LOBBY))):
        with pytest.raises(ChatError) as refused:
            await services.dispatch(context, ask(room, channel))
        codes.append(refused.value.code.wire)
    assert codes in ([801, 801], [802, 802])
