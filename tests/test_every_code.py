"""Every code but the unreachable ones is provoked here, by a command of which docs/errors.md says that it does it."""

from __future__ import annotations

import ast
import runpy
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

import chat
from chat.config import (
    AclRule,
    Auth,
    ChannelSection,
    GlobalRoles,
    Limits,
    MessageOptions,
    RoomOptions,
    RoomSection,
    StaticUser,
    UserOptions,
)
from chat.errors import ErrorCode
from chat.model import ChannelId, RoomKind
from chat.testing import MemoryClient, MemoryServer
from chat.texts import base64_of
from tests.answering import Answering, Listening
from tests.conversing import JOIN, ROOM, inside, logged_in

Make = Callable[..., MemoryServer]
Body = dict[str, Any]
Said = tuple[str, Any]
ANSWERS: dict[ErrorCode, set[str]] = runpy.run_path(str(Path(__file__).parents[1] / "docs" / "generate.py"))[
    "answers"
]()

HERE = {"id": ROOM, "objectType": "room"}
NO_WHISPERS = (AclRule(action="whisper", type="disallow", value="y"),)
LOBBY = ChannelSection(
    id="lobby",
    name="Lobby",
    default=True,
    rooms=(RoomSection(id=ROOM, name="General", moderators=("alice",)), RoomSection(id="other", name="Other")),
)
TWINS = tuple(
    ChannelSection(id=name, name=name, rooms=(RoomSection(name="Twin"),), acls=NO_WHISPERS) for name in ("a", "b")
)
WORLD: dict[str, Any] = {"channels": (LOBBY, *TWINS), "roles": GlobalRoles(superusers=("super",))}


def message(**members: Any) -> Body:
    return {"verb": "send", "target": HERE, "object": {"content": base64_of("hello")}} | members


def create(name: str = "Mine", *rules: dict[str, str]) -> Body:
    place = {"url": "lobby", "attachments": list(rules)}
    return {"verb": "create", "target": {"displayName": base64_of(name)}, "object": place}


def rule(action: str, kind: str, value: str) -> dict[str, str]:
    return {"summary": action, "objectType": kind, "content": value}


def setting(*rules: dict[str, str]) -> Body:
    return {"verb": "set", "target": HERE, "object": {"attachments": list(rules)}}


def whisper(to: str) -> Body:
    return {"verb": "whisper", "target": {"id": to}, "actor": {"url": ROOM}, "object": {"content": base64_of("psst")}}


