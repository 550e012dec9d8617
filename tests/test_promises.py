"""The promises of `chat.ichat`, one test each. Every one of them fails when its promise is broken."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import Deferred, gatherResults

from chat import bus
from chat.config import HistoryOptions
from chat.storage import database, readers, writer
from chat.testing import MemoryClient, MemoryServer
from chat.wire import bounded, session, websocket
from tests.conversing import CHANNELS, JOIN, LEAVE, ROOM, inside, send


@pytest.fixture
def server(memory_server: Callable[..., MemoryServer]) -> MemoryServer:
    return memory_server(channels=CHANNELS, history=HistoryOptions(limit=1000))


async def test_1_commands_of_a_connection_take_effect_and_are_answered_in_order(server: MemoryServer) -> None:
    client = await inside(server, "alice")
    chance = random.Random(1)
    asked: list[tuple[str, Deferred[Any]]] = []
    for _ in range(200):
        event = chance.choice(["message", "message", "message", "leave", "join", "history"])
        body = {"message": send("x"), "leave": LEAVE, "join": JOIN, "history": {"verb": "list", "target": {"id": ROOM}}}
        asked.append((event, client.ask(event, body[event])))
    is_in, said = True, 0
    for event, reply in asked:
        answer = await reply
        if event == "message":
            assert answer["status_code"] == (200 if is_in else 702)
            said += is_in
        elif event == "history":
            assert len(answer["data"]["object"]["attachments"]) == said
        else:
            is_in = event == "join"
    ids = [reply_id for _, _, reply_id in client.log if reply_id is not None]
    assert ids == sorted(ids)


async def test_2_messages_are_seen_in_seq_order_and_a_joiner_misses_none(server: MemoryServer) -> None:
    senders = [await inside(server, f"sender{number}") for number in range(5)]
    watcher = await inside(server, "watcher")
    joiners: list[MemoryClient] = []
    chance = random.Random(2)
    waiting: list[Deferred[Any]] = []
    heads: list[Deferred[Any]] = []
    for number in range(100):
        waiting += [sender.ask("message", send(str(number))) for sender in senders if chance.random() < 0.7]
        if number % 5 == 0:
            joiners.append(server.client())
            heads.append(Deferred.fromCoroutine(come_in(joiners[-1], f"joiner{number}")))
        if number % 7 == 0:
            await watcher.sync()
    seqs = [answer["data"]["seq"] for answer in await gatherResults(waiting)]
    total = len(seqs)
    assert sorted(seqs) == list(range(1, total + 1))
    starts = await gatherResults(heads)
    for client, head in [(watcher, 0), *((sender, 0) for sender in senders), *zip(joiners, starts, strict=True)]:
        await client.sync()
        assert [data["seq"] for data in client.heard("message")] == list(range(head + 1, total + 1))


async def come_in(client: MemoryClient, user_id: str) -> int:
    """Log in and join; the head of the join reply, whose history is complete up to there."""
    await client.login(user_id)
    joined = (await client.call("join", JOIN))["data"]["object"]
    history = joined["attachments"][1]["attachments"]
    assert [entry["seq"] for entry in history] == list(range(joined["head"], 0, -1))
    head: int = joined["head"]
    return head


async def test_3_the_reply_comes_before_the_echo(server: MemoryServer) -> None:
    client = await inside(server, "alice")
    await gatherResults([client.ask("message", send(str(number))) for number in range(50)])
    await client.sync()
    answered: set[str] = set()
    for name, body, _ in client.log:
        if name == "gn_message":
            answered.add(body["data"]["id"])
        elif name == "message":
            assert body["id"] in answered
    assert len(answered) == 50


async def test_4_nothing_is_answered_or_announced_before_its_commit(
    server: MemoryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That a commit survives a kill is tested with real kills, in `tests/functional/test_kill.py`."""
    alice, bob = await inside(server, "alice"), await inside(server, "bob")
    committed: list[int] = []
    batches = server.server.services.store._writer  # type: ignore[attr-defined]
    commit = batches._commit

    def counted(connection: Any, batch: Any) -> Any:
        assert not [name for name, _, _ in (*alice.log, *bob.log) if name in {"message", "gn_message"}]
        results = commit(connection, batch)
        assert not connection.in_transaction()
        committed.extend(one.message.seq for one in results if one is not None)
        return results

    monkeypatch.setattr(batches, "_commit", counted)
    alice.log.clear()
    replies = await gatherResults([alice.ask("message", send(str(number))) for number in range(5)])
    assert committed == [reply["data"]["seq"] for reply in replies]


async def test_5_a_client_heals_a_gap_with_history(server: MemoryServer) -> None:
    alice = await inside(server, "alice")
    bob = await inside(server, "bob")
    await gatherResults([alice.ask("message", send(str(number))) for number in range(3)])
    await bob.sync()
    seen = bob.heard("message")[-1]["seq"]
    await bob.leave()
    missed = [(await alice.call("message", send(f"missed {number}")))["data"]["id"] for number in range(4)]
    again = await inside(server, "bob")
    body = {"verb": "list", "target": {"id": ROOM}, "object": {"seq": seen}}
    healed = (await again.call("history", body))["data"]["object"]
    assert [entry["id"] for entry in healed["attachments"]] == missed
    assert (healed["head"], healed["more"], healed["recovered"]) == (seen + 4, False, True)


def test_6_what_waits_has_a_bound_and_a_timeout() -> None:
    """That each bound is kept is tested where it is: sessions, WebSocket, bus, writer, store."""
    for bound in (
        session.INBOX_LIMIT,
        session.UNSETTLED_LIMIT,
        session.COMMAND_TIMEOUT_S,
        websocket.STALL_S,
        bounded.CLOSE_HANDSHAKE_S,
        bus.QUEUE_LIMIT,
        bus.OBSERVE_TIMEOUT_S,
        writer.QUEUE_LIMIT,
        writer.WRITE_TIMEOUT_S,
        readers.READ_LIMIT,
        readers.READ_TIMEOUT_S,
        database.CLOSE_TIMEOUT_S,
    ):
        assert 0 < bound < float("inf")


async def test_6_a_verb_that_never_ends_is_given_up(server: MemoryServer, monkeypatch: pytest.MonkeyPatch) -> None:
    client = await inside(server, "alice")
    monkeypatch.setattr(session, "COMMAND_TIMEOUT_S", 0.01)
    monkeypatch.setattr(server.server.services.store, "messages_after", lambda room, seq, limit: Deferred())
    body = {"verb": "list", "target": {"id": ROOM}, "object": {"seq": 0}}
    answer = await client.call("history", body)
    assert answer == {"status_code": 250, "message": "the command took too long"}
    assert (await client.call("message", send("next")))["status_code"] == 200


async def test_two_servers_in_one_process_know_nothing_of_each_other(
    memory_server: Callable[..., MemoryServer], server: MemoryServer
) -> None:
    other = memory_server(channels=CHANNELS)
    alice, bob = await inside(server, "alice"), await inside(other, "bob")
    await alice.call("message", send("here"))
    await bob.sync()
    assert bob.events == []
    assert (await bob.call("message", send("there")))["data"]["seq"] == 1
    assert not other.server.presence.is_online("alice")  # type: ignore[arg-type]
