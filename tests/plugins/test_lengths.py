"""How long texts and lists may be, as docs/limits.md says it: the longest are taken, longer ones refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chat.config import ChannelSection
from chat.testing import MemoryClient, MemoryServer
from chat.texts import base64_of
from tests.conversing import logged_in

CHANNEL = "lobby"
CHANNELS = (ChannelSection(id=CHANNEL, name="Lobby", default=True),)
TEXT, ITEMS = 1024, 100


@pytest.fixture
def server(memory_server: Callable[..., MemoryServer]) -> MemoryServer:
    return memory_server(channels=CHANNELS)


def encoded(characters: int) -> str:
    """A text that has so many characters as sent, a multiple of four."""
    return base64_of("x" * (characters // 4 * 3))


def login(name: str = "", claims: int = 0) -> dict[str, Any]:
    claimed = [{"objectType": f"kind{number}", "content": base64_of("1")} for number in range(claims)]
    return {"verb": "login", "actor": {"id": "alice", "displayName": name, "attachments": claimed}}


def create(name: str, *values: str) -> dict[str, Any]:
    rules = [{"summary": "join", "objectType": "city", "content": value} for value in values]
    target = {"displayName": base64_of(name)}
    return {"verb": "create", "object": {"url": CHANNEL, "attachments": rules}, "target": target}


def update(count: int) -> dict[str, Any]:
    changes = [{"objectType": "avatar", "content": base64_of(str(number))} for number in range(count)]
    return {"verb": "update", "object": {"objectType": "userInfo", "attachments": changes}}


async def made(client: MemoryClient) -> str:
    """The id of a room of the client's."""
    room_id: str = (await client.call("create", create("Mine")))["data"]["target"]["id"]
    return room_id


@pytest.mark.parametrize(
    ("event", "longest", "too_long", "code"),
    [
        ("login", login(encoded(TEXT)), login(encoded(TEXT + 4)), 706),
        ("login", login(claims=ITEMS), login(claims=ITEMS + 1), 706),
        ("create", create("abc"), create("ab"), 711),
        ("create", create("x" * 120), create("x" * 121), 710),
        ("create", create("Ruled", "x" * TEXT), create("Ruled", "x" * (TEXT + 1)), 603),
        ("create", create("Ruled"), create("Ruled", *["x"] * (ITEMS + 1)), 706),
        ("update_user_info", update(ITEMS), update(ITEMS + 1), 508),
    ],
)
async def test_the_longest_is_taken_and_no_longer_one(
    server: MemoryServer, event: str, longest: dict[str, Any], too_long: dict[str, Any], code: int
) -> None:
    alice = await logged_in(server, "alice")
    assert (await alice.call(event, too_long))["status_code"] == code
    assert (await alice.call(event, longest))["status_code"] == 200


async def test_reasons(server: MemoryServer) -> None:
    alice = await logged_in(server, "alice")
    body: dict[str, Any] = {"verb": "remove", "target": {"id": await made(alice)}}
    too_long = body | {"object": {"content": encoded(TEXT + 4)}}
    assert (await alice.call("remove_room", too_long))["status_code"] == 706
    assert (await alice.call("remove_room", body | {"object": {"content": encoded(TEXT)}}))["status_code"] == 200
