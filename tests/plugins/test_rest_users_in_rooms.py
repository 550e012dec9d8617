"""Whom GET /users-in-rooms lists where there are many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from chat.errors import ChatError, ErrorCode
from chat.model import RoomId
from chat.plugin import Context, NoOptions
from chat.plugins import rest_users_in_rooms as plugin
from chat.testing import MemoryServer
from chat.times import utc_now
from tests.conversing import CHANNELS, ROOM, inside

Make = Callable[..., MemoryServer]


def ask(server: MemoryServer, **members: Any) -> Deferred[dict[RoomId, Any]]:
    services = server.server.services
    endpoint = plugin.build(NoOptions(), services).endpoints[0]
    asked = endpoint.call(
        Context(utc_now(), services.users.system), plugin.UsersInRoomsAsked(room_ids=(ROOM,), **members)
    )
    return Deferred.fromCoroutine(asked)


async def test_others_have_a_turn_while_many_are_listed(memory_server: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugin, "BATCH", 2)
    server = memory_server(channels=CHANNELS)
    clients = [await inside(server, f"user{number}") for number in range(5)]
    turns: list[str] = []

    def note(result: Any, turn: str) -> Any:
        turns.append(turn)
        return result

    asking = ask(server).addCallback(note, "listed")
    clients[4].ask("leave", {"verb": "leave", "target": {"id": ROOM}}).addCallback(note, "left")
    found = await asking
    assert [user["id"] for user in found[ROOM]] == [f"user{number}" for number in range(5)]
    assert turns == ["left", "listed"]
    assert await ask(server, only_count=True) == {ROOM: 4}


async def test_more_users_than_one_answer_has(memory_server: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugin, "USERS_LIMIT", 1)
    server = memory_server(channels=CHANNELS)
    await inside(server, "alice")
    assert len((await ask(server))[ROOM]) == 1
    await inside(server, "bob")
    with pytest.raises(ChatError) as refused:
        await ask(server)
    assert refused.value.code is ErrorCode.VALIDATION_ERROR
    assert await ask(server, only_count=True) == {ROOM: 2}
