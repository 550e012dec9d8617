"""Whom GET /online lists where there are many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from chat.model import UserId
from chat.plugin import Context, NoOptions
from chat.plugins import rest_online as plugin
from chat.testing import MemoryServer
from chat.times import utc_now
from tests.conversing import CHANNELS, ROOM, inside

Make = Callable[..., MemoryServer]


def ask(server: MemoryServer, **members: Any) -> Deferred[dict[str, Any]]:
    services = server.server.services
    endpoint = plugin.build(NoOptions(), services).endpoints[0]
    asked = endpoint.call(Context(utc_now(), services.users.system), plugin.OnlineAsked(**members))
    return Deferred.fromCoroutine(asked)


async def test_others_have_a_turn_while_many_are_listed(memory_server: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugin, "BATCH", 2)
    server = memory_server(channels=CHANNELS)
    clients = [await inside(server, f"user{number}") for number in range(5)]
    turns: list[str] = []

    def note(result: Any, turn: str) -> Any:
        turns.append(turn)
        return result

    asking = ask(server, room_id=ROOM).addCallback(note, "listed")
    clients[0].ask("leave", {"verb": "leave", "target": {"id": ROOM}}).addCallback(note, "left")
    found = await asking
    assert turns == ["left", "listed"]
    assert [user["user_id"] for user in found["items"]] == [f"user{number}" for number in range(5)]
    assert [user["rooms"] for user in found["items"][:1]] == [[]]


async def test_who_goes_meanwhile_is_left_out(memory_server: Make) -> None:
    server = memory_server(channels=CHANNELS)
    for user_id in ("user0", "user1"):
        await inside(server, user_id)
    services = server.server.services
    (session,) = services.presence.sessions_of(UserId("user0"))
    asking = ask(server)
    services.occupancy.logout(session, utc_now())
    assert [user["user_id"] for user in (await asking)["items"]] == ["user1"]


async def test_the_rooms_of_one_user_are_bounded(memory_server: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    server = memory_server(channels=CHANNELS)
    await inside(server, "alice")
    assert len((await ask(server))["items"][0]["rooms"]) == 1
    monkeypatch.setattr(plugin, "ROOMS_LIMIT", 0)
    assert (await ask(server))["items"][0]["rooms"] == []