# What alice says, who is in the room with bob and may kick there.
SAID: dict[ErrorCode, tuple[str, Body]] = {
    ErrorCode.MISSING_ACTOR_ID: ("login", {"verb": "login", "actor": {}}),
    ErrorCode.MISSING_OBJECT_ID: ("delete", {"verb": "delete", "target": HERE}),
    ErrorCode.MISSING_TARGET_ID: ("join", {"verb": "join"}),
    ErrorCode.MISSING_OBJECT_URL: ("list_rooms", {"verb": "list"}),
    ErrorCode.MISSING_TARGET_DISPLAY_NAME: ("rename_room", {"verb": "rename", "target": HERE}),
    ErrorCode.MISSING_ACTOR_URL: ("invite", {"verb": "invite", "target": {"id": "bob"}}),
    ErrorCode.MISSING_OBJECT_CONTENT: ("message", message(object={})),
    ErrorCode.MISSING_OBJECT: ("message", message(object=None)),
    ErrorCode.MISSING_OBJECT_ATTACHMENTS: ("set_acl", setting()),
    ErrorCode.MISSING_ATTACHMENT_TYPE: ("set_acl", setting({"summary": "join", "content": "1:"})),
    ErrorCode.MISSING_ATTACHMENT_CONTENT: ("set_acl", setting({"summary": "join", "objectType": "age"})),
    ErrorCode.MISSING_VERB: ("join", {"target": HERE}),
    ErrorCode.INVALID_TARGET_TYPE: ("message", message(target={"id": ROOM, "objectType": "house"})),
    ErrorCode.INVALID_ACL_TYPE: ("create", create("Mine", rule("join", "wings", "2"))),
    ErrorCode.INVALID_ACL_ACTION: ("create", create("Mine", rule("fly", "age", "1:"))),
    ErrorCode.INVALID_ACL_VALUE: ("create", create("Mine", rule("join", "age", "45:25"))),
    ErrorCode.INVALID_STATUS: ("status", {"verb": "asleep"}),
    ErrorCode.INVALID_OBJECT_TYPE: ("get_acl", {"verb": "get", "target": {"id": ROOM, "objectType": "house"}}),
    ErrorCode.INVALID_BAN_DURATION: (
        "ban", {"verb": "ban", "target": HERE, "object": {"id": "bob", "summary": "for ever"}},
    ),
    ErrorCode.INVALID_VERB: ("join", JOIN | {"verb": "leave"}),
    ErrorCode.EMPTY_MESSAGE: ("message", message(object={"content": base64_of(" ")})),
    ErrorCode.NOT_BASE64: ("message", message(object={"content": "?"})),
    ErrorCode.USER_NOT_IN_ROOM: ("message", message(target={"id": "other", "objectType": "room"})),
    ErrorCode.ROOM_ALREADY_EXISTS: ("create", create("GENERAL")),
    ErrorCode.NOT_ALLOWED: ("remove_room", {"verb": "remove", "target": HERE}),
    ErrorCode.VALIDATION_ERROR: ("delete", {"verb": "delete", "target": HERE, "object": {"id": "unknown"}}),
    ErrorCode.ROOM_NAME_TOO_LONG: ("create", create("x" * 121)),
    ErrorCode.ROOM_NAME_TOO_SHORT: ("create", create("x")),
    ErrorCode.INVALID_LOGIN: ("login", {"verb": "login", "actor": {"id": "bob"}}),
    ErrorCode.MSG_TOO_LONG: ("message", message(object={"content": base64_of("x" * 10_001)})),
    ErrorCode.MULTIPLE_ROOMS_WITH_NAME: ("join", {"verb": "join", "target": {"id": "Twin", "objectType": "name"}}),
    ErrorCode.TOO_MANY_ATTACHMENTS: (
        "received", {"verb": "receive", "target": HERE, "object": {"attachments": [{"id": "x"}] * 501}},
    ),
    ErrorCode.ROOM_NAME_RESTRICTED: ("create", create("Admin")),
    ErrorCode.NOT_ALLOWED_TO_WHISPER_SELF: ("whisper", whisper("alice")),
    ErrorCode.NO_SUCH_USER: ("invite", {"verb": "invite", "target": {"id": "nobody"}, "actor": {"url": ROOM}}),
    ErrorCode.NO_SUCH_CHANNEL: ("list_rooms", {"verb": "list", "object": {"url": "nowhere"}}),
    ErrorCode.NO_SUCH_ROOM: ("join", {"verb": "join", "target": {"id": "nowhere"}}),
    ErrorCode.NO_ADMIN_ONLINE: (
        "request_admin", {"verb": "help", "target": HERE, "object": {"content": base64_of("help!")}},
    ),
}  # fmt: skip


# What takes more than a word


async def say(client: MemoryClient, event: str, body: Body) -> Said:
    return event, await client.call(event, body)


async def a_store_that_is_gone(make: Make) -> Said:
    alice = await inside(server := make(**WORLD))
    await server.server.services.store.close()
    return await say(alice, "message", message())


async def a_ban(make: Make) -> Said:
    alice, boss = await inside(server := make(**WORLD)), await logged_in(server, "super")
    target = {"verb": "ban", "target": HERE, "object": {"id": "alice", "summary": "1h"}}
    assert (await boss.call("ban", target))["status_code"] == 200
    return await say(alice, "join", JOIN)


async def a_full_room(make: Make) -> Said:
    await inside(server := make(**WORLD, rooms=RoomOptions(max_users=1)))
    return await say(await logged_in(server, "bob"), "join", JOIN)


async def an_offline_user(make: Make) -> Said:
    alice = await logged_in(make(**WORLD), "alice")
    await alice.call("status", {"verb": "offline"})
    return await say(alice, "join", JOIN)


async def a_room_too_many(make: Make) -> Said:
    alice = await logged_in(make(**WORLD, rooms=RoomOptions(max_per_user=1)), "alice")
    await alice.call("create", create())
    return await say(alice, "create", create("Another"))


async def a_wrong_token(make: Make) -> Said:
    server = make(**WORLD, auth=Auth(kind="static", users=(StaticUser(id="alice", token="right"),)))
    token = {"objectType": "token", "content": "wrong"}
    return await say(server.client(), "login", {"verb": "login", "actor": {"id": "alice", "attachments": [token]}})


async def what_is_off(make: Make) -> Said:
    alice = await logged_in(make(**WORLD, messages=MessageOptions(delivery_guarantee=False)), "alice")
    body = {"verb": "check", "target": {"id": "alice"}, "object": {"attachments": [{"id": "x"}]}}
    return await say(alice, "msg_status", body)


async def a_rule_for_whispers(make: Make) -> Said:
    server = make(channels=(ChannelSection(name="A", default=True, rooms=LOBBY.rooms, acls=NO_WHISPERS),))
    await inside(server, "bob")
    return await say(await inside(server), "whisper", whisper("bob"))


