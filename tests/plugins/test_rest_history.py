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
from chat.web.json import success_body
from tests.conversing import CHANNELS, ROOM, inside, send

LIMIT, SAID = 5, 9


@pytest.fixture
def server(memory_server: Callable[..., MemoryServer], monkeypatch: pytest.MonkeyPatch) -> MemoryServer:
    monkeypatch.setattr(rest_history, "PAGE_LIMIT", LIMIT)
    monkeypatch.setattr(archive, "FOUND_AT_ONCE", 2)
    monkeypatch.setattr(archive, "SECOND_LIMIT", 0)
    return memory_server(channels=CHANNELS)


async def page(server: MemoryServer, endpoint: Any, body: Any) -> tuple[list[str], bool]:
    """What the messages of an answer say, and whether it says that there are more."""
    services = server.server.services
    answer = await endpoint(services).call(Context(utc_now(), services.users.system, None, "key"), body)
    told = msgspec.json.decode(success_body(answer))
    return [entry["body"] for entry in told["data"]], told.get("more", False)


async def test_a_call_gives_so_many_messages_and_says_whether_there_are_more(server: MemoryServer) -> None:
    alice, bob = await inside(server), await inside(server, "bob")
    for number in range(SAID):
        await alice.call("message", send(str(number)))
    newest = [base64_of(str(SAID - 1 - number)) for number in range(SAID)]
    room = RoomId(ROOM)
    for endpoint, body in (
        (GetHistory, HistoryBody(room_id=room)),
        (GetHistory, HistoryBody(room_id=room, limit=SAID)),
        (GetLatestHistory, LatestBody(room_id=room, limit=SAID)),
        (PostFullHistory, FullHistoryBody(user_id="alice")),
    ):
        assert await page(server, endpoint, body) == (newest[:LIMIT], True)
    assert await page(server, GetLatestHistory, LatestBody(room_id=room, limit=3)) == (newest[:3], True)
    await bob.call("message", send("bob"))
    assert await page(server, GetHistory, HistoryBody(room_id=room, user_id="bob")) == ([base64_of("bob")], False)


@pytest.mark.parametrize("said", [0, 1, LIMIT - 1, LIMIT, LIMIT + 1])
async def test_there_are_more_only_where_they_are_found(server: MemoryServer, said: int) -> None:
    bob, alice = await inside(server, "bob"), await inside(server)
    for client, count in ((bob, 2 * LIMIT), (alice, said)):
        for _ in range(count):
            await client.call("message", send("x"))
    for endpoint, body in (
        (GetHistory, HistoryBody(room_id=RoomId(ROOM), user_id="alice")),
        (PostFullHistory, FullHistoryBody(user_id="alice")),
    ):
        found, more = await page(server, endpoint, body)
        assert (len(found), more) == (min(said, LIMIT), said > LIMIT)


async def test_what_has_more_bytes_than_an_answer(server: MemoryServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "ROOM_BYTES", 1)
    alice = await inside(server)
    for number in range(LIMIT):
        await alice.call("message", send(str(number)))
    found, more = await page(server, GetLatestHistory, LatestBody(room_id=RoomId(ROOM), limit=LIMIT))
    assert (found, more) == ([base64_of(str(LIMIT - 1)), base64_of(str(LIMIT - 2))], True)
