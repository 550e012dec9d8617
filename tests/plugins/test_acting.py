"""A backend that says in whose name it acts: the rights are its own, the name that is told and written down is not."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest
from msgspec import structs

from chat.model import SYSTEM_ID, Role, UserId
from chat.plugin import Context
from chat.requests import GiveRole, KickUser, MutePlan, MuteUsers, TakeRole, UnmuteUser
from chat.testing import MemoryServer
from chat.texts import base64_of
from tests.banning import HALL, TOWN, Make, backend, inside
from tests.conversing import logged_in

SUPER, BOB = UserId("super"), UserId("bob")


@pytest.fixture
def server(memory_server: Make) -> MemoryServer:
    return memory_server(**TOWN)


async def in_the_name_of_bob(server: MemoryServer) -> Context:
    """A backend that calls for somebody who may do nothing himself."""
    return structs.replace(backend(server), acting=await server.server.services.users.known(BOB))


def rows(server: MemoryServer) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"{server.server.config.data_dir}/chat.db")) as database:
        return database.execute("SELECT key_name, actor_id, action, user_id FROM audit ORDER BY key").fetchall()


async def test_a_kick_is_told_and_written_down_in_the_name_of_the_user(server: MemoryServer) -> None:
    operator, _ = await inside(server, SUPER), await logged_in(server, BOB)
    dispatch = server.server.services.dispatch
    await dispatch(await in_the_name_of_bob(server), KickUser(room_id=HALL, user_id=SUPER))
    assert (await operator.wait_for("gn_user_kicked"))["actor"] == {
        "id": "bob", "displayName": base64_of("bob"), "attachments": []
    }  # fmt: skip
    assert rows(server) == [("key", BOB, "kick", SUPER)]


async def test_the_end_of_a_mute_is_told_and_written_down_in_the_name_of_the_user(server: MemoryServer) -> None:
    operator, _ = await inside(server, SUPER), await logged_in(server, BOB)
    dispatch, context = server.server.services.dispatch, await in_the_name_of_bob(server)
    await dispatch(context, MuteUsers((MutePlan(SUPER, HALL, "1h", None, SYSTEM_ID),)))
    await dispatch(context, UnmuteUser(SUPER, HALL))
    assert (await operator.wait_for("gn_unmute"))["actor"]["id"] == BOB
    assert rows(server) == [("key", SYSTEM_ID, "mute", SUPER), ("key", BOB, "unmute", SUPER)]


async def test_roles_are_written_down_in_the_name_of_the_user(server: MemoryServer) -> None:
    await logged_in(server, BOB)
    dispatch, context = server.server.services.dispatch, await in_the_name_of_bob(server)
    await dispatch(context, GiveRole(user_id=BOB, role=Role.GLOBALMOD))
    await dispatch(context, TakeRole(user_id=BOB, role=Role.GLOBALMOD))
    assert rows(server) == [("key", BOB, "give-globalmod", BOB), ("key", BOB, "take-globalmod", BOB)]


async def test_who_says_nothing_acts_for_itself(server: MemoryServer) -> None:
    operator = await inside(server, SUPER)
    await server.server.services.dispatch(backend(server), KickUser(room_id=HALL, user_id=SUPER))
    assert (await operator.wait_for("gn_user_kicked"))["actor"]["id"] == SYSTEM_ID
    assert rows(server) == [("key", SYSTEM_ID, "kick", SUPER)]
