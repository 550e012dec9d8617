"""A connection's conversation: order, bounds, malformed input, the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from zope.interface import implementer

from chat.config import Limits
from chat.errors import ChatError, ErrorCode, StorageError
from chat.ichat import IGuard
from chat.messages import Draft
from chat.plugin import Context, Phase
from chat.testing import MemoryServer
from chat.wire.frames import Command, Malformed, parse
from chat.wire.intake import EXCESS_LIMIT, EXCESS_PAUSE_S
from chat.wire.session import INBOX_LIMIT
from tests.conversing import CHANNELS, JOIN, LEAVE, ROOM, inside, send


@pytest.fixture
def server(memory_server: Callable[..., MemoryServer]) -> MemoryServer:
    return memory_server(channels=CHANNELS)


async def test_replies_come_in_the_order_of_their_commands(server: MemoryServer) -> None:
    client = await inside(server)
    asked = [
        client.ask("message", send("one")),
        client.ask("message", send("")),
        client.ask("message", send("two")),
        client.ask("history", {"verb": "list", "target": {"id": ROOM}}),
        client.ask("message", send("three")),
        client.ask("leave", LEAVE),
        client.ask("message", send("four")),
    ]
    codes = [(await one)["status_code"] for one in asked]
    assert codes == [200, 700, 200, 200, 200, 200, 702]
    first = client.log[0][2]
    assert [reply_id for _, _, reply_id in client.log if reply_id is not None] == list(range(first, first + 7))
    history = next(body for name, body, _ in client.log if name == "gn_history")
    assert len(history["data"]["object"]["attachments"]) == 2


async def test_consecutive_messages_share_a_commit(server: MemoryServer, monkeypatch: pytest.MonkeyPatch) -> None:
    client = await inside(server)
    writer = server.server.services.store._writer  # type: ignore[attr-defined]
    sizes: list[int] = []
    original = writer.together[Draft]

    def count(connection: Any, drafts: Any) -> Any:
        sizes.append(len(drafts))
        return original(connection, drafts)

    monkeypatch.setitem(writer.together, Draft, count)
    asked = [client.ask("message", send(str(number))) for number in range(30)]
    seqs = [(await one)["data"]["seq"] for one in asked]
    assert seqs == list(range(1, 31))
    assert sizes == [30]


async def test_the_reply_comes_before_the_echo(server: MemoryServer) -> None:
    client = await inside(server)
    await client.call("message", send("one"))
    await client.call("join", JOIN)
    await client.call("leave", LEAVE)
    await client.call("join", JOIN)
    await client.sync()
    names = [name for name, _, _ in client.log]
    assert names[:2] == ["gn_message", "message"]
    assert names[-2:] == ["gn_join", "gn_user_joined"]


async def test_nothing_is_told_when_the_commit_fails(server: MemoryServer, monkeypatch: pytest.MonkeyPatch) -> None:
    alice, bob = await inside(server), await inside(server, "bob")
    alice.events.clear()
    failing: list[Deferred[Any]] = []

    def append(draft: Any) -> Deferred[Any]:
        failing.append(Deferred())
        return failing[0]

    monkeypatch.setattr(server.server.services.store, "append_message", append)
    reply = alice.ask("message", send("lost"))
    await bob.sync()
    assert alice.events == bob.events == []
    failing[0].errback(StorageError("SQL of the disk"))
    answer = await reply
    assert answer["status_code"] == 250
    assert "SQL" not in answer["message"]
    await bob.sync()
    assert bob.events == []
    monkeypatch.undo()
    assert (await alice.call("message", send("kept")))["status_code"] == 200


async def test_a_command_that_was_received_happens_though_the_connection_is_gone(server: MemoryServer) -> None:
    alice, bob = await inside(server), await inside(server, "bob")
    alice.ask("message", send("last words")).addErrback(lambda failure: None)
    await alice.leave()
    await bob.sync()
    assert [name for name, _ in bob.events] == ["message", "gn_user_left", "gn_user_disconnected"]


async def test_the_inbox_is_bounded(server: MemoryServer) -> None:
    client = await inside(server)
    body = {"verb": "list", "target": {"id": ROOM}, "object": {"seq": 0}}
    asked = [client.ask("history", body) for _ in range(INBOX_LIMIT + 5)]
    assert not client.is_read
    for one in asked:
        assert (await one)["status_code"] == 200
    assert client.is_read


async def test_who_sends_above_the_rate_is_read_slowly(memory_server: Callable[..., MemoryServer]) -> None:
    clock = Clock()
    server = memory_server(channels=CHANNELS, limits=Limits(commands_per_s=1, burst=3), clock=clock)
    client, other = server.client(), server.client()
    asked = [client.ask("connect", {}) for _ in range(EXCESS_LIMIT)]
    assert client.is_read
    asked += [client.ask("connect", {}) for _ in range(5)]
    assert not client.is_read
    assert other.is_read
    assert {(await one)["status_code"] for one in asked[-5:]} == {900}
    clock.advance(EXCESS_PAUSE_S)
    assert client.is_read
    assert (await client.call("connect", {}))["status_code"] == 900
    clock.advance(1)
    assert (await client.call("connect", {}))["status_code"] == 200


async def test_who_does_not_log_in_is_closed(memory_server: Callable[..., MemoryServer]) -> None:
    clock = Clock()
    server = memory_server(channels=CHANNELS, limits=Limits(login_timeout_s=30), clock=clock)
    client, stays = server.client(), await inside(server)
    clock.advance(29)
    assert client.close_code is None
    clock.advance(1)
    assert client.close_code == 4001
    assert stays.close_code is None


async def test_a_failed_login_is_answered_then_closed(server: MemoryServer) -> None:
    client = server.client()
    assert (await client.login("0"))["status_code"] == 713
    assert (await client.login("alice"))["status_code"] == 713
    assert (await client.call("list_channels", {"verb": "list"}))["status_code"] == 804
    assert await client.closed() == 4001


async def test_the_third_malformed_frame_closes(server: MemoryServer) -> None:
    client = await inside(server)
    client.connection.malformed(Malformed("one", 7))
    client.connection.malformed(Malformed("two"))
    await client.sync()
    assert client.close_code is None
    assert client.log[0] == ("gn_error", {"status_code": 706, "message": "one"}, 7)
    assert client.log[1] == ("gn_error", {"status_code": 706, "message": "two"}, None)
    client.connection.malformed(Malformed("three"))
    assert client.close_code == 4007


async def test_an_unknown_event_is_answered_and_does_not_count(server: MemoryServer) -> None:
    client = await inside(server)
    for _ in range(5):
        answer = await client.call("make_coffee", {})
        assert answer == {"status_code": 607, "message": "no such event"}
    assert client.close_code is None


@pytest.mark.parametrize(
    ("payload", "reply_id"),
    [
        (b"", None),
        (b"{", None),
        (b"{}", None),
        (b"[]", None),
        (b'["connect"]', None),
        (b'["connect", {}, 1, 2]', None),
        (b'["connect", []]', None),
        (b'["connect", null, 5]', 5),
        (b'[5, {}, "me"]', "me"),
        (b'["connect", {}, 1.5]', None),
        (b'["connect", {}, true]', None),
        (b'["connect", {}, {}]', None),
        (b'["connect", {}, 9223372036854775808]', None),
        (b'["connect", [], -9223372036854775809]', None),
        (b'["connect", {}, %b]' % (b"9" * 4300), None),
        (b'["connect", {}, "%b"]' % (b"x" * 65), None),
        (b'["connect", {"a": NaN}]', None),
        (b'["connect", {"a": "\xff"}]', None),
        (b'["connect", {"a": "\\ud800"}]', None),
        (b"[" * 60_000, None),
    ],
)
def test_what_is_no_command(payload: bytes, reply_id: Any) -> None:
    with pytest.raises(Malformed) as refused:
        parse(payload)
    assert refused.value.reply_id == reply_id


def test_what_is_a_command() -> None:
    assert parse(b'["connect", {}]') == Command("connect", {})
    assert parse(b'["connect", {"a": 1}, "me"]') == Command("connect", {"a": 1}, "me")
    assert parse(b'["connect", {}, null]') == Command("connect", {})
    assert parse(b'["connect", {}, -9223372036854775808]') == Command("connect", {}, -(2**63))


@given(st.binary(max_size=60))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_any_bytes_are_a_command_or_malformed(payload: bytes) -> None:
    try:
        assert isinstance(parse(payload).data, dict)
    except Malformed as refused:
        assert refused.detail


async def test_nothing_runs_behind_a_logout(server: MemoryServer) -> None:
    alice, second = await inside(server), await inside(server)
    bob = await inside(server, "bob")
    waits = {"verb": "list", "target": {"id": ROOM}, "object": {"seq": 0}}
    first, last = alice.ask("history", waits), alice.ask("disconnect", {})
    for event, body in (("join", JOIN), ("message", send("behind")), ("list_channels", {"verb": "list"})):
        alice.connection.command(Command(event, body, "late"))
    assert (await first)["status_code"] == 200
    assert await last == {"status_code": 200}
    await second.leave()
    await bob.sync()
    assert [name for name, _ in bob.events] == ["gn_user_left", "gn_user_disconnected"]
    assert not [one for one in alice.log if one[2] == "late"]
    await bob.leave()
    assert not server.server.presence.subscriptions._subscribers
    assert not server.server.front.connections


@implementer(IGuard)
class Doorkeeper:
    """Sends away who wants to leave a room."""

    name = "doorkeeper"
    phase = Phase.CUSTOM
    verbs = frozenset({"leave"})

    def __init__(self, code: ErrorCode) -> None:
        self.code = code

    async def check(self, context: Context, request: Any) -> None:
        raise ChatError(self.code, closing=True)


@pytest.mark.parametrize(
    ("code", "close_code"), [(ErrorCode.RATE_LIMITED, 4029), (ErrorCode.NOT_ALLOWED, 1000)], ids=["flood", "other"]
)
async def test_a_refusal_can_end_the_session(server: MemoryServer, code: ErrorCode, close_code: int) -> None:
    server.server.pipeline.add_guards([Doorkeeper(code)])
    alice, bob = await inside(server), await inside(server, "bob")
    asked = [alice.ask("message", send("before")), alice.ask("leave", LEAVE)]
    alice.ask("message", send("behind")).addErrback(lambda failure: None)
    assert [(await one)["status_code"] for one in asked] == [200, code.wire]
    assert alice.close_code == close_code
    await alice.connection.ended()
    await bob.sync()
    assert [name for name, _ in bob.events] == ["message", "gn_user_left", "gn_user_disconnected"]


async def test_a_join_that_waited_while_another_came_and_went(server: MemoryServer) -> None:
    slow, quick = server.client(), server.client()
    await slow.login("slow")
    await quick.login("quick")
    joined = slow.ask("join", JOIN)
    came, went = quick.ask("join", JOIN), quick.ask("leave", LEAVE)
    assert [(await one)["status_code"] for one in (joined, came, went)] == [200, 200, 200]
    await slow.sync()
    assert "slow" in [data["actor"]["id"] for data in slow.heard("gn_user_joined")]
    assert (await slow.call("message", send("here")))["status_code"] == 200


async def test_the_end_comes_after_everybody_was_told(server: MemoryServer, monkeypatch: pytest.MonkeyPatch) -> None:
    alice = await inside(server)
    told: list[int] = []
    pipeline = server.server.pipeline
    publish = pipeline.publish

    def counted(outcome: Any) -> None:
        publish(outcome)
        told.append(len(outcome.events))

    monkeypatch.setattr(pipeline, "publish", counted)
    ended, also = alice.connection.ended(), alice.connection.ended()
    alice.connection.closed()
    await ended
    await also
    assert told == [2]
    await alice.connection.ended()


async def test_a_bug_in_the_conversation_closes_it(server: MemoryServer, monkeypatch: pytest.MonkeyPatch) -> None:
    alice = await inside(server)

    def broken(session: Any, frame: bytes) -> None:
        raise ValueError("cannot be sent")

    monkeypatch.setattr(server.server.front.delivery, "send", broken)
    alice.ask("message", send("x")).addErrback(lambda failure: failure.trap(ConnectionDone))
    assert await alice.closed() == 1011
    monkeypatch.undo()
    await server.settle()
    assert not server.server.presence.is_online("alice")  # type: ignore[arg-type]


async def test_a_draining_connection_reads_nothing_more(server: MemoryServer) -> None:
    alice = await inside(server)
    body = {"verb": "list", "target": {"id": ROOM}, "object": {"seq": 0}}
    asked = [alice.ask("history", body) for _ in range(INBOX_LIMIT + 5)]
    await alice.connection.drain()
    assert not alice.is_read
    for one in asked:
        assert (await one)["status_code"] == 200
