"""`history.type` `unread`: what others wrote above the user's marker, in joins, histories and conversations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import Deferred, ensureDeferred

from chat.config import HistoryOptions
from chat.testing import MemoryClient, MemoryServer
from chat.texts import base64_of, text_of
from tests.conversing import CHANNELS, JOIN, ROOM, inside, logged_in, send

LIMIT = 3


@pytest.fixture
def server(memory_server: Callable[..., MemoryServer]) -> MemoryServer:
    return memory_server(channels=CHANNELS, history=HistoryOptions(limit=LIMIT, type="unread"))


async def say(client: MemoryClient, *texts: str) -> list[dict[str, Any]]:
    return [(await client.call("message", send(text)))["data"] for text in texts]


async def read(client: MemoryClient, message: dict[str, Any]) -> None:
    body = {
        "verb": "read",
        "target": {"id": message["target"]["id"]},
        "object": {"attachments": [{"id": message["id"]}]},
    }
    assert (await client.call("read", body))["status_code"] == 200


def texts(entries: list[dict[str, Any]]) -> list[str]:
    return [text_of(entry["content"], "content") for entry in entries]


async def history(client: MemoryClient, target: str = ROOM, **members: Any) -> list[str]:
    reply = await client.call("history", {"verb": "list", "target": {"id": target}} | members)
    return texts(reply["data"]["object"]["attachments"])


async def joined(client: MemoryClient) -> list[str]:
    groups = (await client.call("join", JOIN))["data"]["object"]["attachments"]
    return texts(next(group["attachments"] for group in groups if group["objectType"] == "history"))


async def shown(client: MemoryClient) -> list[str]:
    """What a history shows; a join shows the same."""
    found = await history(client)
    assert await joined(client) == found
    return found


async def test_what_others_wrote_since_one_read_newest_first(server: MemoryServer) -> None:
    alice, bob = await inside(server, "alice"), await inside(server, "bob")
    said = await say(alice, "a", "b")
    await say(bob, "mine")
    assert (await shown(bob), await shown(alice)) == (["b", "a"], ["mine"])
    await read(bob, said[0])
    assert await shown(bob) == ["b"]
    await read(bob, said[1])
    assert await shown(bob) == []
    await say(bob, "mine too")
    assert await shown(bob) == []
    await say(alice, "c")
    assert await shown(bob) == ["c"]
    assert await shown(await logged_in(server, "carol")) == ["c", "mine too", "mine"]


async def test_of_too_many_the_newest_are_shown_and_the_others_are_after_a_number(server: MemoryServer) -> None:
    alice, bob = await inside(server, "alice"), await inside(server, "bob")
    await say(alice, *"abcde")
    assert await shown(bob) == ["e", "d", "c"]
    assert await history(bob, object={"seq": 0}) == ["a", "b", "c", "d", "e"]


async def test_what_one_wrote_oneself_does_not_hide_what_others_did(server: MemoryServer) -> None:
    alice, bob = await inside(server, "alice"), await inside(server, "bob")
    await say(alice, "a", "b")
    await say(bob, *"1234")
    assert await shown(bob) == ["b", "a"]
    await say(alice, "c")
    assert await shown(bob) == ["c", "b", "a"]


async def test_deleted_ones_do_not_count(server: MemoryServer) -> None:
    alice, bob = await inside(server, "alice"), await inside(server, "bob")
    said = await say(alice, *"abcde")
    body = {"verb": "delete", "target": {"id": ROOM}, "object": {"id": said[3]["id"]}}
    assert (await alice.call("delete", body))["status_code"] == 200
    assert await shown(bob) == ["e", "c", "b"]


async def test_since_a_time(server: MemoryServer) -> None:
    alice, bob = await inside(server, "alice"), await inside(server, "bob")
    await say(alice, "a")
    assert await history(bob, updated="2000-01-01T00:00:00Z") == ["a"]
    assert await history(bob, updated="2100-01-01T00:00:00Z") == []


async def test_conversations(server: MemoryServer) -> None:
    alice, bob = await logged_in(server, "alice"), await logged_in(server, "bob")

    async def tell(client: MemoryClient, target: str, text: str) -> dict[str, Any]:
        body = {
            "verb": "send",
            "target": {"id": target, "objectType": "private"},
            "object": {"content": base64_of(text)},
        }
        data: dict[str, Any] = (await client.call("message", body))["data"]
        return data

    first = await tell(alice, "bob", "hello")
    await tell(alice, "bob", "there")
    await tell(bob, "alice", "hi")
    assert (await history(bob, "alice"), await history(alice, "bob")) == (["there", "hello"], ["hi"])
    await read(bob, first)
    assert await history(bob, first["target"]["id"]) == ["there"]


async def test_the_marker_survives_a_restart(memory_server: Callable[..., MemoryServer], server: MemoryServer) -> None:
    alice, bob = await inside(server, "alice"), await inside(server, "bob")
    said = await say(alice, "a", "b")
    await read(bob, said[0])
    config = server.server.config
    await server.stop()
    again = memory_server(**{name: getattr(config, name) for name in ("channels", "data_dir", "history")})
    assert await joined(await logged_in(again, "bob")) == ["b"]


# Upper case: said by bob on another connection. What is left out where there is a gap is not shown around it.
@pytest.mark.parametrize(
    ("meanwhile", "expected"),
    [("c", "cba"), ("cd", "dcb"), ("cde", "edc"), ("cdef", "fed"), ("CDE", "ba"), ("cDE", "cba"), ("cDEF", "")],
)
async def test_what_is_said_while_one_comes_in(
    server: MemoryServer, monkeypatch: pytest.MonkeyPatch, meanwhile: str, expected: str
) -> None:
    """Between the look at what is unread and the coming in."""
    alice = await inside(server, "alice")
    await say(alice, "a", "b")
    bob, other = await logged_in(server, "bob"), await inside(server, "bob")
    timelines = server.server.services.timelines
    opening: Deferred[None] = Deferred()
    opened = timelines.open

    async def slow(room: Any) -> None:
        opening.callback(None)
        await held
        await opened(room)

    held: Deferred[None] = Deferred()
    with monkeypatch.context() as patched:
        patched.setattr(timelines, "open", slow)
        coming = ensureDeferred(joined(bob))
        await opening
    for text in meanwhile:
        await say(alice if text.islower() else other, text)
    held.callback(None)
    assert "".join(await coming) == expected
