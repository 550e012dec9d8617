"""Lists of a room's users: their bound in bytes, and that paging finds everybody nevertheless."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from chat.config import RoomOptions
from chat.messages import PAGE_BYTES
from chat.testing import MemoryClient, MemoryServer
from tests.conversing import CHANNELS, JOIN, ROOM, logged_in

NAMES = [f"user{number}" for number in range(8)]
# Three fit into a page; as sent a text takes a third more.
LARGE = "é" * (PAGE_BYTES // 9)


@pytest.fixture
def server(memory_server: Callable[..., MemoryServer]) -> MemoryServer:
    return memory_server(channels=CHANNELS)


async def entered(server: MemoryServer, name: str, avatar: str) -> tuple[MemoryClient, dict[str, Any]]:
    """Somebody in the room, and the users in the reply to the join."""
    client = await logged_in(server, name, avatar=avatar)
    groups = (await client.call("join", JOIN))["data"]["object"]["attachments"]
    return client, next(group for group in groups if group["objectType"] == "user")


async def page_of(client: MemoryClient, offset: int) -> dict[str, Any]:
    body = {"verb": "list", "target": {"id": ROOM}, "object": {"url": offset, "summary": 100}}
    page: dict[str, Any] = (await client.call("users_in_room", body))["data"]["object"]
    return page


def ids(group: dict[str, Any]) -> list[str]:
    return [user["id"] for user in group["attachments"]]


async def test_pages_are_bounded_in_bytes_and_have_everybody(server: MemoryServer) -> None:
    for name in NAMES:
        client, group = await entered(server, name, LARGE)
    assert (ids(group), group["summary"]) == (NAMES[:3], len(NAMES))
    found: list[str] = []
    while len(found) < len(NAMES):
        page = await page_of(client, len(found))
        assert page["summary"] == len(NAMES)
        assert len(msgspec.json.encode(page["attachments"])) <= PAGE_BYTES
        found += ids(page)
    assert found == NAMES
    assert ids(await page_of(client, len(NAMES))) == []


async def test_pages_are_bounded_in_number(memory_server: Callable[..., MemoryServer]) -> None:
    server = memory_server(channels=CHANNELS, rooms=RoomOptions(join_users_max=3))
    for name in NAMES:
        client, group = await entered(server, name, "small")
    assert (ids(group), group["summary"]) == (NAMES[:3], len(NAMES))
    assert ids(await page_of(client, 3)) == NAMES[3:6]


async def test_a_page_has_one_user_however_large(server: MemoryServer) -> None:
    for name in NAMES[:2]:
        client, group = await entered(server, name, "x" * PAGE_BYTES)
    assert ids(group) == NAMES[:1]
    assert ids(await page_of(client, 1)) == NAMES[1:2]


async def test_the_size_of_an_occupant_is_about_what_is_sent(server: MemoryServer) -> None:
    for name in NAMES[:4]:
        client, _ = await entered(server, name, "ü" * 500)
    services = server.server.services
    estimated = sum(
        services.users.in_room(one.user, one.status, "").size_bytes for one in services.presence._online.values()
    )
    sent = len(msgspec.json.encode((await page_of(client, 0))["attachments"]))
    assert 0.9 * sent <= estimated <= 1.1 * sent
