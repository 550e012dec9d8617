"""A message that was stored after its sender had been refused: who was not told of it is told that it is missing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from chat.gaps import Gaps
from chat.messages import Draft
from chat.model import Message, RoomId
from chat.storage import writer
from chat.testing import MemoryClient, MemoryServer
from chat.texts import base64_of
from chat.times import utc_now
from tests.conversing import CHANNELS, JOIN, LEAVE, ROOM, eventually, inside, logged_in, send
from tests.happenings import somebody

Make = Callable[..., MemoryServer]
WAIT_S = 30


@pytest.fixture
def server(memory_server: Make) -> MemoryServer:
    return memory_server(channels=CHANNELS)


class SlowWriter:
    """The server's writer, whose messages wait until they are let through."""

    def __init__(self, server: MemoryServer, monkeypatch: pytest.MonkeyPatch) -> None:
        self._writer = server.server.services.store._writer  # type: ignore[attr-defined]
        self._monkeypatch = monkeypatch
        self._begun = threading.Event()
        self._opened = threading.Event()

    async def refuse(self, client: MemoryClient, body: dict[str, Any]) -> None:
        """Have a message refused by the timeout, and stored afterwards."""
        append_many = self._writer.together[Draft]

        def slow(connection: Any, drafts: Any) -> Any:
            self._begun.set()
            assert self._opened.wait(WAIT_S)
            return append_many(connection, drafts)

        with self._monkeypatch.context() as patched:
            patched.setitem(self._writer.together, Draft, slow)
            patched.setattr(writer, "WRITE_TIMEOUT_S", -1)
            asked = client.ask("message", body)
            await eventually(self._begun.is_set)
            self._writer._give_up_late_ones()
            assert (await asked)["status_code"] == 250
        self._opened.set()
        await self._writer.write(lambda connection: None)


@pytest.fixture
def slow(server: MemoryServer, monkeypatch: pytest.MonkeyPatch) -> SlowWriter:
    return SlowWriter(server, monkeypatch)


def gap(seq: int, room_id: str = ROOM, kind: str = "room") -> dict[str, Any]:
    return {"verb": "gap", "object": {"seq": seq}, "target": {"id": room_id, "objectType": kind}}


def told(client: MemoryClient) -> list[Any]:
    """The gaps that the client heard of, and the numbers of the messages."""
    kinds = {"gn_gap", "message"}
    heard = [data for name, data in client.events if name in kinds]
    client.events.clear()
    return [
        data["seq"] if "seq" in data else {key: data[key] for key in ("verb", "object", "target")} for data in heard
    ]


async def healed(client: MemoryClient, after: int) -> list[int]:
    body = {"verb": "list", "target": {"id": ROOM}, "object": {"seq": after}}
    reply = (await client.call("history", body))["data"]["object"]
    assert (reply["more"], reply["recovered"]) == (False, True)
    return [entry["seq"] for entry in reply["attachments"]]


async def test_every_session_of_the_room_is_told_before_the_next_message(
    server: MemoryServer, slow: SlowWriter
) -> None:
    alice, bob, again = [await inside(server, user_id) for user_id in ("alice", "bob", "bob")]
    elsewhere = await logged_in(server, "carol")
    await alice.call("message", send("heard"))
    await slow.refuse(alice, send("late"))
    await alice.call("leave", LEAVE)
    await alice.call("join", JOIN)
    await bob.call("message", send("next"))
    await bob.call("message", send("and on"))
    for client in (alice, bob, again):
        await client.sync()
        assert told(client) == [1, gap(1), 3, 4]
        assert await healed(client, 1) == [2, 3, 4]
    await elsewhere.sync()
    assert told(elsewhere) == []


async def test_the_first_message_of_a_room_can_be_missing(server: MemoryServer, slow: SlowWriter) -> None:
    alice = await inside(server, "alice")
    await slow.refuse(alice, send("late"))
    await alice.call("message", send("next"))
    await alice.sync()
    assert told(alice) == [gap(0), 2]


async def test_a_retry_tells_of_what_nobody_heard(server: MemoryServer, slow: SlowWriter) -> None:
    alice, bob = await inside(server, "alice"), await inside(server, "bob")
    await alice.call("message", send("heard"))
    late = send("late")
    late["object"]["id"] = "mine"
    await slow.refuse(alice, late)
    history = {"verb": "list", "target": {"id": ROOM}}
    for _ in range(2):
        assert (await alice.call("message", late))["data"]["seq"] == 2
        newest = (await bob.call("history", history))["data"]["object"]["attachments"]
        assert [entry["seq"] for entry in newest] == [2, 1]
    await alice.call("message", send("next"))
    for client in (alice, bob):
        await client.sync()
        assert told(client) == [1, gap(1), 3]
        assert await healed(client, 1) == [2, 3]


async def test_owners_of_a_conversation_are_told_too(server: MemoryServer, slow: SlowWriter) -> None:
    alice, bob = await logged_in(server, "alice"), await logged_in(server, "bob")
    body = {"verb": "send", "target": {"id": "bob", "objectType": "private"}, "object": {"content": base64_of("x")}}
    conversation = (await alice.call("message", body))["data"]["target"]["id"]
    await slow.refuse(alice, body)
    await alice.call("message", body)
    for client in (alice, bob):
        await client.sync()
        assert told(client) == [1, gap(1, conversation, "private"), 3]


async def test_who_comes_in_later_misses_nothing(server: MemoryServer, slow: SlowWriter) -> None:
    alice = await inside(server, "alice")
    await slow.refuse(alice, send("late"))
    await alice.call("leave", LEAVE)
    bob = await inside(server, "bob")
    await bob.call("message", send("next"))
    await bob.sync()
    assert told(bob) == [2]


def message(seq: int, room_id: str = ROOM) -> Message:
    return Message(seq, f"m{seq}", RoomId(room_id), seq, somebody(), "x", utc_now())  # type: ignore[arg-type]


@contextmanager
def remembering(rooms_limit: int) -> Iterator[Gaps]:
    gaps = Gaps(rooms_limit)
    yield gaps
    assert len(gaps._told) <= rooms_limit


def test_of_a_room_that_nobody_saw_nothing_is_missing() -> None:
    with remembering(3) as gaps:
        assert gaps.repeat(message(4)) is None
        assert gaps.announce(message(5)) is None
        assert gaps.announce(message(6)) is None
        assert gaps.announce(message(9)) == 6
        assert gaps.repeat(message(9)) is None
        gaps.forget(ROOM)
        assert gaps.announce(message(20)) is None


def test_who_looks_later_changes_nothing_for_those_who_looked_before() -> None:
    with remembering(3) as gaps:
        gaps.look(ROOM, 2)
        gaps.look(ROOM, 3)
        assert gaps.repeat(message(3)) == 2
        assert gaps.repeat(message(3)) is None
        assert gaps.announce(message(5)) == 3


def test_the_rooms_that_were_active_last_are_remembered() -> None:
    with remembering(2) as gaps:
        for room_id in "abac":
            gaps.announce(message(1, room_id))
        assert gaps.announce(message(3, "b")) is None
        assert gaps.announce(message(3, "c")) == 1
