"""The first look at a room whose newest message is on disk and not yet announced."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from chat.config import AclRule, ChannelSection, RoomSection
from chat.messages import Span
from chat.testing import MemoryServer
from tests.conversing import JOIN, ROOM, eventually, logged_in, send

GROWN_UPS = RoomSection(id=ROOM, name="Grown-ups", acls=(AclRule(action="autojoin", type="age", value="18:"),))


class LateNews:
    """A reactor that tells what the writer has done only when it is let."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._calls: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reactor, name)

    def callFromThread(self, *call: Any) -> None:
        self._calls.append(call)

    def tell(self) -> None:
        self.callFromThread = self._reactor.callFromThread  # type: ignore[method-assign]
        for call in self._calls:
            self._reactor.callFromThread(*call)


async def test_a_joiner_gets_no_message_twice_that_is_on_disk_and_not_announced(
    memory_server: Callable[..., MemoryServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody looked at the room's messages before: its user was taken in at login."""
    server = memory_server(channels=(ChannelSection(name="Lobby", default=True, rooms=(GROWN_UPS,)),))
    alice, bob = await logged_in(server, "alice", age="30"), await logged_in(server, "bob")
    store: Any = server.server.services.store
    room = server.server.services.rooms.room(ROOM)
    late = LateNews(store._writer._reactor)
    monkeypatch.setattr(store._writer, "_reactor", late)
    said = alice.ask("message", send("hello"))
    while not (await store.recent_messages(room, 1)).messages:
        pass
    looked: list[Span] = []
    monkeypatch.setattr(store, "recent_messages", noting(store.recent_messages, looked))
    joined = bob.ask("join", JOIN)
    await eventually(lambda: looked)
    late.tell()
    assert (await said)["status_code"] == 200
    assert (await joined)["data"]["object"]["head"] == 1
    await bob.sync()
    assert bob.heard("message") == []


def noting(look: Callable[..., Deferred[Span]], looked: list[Span]) -> Callable[..., Deferred[Span]]:
    """The same look at messages; what it saw is noted before anybody else hears of it."""

    def look_and_note(*arguments: Any) -> Deferred[Span]:
        return look(*arguments).addCallback(note)

    def note(span: Span) -> Span:
        looked.append(span)
        return span

    return look_and_note
