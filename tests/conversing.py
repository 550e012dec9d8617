"""A room and the few things that tests without sockets keep saying in it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.task import deferLater

from chat.config import ChannelSection, RoomSection
from chat.ichat import IStore
from chat.model import RoomId
from chat.testing import MemoryClient, MemoryServer
from chat.texts import base64_of

WAIT_S = 60
ROOM = RoomId("room")
CHANNELS = (ChannelSection(name="Lobby", default=True, rooms=(RoomSection(id=ROOM, name="General"),)),)
JOIN = {"verb": "join", "target": {"id": ROOM}}
LEAVE = {"verb": "leave", "target": {"id": ROOM}}


def send(text: str) -> dict[str, Any]:
    """The body of a `message` command."""
    return {"verb": "send", "target": {"id": ROOM, "objectType": "room"}, "object": {"content": base64_of(text)}}


async def inside(server: MemoryServer, user_id: str = "alice") -> MemoryClient:
    """A client that is logged in and in the room, and has forgotten what it heard on the way."""
    client = server.client()
    await client.login(user_id)
    await client.call("join", JOIN)
    await client.sync()
    client.log.clear()
    client.events.clear()
    return client


async def logged_in(server: MemoryServer, user_id: str, **attributes: str) -> MemoryClient:
    """A client that is logged in and has forgotten the greeting."""
    client = server.client()
    assert (await client.login(user_id, **attributes))["status_code"] == 200
    await client.sync()
    client.events.clear()
    return client


def counted(server: MemoryServer, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every call of the store from now on."""
    calls: list[str] = []
    store: Any = server.server.services.store

    def count(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            calls.append(name)
            return method(*arguments)

        return call

    for name in IStore.names():
        monkeypatch.setattr(store, name, count(name, getattr(store, name)))
    return calls


async def eventually(holds: Callable[[], Any]) -> None:
    """Return when the condition holds."""
    from twisted.internet import reactor

    deadline = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < deadline
        await deferLater(reactor, 0.02)
