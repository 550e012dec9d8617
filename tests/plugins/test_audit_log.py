"""Every act of moderation leaves one row in the audit log: who, with which key, what, whom, where, why, until when.
What is refused leaves none.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any, NamedTuple

import pytest

from chat.config import ChannelSection, RoomSection
from chat.errors import ChatError
from chat.model import Role, RoomId, UserId
from chat.plugin import Context
from chat.requests import (
    DeleteMessage,
    GiveRole,
    KickUser,
    MutePlan,
    MuteUsers,
    RemoveRoom,
    RenameRoom,
    TakeRole,
    UnmuteUser,
)
from chat.slots import Activity
from chat.testing import MemoryClient, MemoryServer
from chat.times import utc_now
from tests.conversing import inside, send

ROOM, OWNER, ALICE = RoomId("room"), UserId("owner"), UserId("alice")
CHANNELS = (
    ChannelSection(
        name="Lobby",
        default=True,
        rooms=(RoomSection(id=ROOM, name="General", owners=("owner",), moderators=("alice",)),),
    ),
)
MESSAGE = "the message"


class Case(NamedTuple):
    """A request of the room's owner's, and of the row: what, whom, why, and whether it has an end."""

    request: Activity
    action: str
    whom: UserId
    reason: str = ""
    ends: bool = False


CASES = (
    Case(KickUser(room_id=ROOM, user_id=ALICE, reason="wörds"), "kick", ALICE, "wörds"),
    Case(MuteUsers((MutePlan(ALICE, ROOM, "1h", "wörds", OWNER),)), "mute", ALICE, "wörds", ends=True),
    Case(UnmuteUser(ALICE, ROOM), "unmute", ALICE),
    Case(DeleteMessage(object_id=MESSAGE, room_id=ROOM), "delete-message", ALICE, MESSAGE),
    Case(DeleteMessage(object_id=ROOM, room_id=ROOM, kind="room"), "clear-room", OWNER),
    Case(RenameRoom(room_id=ROOM, name="Another name"), "rename-room", OWNER, "General"),
    Case(RemoveRoom(room_id=ROOM, reason="wörds"), "remove-room", OWNER, "wörds"),
    Case(GiveRole(user_id=ALICE, role=Role.OWNER, room_id=ROOM, reason="wörds"), "give-owner", ALICE, "wörds"),
    Case(TakeRole(user_id=ALICE, role=Role.MODERATOR, room_id=ROOM, reason="wörds"), "take-moderator", ALICE, "wörds"),
)


def rows(server: MemoryServer) -> list[tuple[Any, ...]]:
    columns = "key_name, actor_id, action, user_id, room_id, reason, until_ms IS NOT NULL"
    with closing(sqlite3.connect(f"{server.server.config.data_dir}/chat.db")) as database:
        return database.execute(f"SELECT {columns} FROM audit ORDER BY key").fetchall()


async def ask(server: MemoryServer, user_id: UserId, request: Activity) -> int:
    """In the name of a user, with a key."""
    services = server.server.services
    try:
        await services.dispatch(Context(utc_now(), await services.users.known(user_id), None, "key"), request)
    except ChatError as refusal:
        return refusal.code.wire
    return 200


async def about(case: Case, alice: MemoryClient, server: MemoryServer) -> Activity:
    """The request of a case, with what it is about."""
    said = await alice.call("message", send("hello"))
    if isinstance(case.request, UnmuteUser):
        await server.server.services.dispatch(
            Context(utc_now(), server.server.services.users.system, None, "earlier"),
            MuteUsers((MutePlan(ALICE, ROOM, "1h", None, OWNER),)),
        )
    if isinstance(case.request, DeleteMessage) and case.reason:
        return DeleteMessage(object_id=said["data"]["id"], room_id=ROOM)
    return case.request


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.action)
async def test_an_act_leaves_one_row(memory_server: Callable[..., MemoryServer], case: Case) -> None:
    server = memory_server(channels=CHANNELS)
    await inside(server, OWNER)
    alice, _ = await inside(server, ALICE), await inside(server, "bob")
    request = await about(case, alice, server)
    assert await ask(server, UserId("bob"), request) == 705
    assert [row for row in rows(server) if row[0] == "key"] == []
    assert await ask(server, OWNER, request) == 200
    reason = getattr(request, "object_id", "") if case.reason == MESSAGE else case.reason
    assert rows(server)[-1] == ("key", OWNER, case.action, case.whom, ROOM, reason, int(case.ends))
    assert [row[0] for row in rows(server)].count("key") == 1
