"""The examples of the verbs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import pytest

from chat.testing import MemoryServer
from chat.texts import base64_of

from .examples import VERBS, Values, differences, filled
from .stage import CHANNEL, OTHER, ROOM, SECTIONS, Stage

Prepare = Callable[[Stage], Awaitable[Values]]
ROOM_NAME, NEW_NAME = base64_of("General"), base64_of("Another name")


class Case(NamedTuple):
    """Which example is sent, what is put in, which one answers, and what the answer has besides, by protocol.

    `exact`: what the answer says, where that is known; with `prepared` values by name.
    """

    verb: str
    prepare: Prepare
    request: int = 0
    reply: int | None = 1
    exact: Values = {}
    besides: tuple[str, ...] = ()


async def nothing(stage: Stage) -> Values:
    return {}


def target(place: str, value: str) -> Prepare:
    async def prepare(stage: Stage) -> Values:
        return {place: value}

    return prepare


async def somebody_who_was_away(stage: Stage) -> Values:
    await stage.write(stage.alice, "carol")
    stage.bob = stage.server.client()
    return {"actor.id": "carol", "actor.displayName": base64_of("Carol"), "actor.attachments.0.content": "token"}


async def rooms_of_both_kinds(stage: Stage) -> Values:
    await stage.make_room(stage.bob)
    return {"object.url": CHANNEL}


async def channels_of_both_kinds(stage: Stage) -> Values:
    await stage.make_room(stage.bob, OTHER)
    return {}


async def own_stamp(stage: Stage) -> Values:
    return {"id": "mine", "published": "2020-01-01T00:00:00Z"}


async def three_messages(stage: Stage) -> Values:
    ids = [await stage.say(stage.alice, str(number)) for number in range(3)]
    return {"target.id": ROOM} | {f"object.attachments.{number}.id": one for number, one in enumerate(ids)}


async def three_private_messages(stage: Stage) -> Values:
    ids = [(await stage.write(stage.bob, "alice"))["id"] for _ in range(3)]
    return {"target.id": "alice"} | {f"object.attachments.{number}.id": one for number, one in enumerate(ids)}


async def some_history(stage: Stage) -> Values:
    await stage.say(stage.alice, "one")
    await stage.say(stage.bob, "two")
    return {"target.id": ROOM, "updated": "2020-01-01T00:00:00Z"}


async def a_message(stage: Stage) -> Values:
    return {"target.id": ROOM, "target.objectType": "room", "object.content": base64_of("hello")}


async def something_said(stage: Stage) -> Values:
    message_id = await stage.say(stage.bob)
    return {"target.id": ROOM, "object.id": message_id, "object.object_type": "message"}


async def an_invitation(stage: Stage) -> Values:
    return {"target.id": "alice", "actor.url": ROOM}


async def a_call_for_help(stage: Stage) -> Values:
    return {"target.id": ROOM, "object.content": base64_of("help!")}


async def a_rude_message(stage: Stage) -> Values:
    return {
        "object.id": await stage.say(stage.alice, "rude"), "object.content": base64_of("rude"),
        "object.summary": base64_of("why"), "target.id": "alice",
    }  # fmt: skip


async def a_guest(stage: Stage) -> Values:
    """Of a room that the sender made."""
    room_id = await stage.make_room(stage.bob)
    await stage.ok(stage.alice, "join", {"verb": "join", "target": {"id": room_id}})
    return {"actor.id": "", "target.id": room_id, "object.id": "alice", "object.content": base64_of("why")}


async def a_room_of_ones_own(stage: Stage) -> Values:
    return {"target.id": await stage.make_room(stage.bob)}


async def a_new_name(stage: Stage) -> Values:
    return {"target.id": await stage.make_room(stage.bob), "target.displayName": NEW_NAME}


async def a_room_with_rules(stage: Stage) -> Values:
    first, second = "object.attachments.0", "object.attachments.1"
    return {
        "target.displayName": NEW_NAME,
        "object.url": CHANNEL,
        f"{first}.objectType": "gender", f"{first}.content": "f", f"{first}.summary": "join",
        f"{second}.objectType": "age", f"{second}.content": "18:", f"{second}.summary": "join",
    }  # fmt: skip


async def some_rules(stage: Stage) -> Values:
    return {"target.id": await stage.make_room(stage.bob), "target.objectType": "room"}


async def rules_to_set(stage: Stage) -> Values:
    rules = await a_room_with_rules(stage)
    return dict(await some_rules(stage)) | {place: rules[place] for place in rules if "attachments" in place}


async def a_history_to_join(stage: Stage) -> Values:
    await stage.say(stage.alice, "one")
    return {"target.id": ROOM}


async def a_name_to_join(stage: Stage) -> Values:
    await stage.say(stage.alice, "one")
    return {"target.id": "General"}


def a_ban(kind: str, target_id: str, user_id: str) -> Prepare:
    """By bob: of a guest from a room of bob's own where the target is empty, else by the operator."""

    async def prepare(stage: Stage) -> Values:
        room_id = target_id or await stage.make_room(stage.bob)
        if target_id:
            stage.bob = stage.carol
        return {
            "actor.id": "", "target.id": room_id, "target.objectType": kind,
            "object.id": user_id, "object.summary": "5m", "object.content": base64_of("why"),
        }  # fmt: skip

    return prepare


