"""What GET /rooms and GET /rooms-acl list where there are many rooms."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chat.config import ChannelSection, RoomSection
from chat.model import RoomId
from chat.plugin import Context, NoOptions
from chat.plugins import rest_rooms as plugin
from chat.rest import Nothing
from chat.testing import MemoryServer
from chat.times import utc_now
from tests.conversing import logged_in

NAMES = [f"room{number}" for number in range(5)]
CHANNELS = (ChannelSection(name="Lobby", default=True, rooms=tuple(RoomSection(id=name, name=name) for name in NAMES)),)


async def test_rooms_are_listed_part_by_part(
    memory_server: Callable[..., MemoryServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugin, "BATCH", 2)
    server = memory_server(channels=CHANNELS)
    await logged_in(server, "alice")
    services, pauses = server.server.services, 0

    async def pause() -> None:
        nonlocal pauses
        pauses += 1

    monkeypatch.setitem(vars(services), "pause", pause)
    every, joinable, _ = plugin.build(NoOptions(), services).endpoints
    caller = Context(utc_now(), services.users.system)
    found = [room["id"] for room in await every.call(caller, Nothing())]
    assert [one for one in found if one in NAMES] == NAMES
    assert pauses == 3
    found = [room["room_id"] for room in await joinable.call(caller, plugin.UserAsked(user_id="alice"))]
    assert found == NAMES
    assert pauses == 6
    services.rooms.close(services.rooms.room(RoomId("room3")))
    found = [room["room_id"] for room in await joinable.call(caller, plugin.UserAsked(user_id="alice"))]
    assert found == [name for name in NAMES if name != "room3"]
