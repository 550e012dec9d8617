"""temporary-rooms: what happens while the end of a room is being written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chat.storage import housing
from chat.testing import MemoryServer
from chat.texts import base64_of
from tests.conversing import CHANNELS, logged_in
from tests.held import Held

Make = Callable[..., MemoryServer]


@pytest.fixture
def server(memory_server: Make) -> MemoryServer:
    return memory_server(channels=CHANNELS)


def create(server: MemoryServer, name: str = "Mine") -> dict[str, Any]:
    (channel,) = server.server.services.rooms.channels
    return {"verb": "create", "target": {"displayName": base64_of(name)}, "object": {"url": channel.id}}


def about(verb: str, room_id: str) -> dict[str, Any]:
    return {"verb": verb, "target": {"id": room_id}}


async def test_an_owner_who_comes_back_too_late_is_not_let_in(
    memory_server: Make, server: MemoryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not while the removal is being written either: one would be thrown out at once. Nor is a timer set anew then."""
    removal = Held(monkeypatch, housing, "remove_room")
    alice, bob, carol = [await logged_in(server, name) for name in ("alice", "bob", "carol")]
    room_id = (await alice.call("create", create(server)))["data"]["target"]["id"]
    for client in (alice, bob, carol):
        await client.call("join", about("join", room_id))
    await alice.call("leave", about("leave", room_id))
    await removal.begun()
    late = await alice.call("join", about("join", room_id))
    await carol.call("leave", about("leave", room_id))
    await removal.let_through(server)
    assert late["status_code"] == 802
    await bob.sync()
    assert len(bob.heard("gn_room_removed")) == 1
    assert [event["actor"]["id"] for event in bob.heard("gn_user_joined")] == ["bob", "carol"]
    await server.stop()
    again = memory_server(data_dir=server.server.config.data_dir, channels=CHANNELS)
    assert not again.server.services.timers.is_set("remove-room", room_id)
