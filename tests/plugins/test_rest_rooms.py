"""What GET /rooms and GET /rooms-acl list where there are many rooms."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chat.config import ChannelSection, RoomSection
from chat.errors import ChatError
from chat.model import RoomId
from chat.plugin import Context, NoOptions
from chat.plugins import rest_rooms as plugin
from chat.rest import Nothing, UsersAsked
from chat.testing import MemoryServer
from chat.times import utc_now
from tests.conversing import logged_in

NAMES = [f"room{number}" for number in range(5)]
CHANNELS = (ChannelSection(name="Lobby", default=True, rooms=tuple(RoomSection(id=name, name=name) for name in NAMES)),)


@pytest.fixture
def server(memory_server: Callable[..., MemoryServer], monkeypatch: pytest.MonkeyPatch) -> MemoryServer:
    monkeypatch.setattr(plugin, "BATCH", 2)
    return memory_server(channels=CHANNELS)


@pytest.fixture
def pauses(server: MemoryServer, monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """One for each turn that others got."""
    pauses: list[None] = []

    async def pause() -> None:
        pauses.append(None)

    monkeypatch.setitem(vars(server.server.services), "pause", pause)
    return pauses


async def test_rooms_are_listed_part_by_part(server: MemoryServer, pauses: list[None]) -> None:
    await logged_in(server, "alice")
    services = server.server.services
    every, joinable, _ = plugin.build(NoOptions(), services).endpoints
    caller = Context(utc_now(), services.users.system)
    found = [room["id"] for room in await every.call(caller, Nothing())]
    assert [one for one in found if one in NAMES] == NAMES
    assert len(pauses) == 3
    found = [room["room_id"] for room in await joinable.call(caller, plugin.UserAsked(user_id="alice"))]
    assert found == NAMES
    assert len(pauses) == 6
    services.rooms.close(services.rooms.room(RoomId("room3")))
    found = [room["room_id"] for room in await joinable.call(caller, plugin.UserAsked(user_id="alice"))]
    assert found == [name for name in NAMES if name != "room3"]


async def test_rooms_of_users_are_listed_part_by_part(
    server: MemoryServer, pauses: list[None], monkeypatch: pytest.MonkeyPatch
) -> None:
    for user_id, names in (("alice", NAMES[:3]), ("bob", NAMES[:2])):
        client = await logged_in(server, user_id)
        for name in names:
            await client.call("join", {"verb": "join", "target": {"id": name}})
    services = server.server.services
    endpoint, caller = plugin.build(NoOptions(), services).endpoints[2], Context(utc_now(), services.users.system)
    asked = UsersAsked(users=("bob", "nobody", "alice"))
    pauses.clear()
    found = await endpoint.call(caller, asked)
    shown = {user_id: sorted(room["room_id"] for room in rooms) for user_id, rooms in found.items()}
    assert shown == {"bob": NAMES[:2], "nobody": [], "alice": NAMES[:3]}
    assert len(pauses) == 3
    monkeypatch.setattr(plugin, "ROOMS_LIMIT", 4)
    with pytest.raises(ChatError, match="more than 4 rooms: ask for fewer users") as refused:
        await endpoint.call(caller, asked)
    assert refused.value.code.http == 400
    monkeypatch.setattr(plugin, "ROOMS_LIMIT", 5)
    assert set(await endpoint.call(caller, asked)) == set(shown)
