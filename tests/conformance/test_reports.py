"""Reports of messages: kept once for each message and reporter, not without bound, and read page by page."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec import structs
from twisted.internet.defer import gatherResults

from chat.errors import ChatError, ErrorCode, StorageError
from chat.model import Message, new_id
from chat.moderation import REPORTS_PER_DAY, Report
from chat.times import from_ms, to_ms, utc_now

from .opened import ALICE, BOB, NOBODY, Opened, audit

NOW = from_ms(to_ms(utc_now()))


async def said(opened: Opened, body: str = "rude", room: int = 0) -> Message:
    message: Message = (await opened.store.append_message(opened.draft(body, room))).message
    return message


def report_of(message: Message, at: datetime = NOW, **members: Any) -> Report:
    """Bob's report of a message, as it is read again."""
    values: dict[str, Any] = {
        "message_id": message.id,
        "room_id": message.room_id,
        "room_name": "Room 0",
        "author_id": ALICE,
        "author_name": "Alice",
        "reporter_id": BOB,
        "reporter_name": "Bob",
        "body": message.body,
        "reason": "würde 😀",
        "created": at,
    }
    return Report(**(values | members))


async def test_reports_are_there_after_opening_again(opened: Opened) -> None:
    first = report_of(await said(opened))
    second = report_of(await said(opened, "again"), reason="")
    for report in (first, second):
        assert await opened.store.put_report(report) is True
    await opened.reopen()
    assert await opened.store.list_reports(10) == (second, first)


async def test_a_message_is_reported_once_by_each(opened: Opened) -> None:
    message = await said(opened)
    first = report_of(message)
    repeated = report_of(message, reason="other", body="other")
    other = report_of(message, reporter_id=ALICE, reporter_name="Alice")
    assert [await opened.store.put_report(one) for one in (first, repeated, other)] == [True, False, True]
    assert await opened.store.list_reports(10) == (other, first)


async def test_pages(opened: Opened) -> None:
    reports = [report_of(await said(opened, str(number))) for number in range(5)]
    for report in reports:
        await opened.store.put_report(report)
    newest_first = tuple(reports[::-1])
    assert await opened.store.list_reports(2) == newest_first[:2]
    assert await opened.store.list_reports(2, newest_first[1].id) == newest_first[2:4]
    assert await opened.store.list_reports(2, newest_first[3].id) == newest_first[4:]
    assert await opened.store.list_reports(2, newest_first[4].id) == ()
    assert await opened.store.list_reports(2, "unknown") == ()


async def test_a_user_reports_so_many_a_day(opened: Opened) -> None:
    messages = [await said(opened, str(number)) for number in range(REPORTS_PER_DAY + 1)]
    *most, last = [report_of(message) for message in messages]
    await gatherResults([opened.store.put_report(report) for report in most])
    with pytest.raises(ChatError) as refused:
        await opened.store.put_report(last)
    assert refused.value.code is ErrorCode.NOT_ALLOWED
    assert await opened.store.put_report(most[0]) is False
    assert await opened.store.put_report(structs.replace(last, id=new_id(), reporter_id=ALICE)) is True
    tomorrow = NOW + timedelta(days=1)
    almost = structs.replace(last, created=tomorrow - timedelta(milliseconds=1))
    with pytest.raises(ChatError):
        await opened.store.put_report(almost)
    assert await opened.store.put_report(structs.replace(last, created=tomorrow)) is True


async def test_a_report_of_nobody_or_nowhere_is_not_kept(opened: Opened) -> None:
    report = report_of(await said(opened))
    for wrong in ({"reporter_id": NOBODY}, {"author_id": NOBODY}, {"room_id": "nowhere"}):
        with pytest.raises((StorageError, ChatError)):
            await opened.store.put_report(structs.replace(report, **wrong))
    assert await opened.store.list_reports(10) == ()


async def test_a_report_from_a_room_that_was_removed_is_not_kept(opened: Opened) -> None:
    before, late = report_of(await said(opened)), report_of(await said(opened))
    assert await opened.store.put_report(before) is True
    await opened.store.remove_room(opened.room(), audit("remove"))
    with pytest.raises(ChatError) as refused:
        await opened.store.put_report(late)
    assert refused.value.code is ErrorCode.NO_SUCH_ROOM
    assert await opened.store.list_reports(10) == (before,)