JOINED = (
    "data.object.head", "data.object.attachments[user].summary",
    "data.object.attachments[history].attachments[].seq",
)  # fmt: skip
LOGGED_IN = (
    "data.provider", "data.limits", "data.reconnect_jitter_s",
    "data.object.attachments[history].seq", "data.object.attachments[history].author.attachments",
)  # fmt: skip
CASES = (
    Case("connect", nothing, request=-1, reply=0),
    Case("login", somebody_who_was_away, exact={"data.actor.id": "carol"}, besides=LOGGED_IN),
    Case("list_channels", channels_of_both_kinds),
    Case("received", three_messages, reply=None),
    Case("read", three_messages, reply=None),
    Case("msg_status", three_private_messages, exact={"data.object.attachments[].content": 0}),
    Case("list_rooms", rooms_of_both_kinds, exact={"data.object.url": CHANNEL}),
    Case("update_user_info", own_stamp),
    Case("leave", target("target.id", ROOM), reply=2),
    Case("leave", target("target.id", "General"), request=1, reply=2),
    Case(
        "users_in_room",
        target("target.id", ROOM),
        besides=("data.object.summary", "data.object.attachments[].objectType"),
    ),
    Case(
        "history",
        some_history,
        exact={"data.target.id": ROOM},
        besides=tuple(f"data.object.attachments[].{one}" for one in ("seq", "summary", "author.attachments")),
    ),
    *(Case("status", target("verb", word)) for word in ("offline", "invisible", "online")),
    Case(
        "create",
        target("target.displayName", NEW_NAME),
        exact={"data.target.displayName": NEW_NAME, "data.object.url": CHANNEL},
    ),
    Case("create", a_room_with_rules, request=2),
    Case("get_acl", some_rules, exact={"data.object.attachments[].content": "f"}),
    Case("set_acl", rules_to_set),
    Case(
        "message",
        a_message,
        exact={
            "data.target.id": ROOM, "data.target.displayName": ROOM_NAME, "data.actor.id": "bob",
            "data.object.url": CHANNEL, "data.object.displayName": base64_of("Lobby"),
            "data.object.content": base64_of("hello"), "data.object.objectType": "room",
        },
        besides=("data.seq", "data.target.objectType"),
    ),
    Case("delete", something_said, reply=None),
    Case("invite", an_invitation),
    Case("request_admin", a_call_for_help),
    Case("report", a_rude_message, reply=None),
    Case("kick", a_guest),
    Case("ban", a_ban("room", "", "alice")),
    Case("ban", a_ban("channel", CHANNEL, "alice")),
    Case("ban", a_ban("global", "ignored", "alice")),
    Case("remove_room", a_room_of_ones_own, exact={"data.target.displayName": base64_of("Mine")}),
    Case("rename_room", a_new_name, exact={"data.target.displayName": NEW_NAME}),
    Case("join", a_history_to_join, reply=2, exact={"data.target.id": ROOM}, besides=JOINED),
    Case("join", a_name_to_join, request=1, reply=2, exact={"data.target.id": ROOM}, besides=JOINED),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.verb}-{case.request}")
async def test_an_example_is_answered_as_its_document_shows(
    memory_server: Callable[..., MemoryServer], case: Case
) -> None:
    stage = Stage(memory_server(**SECTIONS))
    await stage.set()
    values = dict(await case.prepare(stage))
    if case.verb == "create":
        values["object.url"] = CHANNEL
    body: Any = {} if case.request < 0 else filled(VERBS[case.verb][case.request], values)
    reply = await stage.bob.call(case.verb, body)
    expected = {"status_code": 200} if case.reply is None else VERBS[case.verb][case.reply]
    assert not list(differences(expected, reply, case.exact, case.besides)), reply


async def test_every_verb_that_has_examples_is_tried(memory_server: Callable[..., MemoryServer]) -> None:
    pipeline = memory_server(**SECTIONS).server.pipeline
    known = {verb for verb in VERBS if pipeline.verb_named(verb).event is not None}
    assert {case.verb for case in CASES} == known
