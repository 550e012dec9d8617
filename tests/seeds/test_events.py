"""The examples of the events."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import pytest

from chat import events
from chat.model import SYSTEM_ID, UserId
from chat.plugin import Context
from chat.requests import Broadcast, MutePlan, MuteUsers, UnmuteUser
from chat.slots import Activity
from chat.testing import MemoryServer
from chat.texts import base64_of
from chat.times import utc_now

from .examples import EVENTS, Values, differences
from .stage import CHANNEL, ROOM, SECTIONS, Stage

Happen = Callable[[Stage], Awaitable[Any]]
WIRE = {
    "Message deleted": "gn_message_deleted",
    "Message received": "message",
    "Message has been read": "gn_message_read",
    "Message has been delivered": "gn_message_received",
    "User info updated": "gn_user_info_updated",
    "Admin presence requested": "gn_admin_requested",
    "Invitation received": "gn_invitation",
    "You were banned": "gn_banned",
    "A user is kicked from a room": "gn_user_kicked",
    "A room was removed": "gn_room_removed",
    "A room was renamed": "gn_room_renamed",
    "Another user joins the room": "gn_user_joined",
    "Another user leaves room": "gn_user_left",
    "Another user connects": "gn_user_connected",
    "Another user disconnects": "gn_user_disconnected",
    "A new room is created": "gn_room_created",
    "Broadcast received": "gn_broadcast",
    "User was muted": "gn_mute",
    "User was un-muted": "gn_unmute",
}


class Case(NamedTuple):
    """What happens, what the event says where that is known, and what it has besides, by protocol."""

    title: str
    happen: Happen
    exact: Values = {}
    besides: tuple[str, ...] = ("provider",)
    listener: str = "alice"


def by_bob(event: str, body: dict[str, Any]) -> Happen:
    async def happen(stage: Stage) -> None:
        await stage.ok(stage.bob, event, body)

    return happen


def acknowledged(event: str, verb: str) -> Happen:
    async def happen(stage: Stage) -> None:
        ids = [{"id": await stage.say(stage.alice, str(number))} for number in range(3)]
        await stage.ok(stage.bob, event, {"verb": verb, "target": {"id": ROOM}, "object": {"attachments": ids}})

    return happen


def by_backend(*requests: Activity) -> Happen:
    async def happen(stage: Stage) -> None:
        services = stage.server.server.services
        for request in requests:
            await services.dispatch(Context(utc_now(), services.users.system, None, "key"), request)

    return happen


async def private_message(stage: Stage) -> None:
    await stage.write(stage.bob, "alice")


async def comes(stage: Stage) -> None:
    await stage.ok(stage.bob, "leave", {"verb": "leave", "target": {"id": ROOM}})
    await stage.ok(stage.bob, "join", {"verb": "join", "target": {"id": ROOM}})


async def goes(stage: Stage) -> None:
    await stage.bob.leave()


async def comes_online(stage: Stage) -> None:
    await stage.bob.leave()
    await stage.ok(await stage.login("bob"), "join", {"verb": "join", "target": {"id": ROOM}})


async def made(stage: Stage) -> None:
    await stage.make_room(stage.bob)


async def deleted(stage: Stage) -> None:
    body = {"verb": "delete", "target": {"id": ROOM}, "object": {"id": await stage.say(stage.bob)}}
    await stage.ok(stage.bob, "delete", body)


async def renamed(stage: Stage) -> None:
    target = {"id": await stage.make_room(stage.bob), "displayName": base64_of("Another name"), "objectType": "room"}
    await stage.ok(stage.bob, "rename_room", {"verb": "rename", "target": target})


async def kicked(stage: Stage) -> None:
    await stage.ok(stage.alice, "kick", KICK)


def banned(kind: str, target_id: str) -> Happen:
    async def happen(stage: Stage) -> None:
        target = {"id": target_id, "objectType": kind}
        whom = {"id": "alice", "summary": "30s", "content": base64_of("why")}
        await stage.ok(stage.carol, "ban", {"verb": "ban", "target": target, "object": whom})

    return happen


async def removed(stage: Stage) -> None:
    body = {
        "verb": "remove",
        "target": {"id": await stage.make_room(stage.bob)},
        "object": {"content": base64_of("why")},
    }
    await stage.ok(stage.bob, "remove_room", body)


ALICE = UserId("alice")
MUTE, UNMUTE = MuteUsers((MutePlan(ALICE, ROOM, "1m", None, SYSTEM_ID),)), UnmuteUser(ALICE, ROOM)
SAID = {"verb": "send", "target": {"id": ROOM, "objectType": "room"}, "object": {"content": base64_of("hello")}}
CHANGES = [{"objectType": "is_streaming", "content": "MA=="}, {"objectType": "avatar", "content": "MzU="}]
INFO = {"verb": "update", "object": {"attachments": CHANGES}}
INVITATION = {"verb": "invite", "target": {"id": "alice"}, "actor": {"url": ROOM}}
KICK = {"verb": "kick", "target": {"id": ROOM}, "object": {"id": "bob", "content": base64_of("why")}}
BANNED = {
    "actor.id": "carol", "object.id": "alice", "object.summary": "30s", "object.content": base64_of("why"),
}  # fmt: skip
HELP = {"verb": "help", "target": {"id": ROOM}, "object": {"content": base64_of("help!")}}
CASES = (
    Case(
        "Message received",
        by_bob("message", SAID),
        {
            "actor.id": "bob", "target.id": ROOM, "target.objectType": "room", "object.url": CHANNEL,
            "object.content": base64_of("hello"),
        },
        ("seq", "object.objectType"),
    ),
    Case(
        "Message received",
        private_message,
        {"actor.id": "bob", "target.objectType": "private", "object.url": "", "object.displayName": ""},
        ("seq", "object.objectType"),
    ),
    Case("Message deleted", deleted, {"actor.id": "bob", "target.id": ROOM}, ()),
    Case("Message has been read", acknowledged("read", "read"), {"actor.id": "bob", "target.id": ROOM}),
    Case("Message has been delivered", acknowledged("received", "receive"), {"actor.id": "bob", "target.id": ROOM}),
    Case("Another user joins the room", comes, {"actor.id": "bob", "target.id": ROOM}),
    Case("Another user leaves room", goes, {"actor.id": "bob", "target.id": ROOM}),
    Case("Another user connects", comes_online, {"actor.id": "bob"}),
    Case("Another user disconnects", goes, {"actor.id": "bob"}),
    Case("A new room is created", made, {"actor.id": "bob", "object.url": CHANNEL}, ("provider", "object.attachments")),
    Case("A room was renamed", renamed, {"actor.id": "bob", "target.displayName": base64_of("Another name")}),
    Case("User info updated", by_bob("update_user_info", INFO), {"actor.id": "bob"}),
    Case("Broadcast received", by_backend(Broadcast("hello", "broadcast")), {"actor.id": "0"}),
    Case("User was muted", by_backend(MUTE), {"actor.id": "0", "object.id": "alice", "object.summary": "1m"}, ()),
    Case("User was un-muted", by_backend(MUTE, UNMUTE), {"actor.id": "0", "object.id": "alice"}, ()),
    Case("Invitation received", by_bob("invite", INVITATION), {"actor.id": "bob", "target.id": ROOM}),
    Case(
        "Admin presence requested",
        by_bob("request_admin", HELP),
        {"actor.id": "bob", "generator.id": ROOM, "object.content": base64_of("help!")},
        listener="carol",
    ),
    Case(
        "A user is kicked from a room",
        kicked,
        {"actor.id": "alice", "object.id": "bob", "object.content": base64_of("why"), "target.id": ROOM},
        listener="carol",
    ),
    Case("You were banned", banned("room", ROOM), BANNED | {"target.id": ROOM, "target.objectType": "room"}, ()),
    Case("You were banned", banned("channel", CHANNEL), BANNED | {"target.objectType": "channel"}, ()),
    Case("A room was removed", removed, {"actor.id": "bob", "object.content": base64_of("why")}),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
async def test_an_event_is_told_as_its_document_shows(memory_server: Callable[..., MemoryServer], case: Case) -> None:
    stage = Stage(memory_server(**SECTIONS))
    await stage.set()
    await case.happen(stage)
    example = EVENTS[case.title][0]
    if isinstance(example, list):
        name, example = example
        assert name == WIRE[case.title]
    event = await stage.heard(getattr(stage, case.listener), WIRE[case.title])
    assert not list(differences(example, event, case.exact, case.besides)), event


def test_every_event_that_has_an_example_and_is_told_is_tried() -> None:
    told = {getattr(kind, "wire", "") for kind in vars(events).values()}
    assert {case.title for case in CASES} == {title for title, wire in WIRE.items() if wire in told}
    assert WIRE.keys() == EVENTS.keys()
