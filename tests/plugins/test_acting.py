"""A backend that says in whose name it acts: the rights are its own, the name that is told and written down is not."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from typing import Any, NamedTuple

import pytest
from msgspec import structs

from chat.model import SYSTEM_ID, BanScope, Role, Status, UserId
from chat.plugin import Context
from chat.requests import (
    AllowWord,
    BanUser,
    Broadcast,
    ChangeStatus,
    DeleteMessage,
    DeleteWritten,
    ForbidWord,
    GiveRole,
    KickUser,
    MutePlan,
    MuteUsers,
    RemoveRoom,
    RenameRoom,
    RuleChange,
    SetRules,
    TakeRole,
    UnbanUser,
    UnmuteUser,
)
from chat.slots import Activity
from chat.testing import MemoryServer
from chat.texts import base64_of
from tests.banning import HALL, TOWN, Make, backend, inside, said
from tests.conversing import logged_in

SUPER, BOB, ALICE = UserId("super"), UserId("bob"), UserId("alice")
MESSAGE = "the message"


class Case(NamedTuple):
    """What a backend does, and of the row: what, and to whom; then the event that says who did it."""

    request: Activity
    action: str
    whom: UserId
    event: str | None = None
    before: Activity | None = None


BAN = BanUser(user_id=ALICE, duration="1h", target=HALL, kind="room")
CASES = (
    Case(KickUser(room_id=HALL, user_id=ALICE), "kick", ALICE, "gn_user_kicked"),
    Case(BAN, "ban-room", ALICE, "gn_user_banned"),
    Case(UnbanUser(ALICE, BanScope.ROOM, HALL), "unban-room", ALICE, before=BAN),
    Case(
        UnmuteUser(ALICE, HALL),
        "unmute",
        ALICE,
        "gn_unmute",
        before=MuteUsers((MutePlan(ALICE, HALL, "1h", None, SYSTEM_ID),)),
    ),
    Case(DeleteMessage(object_id=MESSAGE, room_id=HALL), "delete-message", ALICE, "gn_message_deleted"),
    Case(DeleteMessage(object_id=HALL, room_id=HALL, kind="room"), "clear-room", BOB, "gn_message_deleted"),
    Case(DeleteWritten(user_id=ALICE), "delete-messages", ALICE, "gn_message_deleted"),
    Case(RenameRoom(room_id=HALL, name="Another name"), "rename-room", BOB, "gn_room_renamed"),
    Case(RemoveRoom(room_id=HALL), "remove-room", BOB, "gn_room_removed"),
    Case(SetRules(HALL, "room", (RuleChange(action="join", type="age", value="1:"),)), "set-acl-room", BOB),
    Case(GiveRole(user_id=ALICE, role=Role.OWNER, room_id=HALL), "give-owner", ALICE),
    Case(
        TakeRole(user_id=ALICE, role=Role.OWNER, room_id=HALL),
        "take-owner",
        ALICE,
        before=GiveRole(user_id=ALICE, role=Role.OWNER, room_id=HALL),
    ),
    Case(Broadcast("hear", "broadcast"), "broadcast", SYSTEM_ID, "gn_broadcast"),
    Case(ChangeStatus(ALICE, Status.INVISIBLE), "status-invisible", ALICE),
    Case(ForbidWord("word"), "forbid-word", BOB),
    Case(AllowWord("word"), "allow-word", BOB, before=ForbidWord("word")),
)


@pytest.fixture
def server(memory_server: Make) -> MemoryServer:
    return memory_server(**TOWN)


async def in_the_name_of_bob(server: MemoryServer) -> Context:
    """A backend that calls for somebody who may do nothing himself."""
    return structs.replace(backend(server), acting=await server.server.services.users.known(BOB))


def rows(server: MemoryServer) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"{server.server.config.data_dir}/chat.db")) as database:
        return database.execute("SELECT key_name, actor_id, action, user_id FROM audit ORDER BY key").fetchall()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.action)
async def test_what_is_done_is_told_and_written_down_in_the_name_of_the_user(server: MemoryServer, case: Case) -> None:
    witness, alice, _ = await inside(server, SUPER), await inside(server, ALICE), await logged_in(server, BOB)
    reply, dispatch, request = await alice.call("message", said("hello")), server.server.services.dispatch, case.request
    if case.before is not None:
        await dispatch(backend(server), case.before)
    if isinstance(request, DeleteMessage) and request.object_id == MESSAGE:
        request = structs.replace(request, object_id=reply["data"]["id"])
    await witness.sync()
    witness.events.clear()
    await dispatch(await in_the_name_of_bob(server), request)
    assert rows(server)[-1] == ("key", BOB, case.action, case.whom)
    for client in (witness, alice):
        await client.sync()
    if case.event is not None:
        heard = witness.heard(case.event) + alice.heard(case.event)
        assert {one["actor"]["id"] for one in heard} == {BOB}


def test_every_act_that_is_written_down_is_among_these(server: MemoryServer) -> None:
    verbs = {verb.request: type(verb).__module__ for verb in server.server.pipeline.verbs}
    writing = {name for name in verbs.values() if {"Audit", "audit_of"} & set(vars(sys.modules[name]))}
    assert {verbs[type(case.request)] for case in CASES} == writing


async def test_the_name_is_shown_with_the_attributes_of_the_user(server: MemoryServer) -> None:
    operator, _ = await inside(server, SUPER), await logged_in(server, BOB)
    dispatch = server.server.services.dispatch
    await dispatch(await in_the_name_of_bob(server), KickUser(room_id=HALL, user_id=SUPER))
    assert (await operator.wait_for("gn_user_kicked"))["actor"] == {
        "id": "bob", "displayName": base64_of("bob"), "attachments": []
    }  # fmt: skip
    assert rows(server) == [("key", BOB, "kick", SUPER)]


async def test_who_says_nothing_acts_for_itself(server: MemoryServer) -> None:
    operator = await inside(server, SUPER)
    await server.server.services.dispatch(backend(server), KickUser(room_id=HALL, user_id=SUPER))
    assert (await operator.wait_for("gn_user_kicked"))["actor"]["id"] == SYSTEM_ID
    assert rows(server) == [("key", SYSTEM_ID, "kick", SUPER)]