def a_guard(name: str, **options: str) -> Callable[[Make], Awaitable[Said]]:
    async def whispered(make: Make) -> Said:
        plugins = {"enable": [name], name: options}
        server = make(**WORLD, users=UserOptions(public_attributes=()), plugins=plugins)
        bob = await logged_in(server, "bob", whispers="off")
        assert (await bob.call("join", JOIN))["status_code"] == 200
        return await say(await inside(server), "whisper", whisper("bob"))

    return whispered


async def a_server_that_says_nothing(make: Make) -> Said:
    from twisted.internet import reactor

    (answering := Answering()).body = b"{}"
    listening = Listening(reactor, answering)
    try:
        return await a_guard("whisper-contacts", url=listening.url)(make)
    finally:
        await listening.stop()


async def a_channel_without_its_admin_room(make: Make) -> Said:
    alice = await inside(server := make(**WORLD))
    await logged_in(server, "super")
    rooms = server.server.services.rooms
    (admins,) = [one for one in rooms.rooms_in(ChannelId("lobby")) if one.kind is RoomKind.ADMIN]
    rooms.forget(admins)
    return await say(alice, *SAID[ErrorCode.NO_ADMIN_ONLINE])


async def nobody(make: Make) -> Said:
    return await say(make(**WORLD).client(), "join", JOIN)


async def too_much(make: Make) -> Said:
    alice = await logged_in(make(**WORLD, limits=Limits(commands_per_s=1, burst=2)), "alice")
    replies = [await alice.call("list_channels", {"verb": "list"}) for _ in range(5)]
    return "list_channels", replies[-1]


HAPPENED: dict[ErrorCode, Callable[[Make], Awaitable[Said]]] = {
    ErrorCode.UNKNOWN_ERROR: a_store_that_is_gone,
    ErrorCode.USER_IS_BANNED: a_ban,
    ErrorCode.ROOM_FULL: a_full_room,
    ErrorCode.NOT_ONLINE: an_offline_user,
    ErrorCode.TOO_MANY_PRIVATE_ROOMS: a_room_too_many,
    ErrorCode.INVALID_TOKEN: a_wrong_token,
    ErrorCode.NOT_ENABLED: what_is_off,
    ErrorCode.NOT_ALLOWED_TO_WHISPER_CHANNEL: a_rule_for_whispers,
    ErrorCode.NOT_ALLOWED_TO_WHISPER_NOT_A_CONTACT: a_guard("whisper-contacts"),
    ErrorCode.NOT_ALLOWED_TO_WHISPER_TURNED_OFF: a_guard("whisper-preferences"),
    ErrorCode.NOT_ALLOWED_TO_WHISPER_GENERIC_ERROR: a_server_that_says_nothing,
    ErrorCode.REMOTE_ERROR: a_guard("whisper-contacts", url="http://127.0.0.1:1/"),
    ErrorCode.NO_ADMIN_ROOM_FOUND: a_channel_without_its_admin_room,
    ErrorCode.NO_USER_IN_SESSION: nobody,
    ErrorCode.RATE_LIMITED: too_much,
}


async def provoked(make: Make, code: ErrorCode) -> Said:
    """The command that was refused, and the reply."""
    if code in HAPPENED:
        return await HAPPENED[code](make)
    server = make(**WORLD)
    await inside(server, "bob")
    return await say(await inside(server), *SAID[code])


@pytest.mark.parametrize("code", [code for code in ErrorCode if not code.value.unreachable], ids=lambda code: code.name)
async def test_a_code_is_answered_by_what_the_page_says(memory_server: Make, code: ErrorCode) -> None:
    event, reply = await provoked(memory_server, code)
    assert reply["status_code"] == code.wire, reply
    assert code.value.anywhere or event in ANSWERS[code]


def test_every_other_code_is_unreachable() -> None:
    """Nothing in the package names it, and no docstring says that it is raised."""
    unreachable = {code for code in ErrorCode if code.value.unreachable}
    assert unreachable.isdisjoint(SAID.keys() | HAPPENED.keys())
    for path in Path(chat.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert not (isinstance(node, ast.Attribute) and node.attr in {code.name for code in unreachable}), path
    assert not any(ANSWERS[code] for code in unreachable)


def test_every_reachable_code_has_a_command() -> None:
    assert [code for code in ErrorCode if not (ANSWERS[code] or code.value.anywhere or code.value.unreachable)] == []


def test_every_code_has_a_cause_of_one_sentence() -> None:
    for code in ErrorCode:
        assert code.value.cause.endswith("."), code
        assert "|" not in code.value.cause, code
