"""Old messages go: the oldest first, with all that refers to them, and the floors of their rooms tell."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec import structs

from chat.messages import Appended
from chat.model import Message, Receipt, Room
from chat.plugin import Identity
from chat.receipts import Acknowledgement, Named
from chat.times import utc_now

from .opened import Opened, audit

NOW = utc_now()
MONTH_AGO, WEEK_AGO, YESTERDAY = (NOW - timedelta(days=days) for days in (30, 7, 1))


async def post(opened: Opened, published: datetime, *places: Room | int, **members: Any) -> list[Message]:
    """A message in each of the rooms."""
    posted = []
    for place in places:
        draft = opened.draft(f"since {published}", place, published=published, **members)
        appended: Appended = await opened.store.append_message(draft)
        posted.append(appended.message)
    return posted


async def kept(opened: Opened, room: Room | int = 0) -> tuple[list[int], int, int]:
    """The numbers of the messages that a room has, its head and its floor."""
    place = room if isinstance(room, Room) else opened.room(room)
    span = await opened.store.messages_after(place, 0, 500)
    return [message.seq for message in span.messages], span.head, span.floor


async def test_what_is_old_goes_and_the_floor_rises_to_it(opened: Opened) -> None:
    await post(opened, MONTH_AGO, 0, 0, 1)
    await post(opened, YESTERDAY, 0, 1, 2)
    assert await opened.store.purge_messages(WEEK_AGO, 100) == 3
    assert await kept(opened, 0) == ([3], 3, 2)
    assert await kept(opened, 1) == ([2], 2, 1)
    assert await kept(opened, 2) == ([1], 1, 0)
    span = await opened.store.recent_messages(opened.room(), 10)
    assert [message.seq for message in span.messages] == [3]
    assert await opened.store.purge_messages(WEEK_AGO, 100) == 0


async def test_numbers_go_on_and_the_floor_stays(opened: Opened) -> None:
    await post(opened, MONTH_AGO, 0, 0)
    assert await opened.store.purge_messages(NOW, 100) == 2
    assert await kept(opened) == ([], 2, 2)
    await opened.reopen()
    assert [message.seq for message in await post(opened, NOW, 0)] == [3]
    assert await kept(opened) == ([3], 3, 2)
    await post(opened, NOW, 1)
    assert await opened.store.purge_messages(NOW, 100) == 0
    assert await kept(opened) == ([3], 3, 2)


async def test_a_limit_takes_the_oldest_first(opened: Opened) -> None:
    await post(opened, MONTH_AGO, 0, 1, 0, 1, 0)
    assert [await opened.store.purge_messages(WEEK_AGO, 2) for _ in range(4)] == [2, 2, 1, 0]
    await post(opened, MONTH_AGO, 0, 1, 0)
    assert await opened.store.purge_messages(WEEK_AGO, 2) == 2
    assert await kept(opened, 0) == ([5], 5, 4)
    assert await kept(opened, 1) == ([], 3, 3)


async def test_what_was_published_at_that_very_time_stays(opened: Opened) -> None:
    await post(opened, WEEK_AGO, 0)
    assert await opened.store.purge_messages(WEEK_AGO, 100) == 0
    assert await opened.store.purge_messages(WEEK_AGO + timedelta(milliseconds=1), 100) == 1


async def test_what_came_after_a_younger_one_stays(opened: Opened) -> None:
    """Whatever clock it was published by: what goes is a beginning of what was said."""
    await post(opened, MONTH_AGO, 0)
    await post(opened, YESTERDAY, 0)
    await post(opened, MONTH_AGO, 0, 1)
    assert await opened.store.purge_messages(WEEK_AGO, 100) == 1
    assert (await kept(opened, 0), await kept(opened, 1)) == (([2, 3], 3, 1), ([1], 1, 0))


async def test_deleted_messages_and_those_of_removed_and_cleared_rooms_go_too(opened: Opened) -> None:
    removed = await opened.store.create_room(opened.new_room("Removed"))
    first, _ = await post(opened, MONTH_AGO, 0, removed)
    await opened.store.delete_message(first, NOW)
    await opened.store.remove_room(removed, audit("remove_room"))
    await post(opened, MONTH_AGO, 1)
    await opened.store.clear_room(opened.room(1), audit("clear-room"))
    assert await opened.store.purge_messages(WEEK_AGO, 100) == 3
    for room in (0, 1, removed):
        assert await kept(opened, room) == ([], 1, 1)


async def test_what_refers_to_them_goes_with_them_and_markers_stay(opened: Opened) -> None:
    owners = {user.id: user.key for user in (opened.alice, opened.bob)}
    room = (await opened.store.open_conversation(owners, NOW)).conversation.room
    old, other, young = [
        (await post(opened, at, room, recipients=(opened.bob.key,)))[0] for at in (MONTH_AGO, MONTH_AGO, YESTERDAY)
    ]
    opened.case.refer(old, other)
    opened.case.refer(other, young)
    opened.case.refer(young, old)
    reading = Acknowledgement(opened.bob, room, (Named.of(other),), Receipt.READ, NOW)
    await opened.store.acknowledge(reading)
    assert await opened.store.purge_messages(WEEK_AGO, 100) == 2
    content = opened.case.content()
    assert [row[0] for row in content["messages"]] == [young.key]
    assert [row[0] for row in content["receipts"]] == [young.key]
    assert await opened.store.read_up_to(opened.bob, room) == other.seq
    waiting = (await opened.store.record_login(opened.bob.id, Identity("Bob", {}), NOW)).waiting
    assert [message.seq for message in waiting.messages] == [young.seq]


@pytest.mark.parametrize("kind", ["purged", "kept"])
async def test_a_retry_of_a_purged_message_is_a_new_one(opened: Opened, kind: str) -> None:
    (first,) = await post(opened, MONTH_AGO if kind == "purged" else YESTERDAY, 0, client_id="mine")
    await opened.store.purge_messages(WEEK_AGO, 100)
    again = await opened.store.append_message(
        opened.draft(first.body, published=first.published + timedelta(hours=1), client_id="mine")
    )
    assert again.repeated is (kind == "kept")
    assert again.message.seq == (2 if kind == "purged" else 1)


async def test_the_oldest_rows_of_the_audit_log_go(opened: Opened) -> None:
    for number, at in enumerate((MONTH_AGO, MONTH_AGO, MONTH_AGO, WEEK_AGO, MONTH_AGO)):
        await opened.store.record(structs.replace(audit(str(number)), at=at))
    assert [await opened.store.purge_audits(WEEK_AGO, 2) for _ in range(3)] == [2, 1, 0]
    assert [row[2] for row in opened.case.audits()] == ["3", "4"]
    assert await opened.store.purge_audits(NOW, 100) == 2
    await opened.store.record(audit("new"))
    assert [row[2] for row in opened.case.audits()] == ["new"]
