"""All or nothing, in order, in the reactor's thread, within bounds; and what is said when the database fails."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from msgspec import structs
from twisted.internet.defer import Deferred, DeferredList, gatherResults
from twisted.logger import capturedLogs, eventAsText
from twisted.python.failure import Failure

from chat.archive import Search
from chat.errors import ChatError, StorageError
from chat.model import MessageId, Receipt, RoomId
from chat.moderation import Report
from chat.plugin import Identity
from chat.receipts import Acknowledgement, Named, Window
from chat.times import utc_now

from .opened import ALICE, BOB, NOBODY, Opened, audit, key, mute, timer

# More than any store lets wait.
MANY = 1_000_000
SECRET = "what people wrote"


def read_by_bob(opened: Opened, seq: int) -> Acknowledgement:
    """Bob has read a message of the first room."""
    named = Named(1, MessageId("any"), seq, ALICE)
    return Acknowledgement(opened.bob, opened.room(), (named,), Receipt.READ, utc_now())


def reported_by_bob(number: int) -> Report:
    """Bob reports a message every day."""
    at = utc_now() + timedelta(days=number)
    return Report(
        message_id=MessageId(str(number)),
        room_id=RoomId("room0"),
        author_id=ALICE,
        reporter_id=BOB,
        body="",
        reason="",
        created=at,
    )


Write = Callable[[Opened, int], Deferred[Any]]
WRITES: dict[str, Write] = {
    "ping": lambda opened, number: opened.store.ping(),
    "record_login": lambda opened, number: opened.store.record_login(ALICE, Identity(str(number), {}), utc_now()),
    "make_known": lambda opened, number: opened.store.make_known(ALICE, Identity(str(number), {}), utc_now()),
    "update_attributes": lambda opened, number: opened.store.update_attributes(ALICE, {"a": str(number)}),
    "set_hidden": lambda opened, number: opened.store.set_hidden(ALICE, is_hidden=True, audit=audit("x")),
    "append_message": lambda opened, number: opened.store.append_message(opened.draft(str(number))),
    "create_room": lambda opened, number: opened.store.create_room(opened.new_room(f"New {number}", owner_limit=MANY)),
    "rename_room": lambda opened, number: opened.store.rename_room(opened.room(1), f"Old {number}", audit("x")),
    "remove_room": lambda opened, number: opened.store.remove_room(opened.room(2), audit("x")),
    "open_conversation": lambda opened, number: opened.store.open_conversation({ALICE: opened.alice.key}, utc_now()),
    "acknowledge": lambda opened, number: opened.store.acknowledge(read_by_bob(opened, number)),
    "discard_room": lambda opened, number: opened.store.discard_room(RoomId("room2"), utc_now()),
    "set_timer": lambda opened, number: opened.store.set_timer(timer(str(number))),
    "cancel_timer": lambda opened, number: opened.store.cancel_timer("kind", str(number)),
    "add_tallies": lambda opened, number: opened.store.add_tallies({RoomId("room0"): 1}, {ALICE: utc_now()}),
    "record": lambda opened, number: opened.store.record(audit(str(number))),
    "purge_audits": lambda opened, number: opened.store.purge_audits(utc_now() - timedelta(days=1), 1),
    "put_sanctions": lambda opened, number: opened.store.put_sanctions([mute()], [audit(str(number))]),
    "put_report": lambda opened, number: opened.store.put_report(reported_by_bob(number)),
    "put_key": lambda opened, number: opened.store.put_key(key(str(number)), audit("x")),
    "end_key": lambda opened, number: opened.store.end_key("none", audit("x")),
    "end_sanction": lambda opened, number: opened.store.end_sanction(mute(), audit(str(number))),
    "put_word": lambda opened, number: opened.store.put_word(f"word {number}", audit("x")),
    "end_words": lambda opened, number: opened.store.end_words([f"word {number}"], audit("x")),
}
REMOVALS = {"remove_room", "discard_room"}
REFUSED: dict[str, Write] = {
    "an unknown author": lambda opened, number: opened.store.append_message(
        opened.draft(SECRET, author=structs.replace(opened.alice, key=2**40))
    ),
    "an unknown user": lambda opened, number: opened.store.update_attributes(NOBODY, {"a": SECRET}),
    "an unknown muted": lambda opened, number: opened.store.put_sanctions([mute(reason=SECRET), mute(NOBODY)], []),
    "a newcomer who is muted nowhere": lambda opened, number: opened.store.put_sanctions(
        [mute(NOBODY, "nowhere")], [], [], {NOBODY: Identity(SECRET, {})}
    ),
    "a taken name": lambda opened, number: opened.store.create_room(opened.new_room("Room 0")),
}
READS: dict[str, Callable[[Opened], Deferred[Any]]] = {
    "find_user": lambda opened: opened.store.find_user(ALICE),
    "find_users": lambda opened: opened.store.find_users([ALICE]),
    "recent_messages": lambda opened: opened.store.recent_messages(opened.room(), 10),
    "messages_after": lambda opened: opened.store.messages_after(opened.room(), 0, 10),
    "search_messages": lambda opened: opened.store.search_messages(Search(author=opened.alice)),
    "find_message": lambda opened: opened.store.find_message(MessageId("unknown")),
    "list_reports": lambda opened: opened.store.list_reports(10),
    "find_conversation": lambda opened: opened.store.find_conversation(RoomId("room0")),
    "conversation_among": lambda opened: opened.store.conversation_among(frozenset({ALICE})),
    "find_named": lambda opened: opened.store.find_named(opened.room(), [MessageId("unknown")]),
    "receipts_of": lambda opened: opened.store.receipts_of(ALICE, [MessageId("unknown")], BOB),
    "unacknowledged": lambda opened: opened.store.unacknowledged(opened.alice, Window(0, 1, 1)),
    "read_up_to": lambda opened: opened.store.read_up_to(opened.alice, opened.room()),
    "count_joins": lambda opened: opened.store.count_joins([RoomId("room0")]),
    "list_keys": lambda opened: opened.store.list_keys(),
    "last_online": lambda opened: opened.store.last_online([ALICE]),
}


async def test_writes_of_all_kinds_fire_in_the_order_of_the_calls(opened: Opened) -> None:
    fired: list[tuple[str, int]] = []
    calls = [(name, number) for number in range(20) for name in (*WRITES, *REFUSED)]

    def note(result: object, call: tuple[str, int]) -> None:
        fired.append(call)

    kinds = WRITES | REFUSED
    await gatherResults([kinds[name](opened, number).addBoth(note, (name, number)) for name, number in calls])
    assert fired == calls


async def test_writes_take_effect_in_the_order_of_the_calls(opened: Opened) -> None:
    writes: list[Deferred[Any]] = []
    for number in range(100):
        writes += [write(opened, number) for name, write in WRITES.items() if name not in REMOVALS]
    await gatherResults(writes)
    assert [row[2] for row in opened.case.audits() if row[2] != "x"] == [
        str(number) for number in range(100) for _ in range(3)
    ]
    user = await opened.known(ALICE)
    assert (user.name, user.attributes) == ("99", {"a": "99"})
    span = await opened.store.messages_after(opened.room(), 0, 500)
    assert [message.body for message in span.messages] == [str(number) for number in range(100)]


@pytest.mark.parametrize("name", [*WRITES, *READS])
async def test_it_fires_in_the_thread_of_the_reactor(opened: Opened, name: str) -> None:
    threads: list[int] = []
    asked = WRITES[name](opened, 1) if name in WRITES else READS[name](opened)
    assert not asked.called
    await asked.addBoth(lambda result: threads.append(threading.get_ident()))
    assert threads == [threading.get_ident()]


@pytest.mark.parametrize("name", REFUSED)
async def test_a_method_that_fails_takes_back_itself_alone(opened: Opened, name: str) -> None:
    before = opened.store.append_message(opened.draft("before"))
    failing = REFUSED[name](opened, 1)
    after = opened.store.append_message(opened.draft("after"))
    assert (await before).message.seq == 1
    with pytest.raises((StorageError, ChatError)):
        await failing
    assert (await after).message.seq == 2
    content = opened.case.content()
    assert SECRET not in repr(content)
    assert content["sanctions"] == []


def check_words(problem: BaseException) -> None:
    words = str(problem).lower()
    for word in ("select", "insert", "update", "delete", "messages", "sqlite", "psycopg", "sqlalchemy", SECRET):
        assert word not in words


async def test_a_failure_of_the_database_is_told_in_the_stores_own_words(opened: Opened) -> None:
    """And nothing of what people wrote gets into the log."""
    room = await opened.store.create_room(opened.new_room("Room"))
    with capturedLogs() as logged, opened.case.broken():
        failing: list[Deferred[Any]] = [
            opened.store.append_message(opened.draft(SECRET, client_id=SECRET)),
            opened.store.append_message(opened.draft(SECRET, room)),
            opened.store.recent_messages(room, 10),
            opened.store.messages_after(room, 0, 10),
        ]
        outcomes = await DeferredList(failing, consumeErrors=True)
        sound = (await opened.store.record_login(ALICE, Identity("Sound", {}), utc_now())).user
    for succeeded, outcome in outcomes:
        assert not succeeded
        assert isinstance(outcome, Failure)
        assert type(outcome.value) is StorageError
        check_words(outcome.value)
    assert sound.name == "Sound"
    assert logged
    for event in logged:
        assert SECRET not in eventAsText(event, includeTraceback=True)
    assert (await opened.store.append_message(opened.draft("mended"))).message.seq == 1


async def test_as_many_writes_wait_as_the_bound_allows(opened: Opened) -> None:
    accepted: list[Deferred[None]] = []
    with opened.case.stalled():
        refused = None
        while refused is None and len(accepted) < MANY:
            one = opened.store.ping()
            if one.called:
                refused = one
            else:
                accepted.append(one)
    assert refused is not None
    with pytest.raises(StorageError):
        await refused
    await gatherResults(accepted)
    await opened.store.ping()


async def test_as_many_reads_wait_as_the_bound_allows(opened: Opened) -> None:
    accepted: list[Deferred[Any]] = []
    refused = None
    while refused is None and len(accepted) < MANY:
        one = opened.store.find_user(ALICE)
        if one.called:
            refused = one
        else:
            accepted.append(one)
    assert refused is not None
    with pytest.raises(StorageError):
        await refused
    assert await gatherResults(accepted) == [opened.alice] * len(accepted)
    assert await opened.store.find_user(ALICE) == opened.alice
