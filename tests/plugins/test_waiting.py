"""Private messages that wait for a user who is away: all come with the next login, in order, each once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail, gatherResults
from twisted.internet.task import Clock

from chat import messages
from chat.errors import StorageError
from chat.model import Message, User
from chat.plugin import Context
from chat.receipts import Window
from chat.requests import Broadcast
from chat.testing import MemoryClient, MemoryServer
from chat.texts import base64_of, text_of
from chat.times import utc_now
from chat.wire import catching_up as catching_up_module
from chat.wire.catching_up import RETRY_AFTER_S, Backlog
from tests.conversing import CHANNELS, eventually, logged_in

from .test_private import private, say
from .test_receipts import ack, ids

Make = Callable[..., MemoryServer]


@pytest.fixture
def server(memory_server: Make) -> MemoryServer:
    return memory_server(channels=CHANNELS)


@pytest.fixture
def short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """A login brings few messages; the others follow."""
    monkeypatch.setattr(messages, "PAGE_BYTES", 2_000)


async def come(
    server: MemoryServer, user_id: str = "bob", *, is_behind: bool = False
) -> tuple[MemoryClient, list[dict[str, Any]]]:
    """A client that logs in, and what its login brought. One that is behind does not get the rest before it catches
    up.
    """
    client = server.client()
    client.is_behind = is_behind
    reply = await client.login(user_id)
    found: list[dict[str, Any]] = reply["data"]["object"]["attachments"]
    return client, found


async def tell(client: MemoryClient, count: int) -> list[dict[str, Any]]:
    """Bob is sent so many messages, each its number."""
    return [await say(client, str(number), "bob") for number in range(count)]


async def alone(server: MemoryServer) -> MemoryClient:
    """Alice; bob is known and away."""
    await (await logged_in(server, "bob")).leave()
    return await logged_in(server, "alice")


def bodies(found: list[dict[str, Any]]) -> list[str]:
    return [text_of(entry["content"], "content") for entry in found]


def live(client: MemoryClient) -> list[str]:
    return bodies([data["object"] for data in client.heard("message")])


async def test_what_was_not_acknowledged_comes_with_the_login(server: MemoryServer) -> None:
    alice, bob = await logged_in(server, "alice"), await logged_in(server, "bob")
    seen = await say(alice, "seen", "bob")
    await say(alice, "heard and not acknowledged", "bob")
    assert await ack(bob, "received", seen["target"]["id"], seen["id"]) == 200
    await bob.leave()
    sent = await say(alice, "away", "bob")
    _, found = await come(server)
    assert bodies(found) == ["heard and not acknowledged", "away"]
    assert found[1] == {
        "objectType": "history",
        "id": sent["id"],
        "seq": 3,
        "author": {"id": "alice", "displayName": base64_of("alice"), "attachments": []},
        "summary": sent["target"]["id"],
        "content": base64_of("away"),
        "published": sent["published"],
    }
    second, found = await come(server)
    assert bodies(found) == ["heard and not acknowledged", "away"]
    assert await ack(second, "read", sent["target"]["id"], *[entry["id"] for entry in found]) == 200
    assert (await come(server))[1] == []
    assert (await come(server, "alice"))[1] == []


@pytest.mark.usefixtures("short_pages")
async def test_of_many_the_first_come_with_the_reply_and_the_others_after_it(server: MemoryServer) -> None:
    alice = await alone(server)
    carol = await logged_in(server, "carol")
    sent = [await say(carol if number % 3 == 0 else alice, str(number), "bob") for number in range(500)]
    bob, first = await come(server)
    assert bodies(first) == [str(number) for number in range(len(first))]
    assert 3 < len(first) < 10
    await eventually(lambda: len(bob.heard("message")) == len(sent) - len(first))
    assert bob.heard("message") == sent[len(first) :]
    await say(alice, "live", "bob")
    await bob.sync()
    assert live(bob)[-2:] == ["499", "live"]


@pytest.mark.usefixtures("short_pages")
async def test_what_is_said_meanwhile_comes_after_it(server: MemoryServer) -> None:
    """Also what the user says on another session, and to a client that takes its time."""
    alice, other = await logged_in(server, "alice"), await logged_in(server, "bob")
    await tell(alice, 500)
    bob, found = await come(server, is_behind=True)
    await gatherResults([alice.ask("message", private(f"new {number}", "bob")) for number in range(5)])
    await say(other, "mine", "alice")
    await bob.sync()
    assert bob.heard("message") == []
    bob.is_behind = False
    await eventually(lambda: live(bob)[-1:] == ["mine"])
    news = [f"new {number}" for number in range(5)]
    assert bodies(found) + live(bob) == [*(str(number) for number in range(500)), *news, "mine"]
    assert bob.close_code is None


@pytest.mark.usefixtures("short_pages")
async def test_what_another_session_acknowledges_meanwhile_is_not_sent(server: MemoryServer) -> None:
    alice, other = await logged_in(server, "alice"), await logged_in(server, "bob")
    sent = await tell(alice, 100)
    bob, found = await come(server, is_behind=True)
    assert await ack(other, "read", sent[0]["target"]["id"], *[one["id"] for one in sent[20:90]]) == 200
    bob.is_behind = False
    await eventually(lambda: live(bob)[-1:] == ["99"])
    assert bodies(found) + live(bob) == [str(number) for number in (*range(20), *range(90, 100))]


def catching_up(server: MemoryServer) -> list[Backlog]:
    """The backlogs that there are."""
    found = [one for one in server.server._delivery._backlogs.values() if isinstance(one, Backlog)]
    assert len(found) == len(server.server._delivery._backlogs)
    return found


@pytest.mark.usefixtures("short_pages")
async def test_what_others_say_meanwhile_is_kept_in_the_store_alone(
    server: MemoryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catching_up_module, "KEPT_BYTES", 10_000)
    alice = await alone(server)
    await tell(alice, 50)
    bob, found = await come(server, is_behind=True)
    for number in range(100):
        await say(alice, f"{number} {'x' * 1_000}", "bob")
    assert [backlog.kept for backlog in catching_up(server)] == [[]]
    bob.is_behind = False
    await eventually(lambda: len(found) + len(live(bob)) == 150)
    got = [body.partition(" ")[0] for body in bodies(found) + live(bob)]
    assert got == [*map(str, range(50)), *map(str, range(100))]
    assert bob.close_code is None


@pytest.mark.usefixtures("short_pages")
async def test_what_is_kept_back_has_a_bound(server: MemoryServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catching_up_module, "KEPT_BYTES", 10_000)
    alice, other = await alone(server), await logged_in(server, "bob")
    await tell(alice, 50)
    bob, _ = await come(server, is_behind=True)
    for _ in range(100):
        await say(other, "x" * 1_000, "alice")
    (backlog,) = catching_up(server)
    assert 3 < len(backlog.kept) < 10
    bob.is_behind = False
    await eventually(lambda: not catching_up(server))
    await bob.sync()
    assert [data["seq"] for data in bob.heard("message")][-1] == 50 + len(backlog.kept)
    assert bob.close_code is None


@pytest.mark.usefixtures("short_pages")
async def test_other_news_do_not_wait(server: MemoryServer) -> None:
    alice = await alone(server)
    await tell(alice, 50)
    bob, _ = await come(server, is_behind=True)
    services = server.server.services
    await services.dispatch(
        Context(utc_now(), services.users.system, None, "key"), Broadcast("all of you", "broadcast")
    )
    await bob.sync()
    assert [name for name, _ in bob.events][-1] == "gn_broadcast"
    assert bob.heard("message") == []


@pytest.mark.usefixtures("short_pages")
async def test_what_becomes_of_messages_meanwhile(server: MemoryServer) -> None:
    alice = await alone(server)
    sent = await tell(alice, 50)
    bob, found = await come(server, is_behind=True)
    conversation = {"id": sent[0]["target"]["id"]}
    for number in (0, 45):
        body = {
            "verb": "edit",
            "target": conversation,
            "object": {"id": sent[number]["id"], "content": base64_of("new")},
        }
        assert (await alice.call("edit", body))["status_code"] == 200
    for number in (1, 46):
        body = {"verb": "delete", "target": conversation, "object": {"id": sent[number]["id"]}}
        assert (await alice.call("delete", body))["status_code"] == 200
    await bob.sync()
    assert [name for name, _ in bob.events if name.startswith("gn_message")] == [
        "gn_message_edited",
        "gn_message_deleted",
    ]
    bob.is_behind = False
    await eventually(lambda: not catching_up(server))
    await bob.sync()
    assert bodies(found) + live(bob) == [*(str(number) for number in range(45)), "new", "47", "48", "49"]
    told = [data["object"]["id"] for name, data in bob.events if name.startswith("gn_message")]
    assert told == [sent[number]["id"] for number in (0, 1, 45, 46)]


@pytest.mark.parametrize(("failures", "code"), [(2, None), (3, 1012)])
@pytest.mark.usefixtures("short_pages")
async def test_a_store_that_fails_makes_no_hole(
    memory_server: Make, monkeypatch: pytest.MonkeyPatch, failures: int, code: int | None
) -> None:
    clock = Clock()
    server = memory_server(channels=CHANNELS, clock=clock)
    alice = await alone(server)
    await tell(alice, 50)
    store = server.server.services.store
    read, left = store.unacknowledged, [None] * failures

    def unacknowledged(user: User, window: Window) -> Deferred[Sequence[Message]]:
        if left:
            left.pop()
            return fail(StorageError("the database is away"))
        return read(user, window)

    monkeypatch.setattr(store, "unacknowledged", unacknowledged)
    bob, found = await come(server)
    await say(alice, "live", "bob")
    for _ in range(2):
        clock.advance(RETRY_AFTER_S)
        await bob.sync()
    if code is None:
        await eventually(lambda: live(bob)[-1:] == ["live"])
        assert bodies(found) + live(bob) == [*map(str, range(50)), "live"]
    else:
        assert await bob.closed() == code
        assert live(bob) == []


@pytest.mark.usefixtures("short_pages")
async def test_who_leaves_meanwhile_gets_the_rest_the_next_time(server: MemoryServer) -> None:
    alice = await alone(server)
    await tell(alice, 300)
    bob, _ = await come(server, is_behind=True)
    await bob.leave()
    await eventually(lambda: not catching_up(server))
    assert live(bob) == []
    again, found = await come(server)
    await eventually(lambda: live(again)[-1:] == ["299"])
    assert bodies(found) + live(again) == [str(number) for number in range(300)]


@pytest.mark.usefixtures("short_pages")
async def test_a_second_login_on_the_connection_brings_nothing_twice_live(server: MemoryServer) -> None:
    alice = await alone(server)
    await tell(alice, 100)
    bob, first = await come(server, is_behind=True)
    again = (await bob.login("bob"))["data"]["object"]["attachments"]
    assert again == first
    bob.is_behind = False
    await eventually(lambda: live(bob)[-1:] == ["99"])
    assert bodies(first) + live(bob) == [str(number) for number in range(100)]
    assert (await bob.call("msg_status", {"verb": "check", "target": {"id": "bob"}, "object": ids("x")}))["data"]
