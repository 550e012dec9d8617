"""Messages: their numbers, and what reads find."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs
from twisted.internet.defer import Deferred, gatherResults

from chat.errors import ChatError, ErrorCode
from chat.messages import Appended, Draft, Span
from chat.model import Message, Room

from .opened import Opened, audit


async def post(opened: Opened, *bodies: str, **members: Any) -> list[Message]:
    appended: list[Appended] = await gatherResults(
        [opened.store.append_message(opened.draft(body, **members)) for body in bodies]
    )
    return [one.message for one in appended]


def seqs(span: Span) -> list[int]:
    return [message.seq for message in span.messages]


async def test_a_message_comes_back_as_it_was_sent(opened: Opened) -> None:
    draft = opened.draft("hello", client_id="mine")
    appended = await opened.store.append_message(draft)
    message = appended.message
    assert appended == Appended(
        Message(
            key=message.key,
            id=draft.id,
            room_id=draft.room.id,
            seq=1,
            author=opened.alice,
            body="hello",
            published=draft.published,
        ),
        repeated=False,
    )
    assert (await opened.store.recent_messages(draft.room, 10)).messages == (message,)


async def test_numbers_have_no_gaps_whatever_shares_a_commit(opened: Opened) -> None:
    drafts = [opened.draft(str(number), number % 3) for number in range(300)]
    appended: list[Appended] = await gatherResults([opened.store.append_message(draft) for draft in drafts])
    for number in range(3):
        mine = [one.message for one in appended[number::3]]
        assert [message.seq for message in mine] == list(range(1, 101))
        assert [message.key for message in mine] == sorted({message.key for message in mine})
        span = await opened.store.messages_after(opened.room(number), 0, 500)
        assert span == Span(tuple(mine), head=100, floor=0)


async def test_numbers_go_on_after_opening_again(opened: Opened) -> None:
    (first,) = await post(opened, "1")
    await opened.reopen()
    (second,) = await post(opened, "2")
    assert second.seq == 2
    assert second.key > first.key


async def test_failures_leave_no_gaps(opened: Opened) -> None:
    """Retries, refused drafts, unknown authors and messages of a removed room, all at once."""
    nobody = structs.replace(opened.alice, key=2**40)
    removed = await opened.store.create_room(opened.new_room("Removed"))
    await opened.store.remove_room(removed, audit("remove_room"))
    kinds: list[dict[str, Any]] = [{}, {}, {"author": nobody}, {"room": removed}, {"room": 1}, {"client_id": "own"}]
    writes: list[Deferred[Any]] = []
    for number in range(60):
        body = str(number)
        changes = kinds[number % 6] | ({"client_id": f"again{number // 12}"} if number % 6 == 1 else {})
        writes.append(opened.store.append_message(opened.draft(body, **changes)).addErrback(lambda failure: None))
    stored = [one for one in await gatherResults(writes) if one is not None]
    for number in range(2):
        span = await opened.store.messages_after(opened.room(number), 0, 500)
        assert seqs(span) == list(range(1, span.head + 1))
        fresh = [one.message for one in stored if one.message.room_id == f"room{number}" and not one.repeated]
        assert list(span.messages) == fresh
    assert span.head == 10
    assert (await opened.store.messages_after(removed, 0, 10)).head == 0


async def test_a_removed_room_takes_no_messages_and_keeps_those_it_has(opened: Opened) -> None:
    room = await opened.store.create_room(opened.new_room("Short"))
    before = await opened.store.append_message(opened.draft("before", room))
    removing = opened.store.remove_room(room, audit("remove_room"))
    after = opened.store.append_message(opened.draft("after", room))
    elsewhere = opened.store.append_message(opened.draft("elsewhere"))
    assert await removing is True
    with pytest.raises(ChatError) as refused:
        await after
    assert refused.value.code is ErrorCode.NO_SUCH_ROOM
    assert (await elsewhere).message.seq == 1
    assert await opened.store.messages_after(room, 0, 10) == Span((before.message,), head=1)


async def test_an_empty_room(opened: Opened) -> None:
    for reading in (
        opened.store.recent_messages(opened.room(), 10),
        opened.store.messages_after(opened.room(), 0, 10),
    ):
        assert await reading == Span((), head=0, floor=0)


async def test_recent_messages(opened: Opened) -> None:
    posted = await post(opened, *"abcdef")
    await post(opened, "elsewhere", room=1)
    opened.case.leave_tombstone(posted[4])
    for limit, expected in ((1, [6]), (3, [3, 4, 6]), (100, [1, 2, 3, 4, 6])):
        span = await opened.store.recent_messages(opened.room(), limit)
        assert seqs(span) == expected
        assert (span.head, span.floor) == (6, 0)


async def test_messages_after_a_number(opened: Opened) -> None:
    posted = await post(opened, *"abcdef")
    opened.case.leave_tombstone(posted[4])
    for seq, limit, expected in (
        (0, 100, [1, 2, 3, 4, 5, 6]),
        (3, 2, [4, 5]),
        (5, 100, [6]),
        (6, 100, []),
        (2**53, 100, []),
    ):
        span = await opened.store.messages_after(opened.room(), seq, limit)
        assert seqs(span) == expected
        assert (span.head, span.floor) == (6, 0)
        assert [message.seq for message in span.messages if message.deleted] == [5] * (5 in expected)


async def test_a_run_has_a_bound_in_bytes(opened: Opened) -> None:
    """And one message at least."""
    long = "😀" * 1_000_000
    for body in ("a", long, "b", "c", long):
        await post(opened, body)
    for limit, expected in ((10, [5]), (1, [5])):
        assert seqs(await opened.store.recent_messages(opened.room(), limit)) == expected
    for seq, expected in ((0, [1]), (1, [2]), (2, [3, 4]), (4, [5])):
        span = await opened.store.messages_after(opened.room(), seq, 10)
        assert (seqs(span), span.head) == (expected, 5)


async def test_authors_are_shown_as_they_are_now(opened: Opened) -> None:
    await post(opened, "from alice")
    await post(opened, "from bob", author=opened.bob)
    changed = await opened.store.update_attributes(opened.alice.id, {"avatar": "new"})
    span = await opened.store.recent_messages(opened.room(), 10)
    assert [message.author for message in span.messages] == [changed, opened.bob]


async def test_what_was_answered_can_be_read_at_once(opened: Opened) -> None:
    read: list[Deferred[Span]] = []

    def look(appended: Appended) -> int:
        read.append(opened.store.recent_messages(opened.room(), 500))
        return appended.message.seq

    numbers = await gatherResults(
        [opened.store.append_message(opened.draft("x")).addCallback(look) for _ in range(100)]
    )
    for number, span in zip(numbers, await gatherResults(read), strict=True):
        assert span.head >= number
        assert number in seqs(span)


@pytest.mark.parametrize("members", [1, 2, 51, 1001])
async def test_a_batch_of_any_size(opened: Opened, members: int) -> None:
    drafts: list[Draft] = [opened.draft(str(number)) for number in range(members)]
    appended = await gatherResults([opened.store.append_message(draft) for draft in drafts])
    assert [one.message.id for one in appended] == [draft.id for draft in drafts]
    assert [one.message.seq for one in appended] == list(range(1, members + 1))
    assert list((await opened.store.recent_messages(opened.room(), 2000)).messages) == [one.message for one in appended]


async def test_many_rooms_in_one_batch(opened: Opened) -> None:
    rooms: list[Room] = [
        await opened.store.create_room(opened.new_room(f"Many {number}", owner_limit=1000)) for number in range(120)
    ]
    drafts = [opened.draft("x", room) for room in rooms for _ in range(2)]
    appended = await gatherResults([opened.store.append_message(draft) for draft in drafts])
    assert [one.message.seq for one in appended] == [1, 2] * 120
    assert [one.message.room_id for one in appended] == [draft.room.id for draft in drafts]
