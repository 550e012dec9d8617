"""temporary-rooms: what happens while the end of a room is being written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from twisted.internet.task import Clock

from chat import timers
from chat.errors import StorageError
from chat.storage import writer
from chat.storage.calls import written_by
from chat.storage.sql import SqlStore
from chat.testing import MemoryServer
from chat.texts import base64_of
from chat.times import utc_now
from chat.wire import session
from chat.world import Timer
from tests.conversing import CHANNELS, eventually, logged_in
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
    removal = Held(monkeypatch, "remove_room")
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


@pytest.mark.parametrize("command_s", [10, 30])
async def test_a_room_whose_making_was_given_up_is_not_there(
    memory_server: Make, monkeypatch: pytest.MonkeyPatch, command_s: int
) -> None:
    """By the command or by the store, and written nevertheless: its name is free, it does not count for its owner, and
    a restart does not find it.
    """
    clock = Clock()
    server = memory_server(channels=CHANNELS, clock=clock)
    making = Held(monkeypatch, "create_room")
    monkeypatch.setattr(session, "COMMAND_TIMEOUT_S", command_s)
    alice, bob = await logged_in(server, "alice"), await logged_in(server, "bob")
    reply = alice.ask("create", create(server))
    await making.begun()
    clock.advance(min(command_s, writer.WRITE_TIMEOUT_S) + 1)
    assert (await reply)["status_code"] == 250
    await making.let_through(server)
    assert bob.heard("gn_room_created") == []
    assert [(await alice.call("create", create(server, name)))["status_code"] for name in ("Mine", "Two")] == [200, 200]
    before = set(server.server.services.rooms.temporary)
    await server.stop()
    again = memory_server(data_dir=server.server.config.data_dir, channels=CHANNELS)
    assert set(again.server.services.rooms.temporary) == before


async def test_what_could_not_be_discarded_is_tried_again(
    server: MemoryServer, monkeypatch: pytest.MonkeyPatch, failures: list[Any]
) -> None:
    """A store that fails now takes it later."""
    store = cast("SqlStore", server.server.services.store)
    monkeypatch.setattr(timers, "RETRY_AFTER", timedelta())
    asked: list[str] = []

    def discard(connection: object, room_id: str, at: datetime) -> None:
        asked.append(room_id)
        if len(asked) == 1:
            raise StorageError("not now")

    monkeypatch.setattr(SqlStore, "discard_room", written_by(discard))
    server.server.services.timers.note(Timer(timers.REMOVE_ROOM, "ghost", utc_now()))
    await eventually(lambda: len(asked) == 2)
    await store.ping()
    await server.settle()
    assert asked == ["ghost", "ghost"]
    assert not server.server.services.timers.is_set(timers.REMOVE_ROOM, "ghost")
    assert failures
