"""What was said is looked for by room, author and time: the newest first, bit by bit, with all that is deleted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec import structs

from chat import archive
from chat.archive import Found, Record, Search, Whereabouts
from chat.messages import ROOM_BYTES, Appended
from chat.model import Message, MessageId, Room
from chat.storage import searching
from chat.times import utc_now

from .opened import Opened, audit

NOW = utc_now()


async def post(opened: Opened, *ages: float, room: Room | int = 0, **members: Any) -> list[Message]:
    """Messages that were published so many minutes ago; their texts say when."""
    posted = []
    for age in ages:
        draft = opened.draft(str(age), room, published=NOW - timedelta(minutes=age), **members)
        appended: Appended = await opened.store.append_message(draft)
        posted.append(appended.message)
    return posted


async def bits(opened: Opened, **members: Any) -> list[tuple[Record, ...]]:
    """All that is found, bit by bit."""
    below, seen = None, []
    while True:
        found: Found = await opened.store.search_messages(Search(**members), below)
        seen.append(found.records)
        if found.below is None:
            return seen
        below = found.below


async def texts(opened: Opened, **members: Any) -> list[str]:
    return [record.message.body for bit in await bits(opened, **members) for record in bit]


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


async def test_all_messages_and_where_they_were_said(opened: Opened) -> None:
    (first,) = await post(opened, 3)
    (second,) = await post(opened, 2, room=1, author=opened.bob)
    owners = {user.id: user.key for user in (opened.bob, opened.alice)}
    conversation = (await opened.store.open_conversation(owners, NOW)).conversation.room
    (third,) = await post(opened, 1, room=conversation)
    removed = await opened.store.create_room(opened.new_room("Removed"))
    (fourth,) = await post(opened, 0, room=removed)
    await opened.store.remove_room(removed, audit("remove-room"))
    ((*records,),) = await bits(opened)
    channel = opened.world.channels[0]

    def where(room_id: str, name: str) -> Whereabouts:
        return Whereabouts(room_id, name, channel.id, "Lobby")

    assert records == [
        Record(fourth, where(removed.id, "Removed")),
        Record(third, Whereabouts(conversation.id, "", "", "", True, (("alice", "Alice"), ("bob", "Bob")))),  # type: ignore[arg-type]
        Record(second, where("room1", "Room 1")),
        Record(first, where("room0", "Room 0")),
    ]
    assert await texts(opened, author=opened.bob) == ["2"]
    assert await texts(opened, author=opened.alice, room=opened.room(1)) == []
    assert await texts(opened, room=conversation) == ["1"]


async def test_where_nothing_was_said(opened: Opened) -> None:
    assert await opened.store.search_messages(Search()) == Found((), None)
    for members in ({"until": NOW}, {"since": NOW}, {"author": opened.bob}, {"before": MessageId("unknown")}):
        for room in (None, opened.room(2)):
            assert await texts(opened, room=room, **members) == []
    await post(opened, 1)
    assert await texts(opened, room=opened.room(1), until=NOW, since=ago(5)) == []


@pytest.mark.parametrize("room", [True, False])
async def test_times(opened: Opened, room: bool) -> None:
    """From a time on, and up to one that is not included; a second later or earlier makes no difference to others."""
    await post(opened, 500, 400, 300, 200, 100)
    await post(opened, 90, room=1 if room else 0)
    where = {"room": opened.room()} if room else {"author": opened.alice}
    newest = [] if room else ["90"]
    assert await texts(opened, **where, since=ago(300)) == [*newest, "100", "200", "300"]
    assert await texts(opened, **where, since=ago(299.9)) == [*newest, "100", "200"]
    assert await texts(opened, **where, until=ago(300)) == ["400", "500"]
    assert await texts(opened, **where, until=ago(299.9)) == ["300", "400", "500"]
    assert await texts(opened, **where, since=ago(400), until=ago(200)) == ["300", "400"]
    first, last = (datetime.fromisoformat(edge) for edge in ("0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00"))
    assert await texts(opened, **where, since=first, until=last) == await texts(opened, **where)
    assert await texts(opened, **where, since=last) == await texts(opened, **where, until=first) == []


async def test_messages_that_are_a_little_out_of_order_are_found(opened: Opened) -> None:
    """One waited before it was written, while others did not."""
    await post(opened, 50, 40, 40.9, 39.9, 30.8, 31.7, 20)
    for where in ({"room": opened.room()}, {}):
        assert await texts(opened, **where, until=ago(40.5), limit=1) == ["40.9", "50"]
        assert await texts(opened, **where, since=ago(31), limit=1) == ["20", "30.8"]
        assert await texts(opened, **where, since=ago(39.95), until=ago(31), limit=1) == ["31.7", "39.9"]


async def test_a_limit_is_how_many_come_at_once(opened: Opened) -> None:
    await post(opened, 5, 4, 3, 2, 1)
    found = await bits(opened, limit=2)
    assert [[record.message.body for record in bit] for bit in found] == [["1", "2"], ["3", "4"], ["5"]]
    found = await bits(opened, room=opened.room(), limit=5)
    assert [len(bit) for bit in found] == [5]


async def test_so_many_messages_are_looked_through_at_once(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "SEEN_AT_ONCE", 2)
    await post(opened, 7, author=opened.bob)
    await post(opened, 6, 5, 4, 3, 2)
    await post(opened, 1, author=opened.bob)
    for where in ({"room": opened.room()}, {}):
        found = await bits(opened, author=opened.bob, **where)
        assert [[record.message.body for record in bit] for bit in found] == [["1"], [], [], ["7"]]
        assert len(await bits(opened, author=opened.bob, since=ago(3), **where)) == 3


async def test_so_much_text_comes_at_once(opened: Opened) -> None:
    for letter in "abc":
        await opened.store.append_message(opened.draft(letter * (ROOM_BYTES // 2)))
    found = await bits(opened)
    assert [[record.message.body[0] for record in bit] for bit in found] == [["c"], ["b"], ["a"]]


async def test_deleted_messages_are_found_with_what_they_said(opened: Opened) -> None:
    posted = await post(opened, 4, 3, 2)
    await opened.store.delete_message(posted[1], NOW)
    await post(opened, 1, room=1)
    await opened.store.clear_room(opened.room(1), audit("clear-room"))
    ((*records,),) = await bits(opened)
    assert [(record.message.body, record.message.deleted) for record in records] == [
        ("1", True), ("2", False), ("3", True), ("4", False),
    ]  # fmt: skip
    assert await texts(opened, is_live=True) == ["2", "4"]
    assert await texts(opened, is_live=True, room=opened.room(1)) == []


async def test_what_came_before_a_message(opened: Opened) -> None:
    posted = await post(opened, 4, 3, 3, 2)
    (elsewhere,) = await post(opened, 1, room=1)
    for where in ({"room": opened.room()}, {"author": opened.alice}):
        assert await texts(opened, before=posted[2].id, **where) == ["3", "4"]
        assert await texts(opened, before=posted[2].id, until=ago(3), **where) == ["4"]
        assert await texts(opened, before=posted[0].id, **where) == []
    assert await texts(opened, before=elsewhere.id, room=opened.room()) == []


async def test_what_was_purged_is_not_found(opened: Opened) -> None:
    await post(opened, 500, 400, 2, 1)
    assert await opened.store.purge_messages(ago(100), 100) == 2
    for where in ({"room": opened.room()}, {}):
        assert await texts(opened, **where) == ["1", "2"]
        assert await texts(opened, **where, until=ago(1)) == ["2"]


async def collected(opened: Opened, search: Search) -> Sequence[Sequence[Record]]:
    return [bit async for bit in archive.Reading(opened.store, search).bits()]


async def test_a_whole_search_keeps_its_limit(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    await post(opened, *range(9, 0, -1))
    monkeypatch.setattr(archive, "FOUND_AT_ONCE", 2)
    search = Search(room=opened.room(), limit=5)
    assert [len(bit) for bit in await collected(opened, search)] == [2, 2, 1]
    assert [len(bit) for bit in await collected(opened, structs.replace(search, limit=100))] == [2, 2, 2, 2, 1]


async def test_a_whole_search_keeps_its_bound_in_text(opened: Opened) -> None:
    for letter in "abcde":
        await opened.store.append_message(opened.draft(letter * (ROOM_BYTES // 3 * 2)))
    found = await collected(opened, Search(limit=5))
    assert [record.message.body[0] for bit in found for record in bit] == ["e", "d"]


async def test_a_search_goes_on_to_the_beginning_of_a_second(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not further than there are bounds, nor before the time that is looked for; then it knows if there are more."""
    monkeypatch.setattr(archive, "FOUND_AT_ONCE", 2)
    second = utc_now().replace(microsecond=0)
    for number, seconds in enumerate((-1.5, -1, 0, 0.1, 0.2, 0.3, 0.9, 1)):
        published = second + timedelta(seconds=seconds)
        await opened.store.append_message(structs.replace(opened.draft(str(number)), published=published))

    async def read(**members: Any) -> tuple[str, bool]:
        search = Search(room=opened.room(), **members)
        reading = archive.Reading(opened.store, search, whole_second=True)
        found = [record.message.body async for bit in reading.bits() for record in bit]
        return "".join(found), await reading.has_more()

    assert await read(limit=1) == ("7", True)
    assert await read(limit=2) == await read(limit=5) == ("765432", True)
    assert await read(limit=7) == ("7654321", True)
    assert await read(limit=8) == ("76543210", False)
    assert await read(limit=2, since=second + timedelta(seconds=0.2)) == ("7654", False)
    monkeypatch.setattr(archive, "SECOND_LIMIT", 2)
    assert await read(limit=2) == ("7654", True)
    assert await read(limit=4) == ("765432", True)
    monkeypatch.setattr(archive, "SECOND_LIMIT", 9)
    monkeypatch.setattr(archive, "ROOM_BYTES", 1)
    assert await read(limit=9) == ("7654", True)
