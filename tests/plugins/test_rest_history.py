"""A call for a history gives so many messages and not more, whoever asks for how many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from chat import archive
from chat.model import RoomId
from chat.plugin import Context
from chat.plugins import rest_history
from chat.plugins.rest_history import (
    FullHistoryBody,
    GetHistory,
    GetLatestHistory,
    HistoryBody,
    LatestBody,
    PostFullHistory,
)
from chat.testing import MemoryServer
from chat.texts import base64_of
from chat.times import utc_now
from tests.conversing import CHANNELS, ROOM, inside, send

LIMIT, SAID = 5, 9


@pytest.fixture
def server(memory_server: Callable[..., MemoryServer], monkeypatch: pytest.MonkeyPatch) -> MemoryServer:
    monkeypatch.setattr(rest_history, "PAGE_LIMIT", LIMIT)
    monkeypatch.setattr(archive, "FOUND_AT_ONCE", 2)
    return memory_server(channels=CHANNELS)


async def texts(server: MemoryServer, endpoint: Any, body: Any) -> list[str]:
    services = server.server.services
    answer = await endpoint(services).call(Context(utc_now(), services.users.system, None, "key"), body)
    return [entry["body"] for entry in msgspec.json.decode(answer)]


async def test_a_call_gives_so_many_messages(server: MemoryServer) -> None:
    alice = await inside(server)
    for number in range(SAID):
        await alice.call("message", send(str(number)))
    newest = [base64_of(str(SAID - 1 - number)) for number in range(LIMIT)]
    room = RoomId(ROOM)
    for endpoint, body in (
        (GetHistory, HistoryBody(room_id=room)),
        (GetHistory, HistoryBody(room_id=room, limit=SAID)),
        (GetLatestHistory, LatestBody(room_id=room, limit=SAID)),
        (PostFullHistory, FullHistoryBody(user_id="alice")),
    ):
        assert await texts(server, endpoint, body) == newest
    assert await texts(server, GetHistory, HistoryBody(room_id=room, limit=3)) == newest[:3]
