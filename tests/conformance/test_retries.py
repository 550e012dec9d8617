"""Retries: a client's own id stores a message once within 24 h."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from chat.errors import ChatError, ErrorCode
from chat.messages import Appended
from chat.times import utc_now

from .opened import Opened

DAY = timedelta(hours=24)


async def post(opened: Opened, body: str, **members: Any) -> Appended:
    appended: Appended = await opened.store.append_message(opened.draft(body, **members))
    return appended


async def test_a_retry_gives_the_first_message_again(opened: Opened) -> None:
    first = await post(opened, "hello", client_id="a")
    await post(opened, "between")
    again = await post(opened, "hello", client_id="a", published=utc_now() + timedelta(hours=1))
    assert (first.repeated, again.repeated) == (False, True)
    assert again.message == first.message
    assert (await opened.store.recent_messages(opened.room(), 10)).head == 2


async def test_a_retry_with_another_text_is_refused(opened: Opened) -> None:
    await post(opened, "hello", client_id="a")
    for other in ("hello ", "Hello", "", "h\u0065\u0301llo"):
        with pytest.raises(ChatError) as refused:
            await post(opened, other, client_id="a")
        assert refused.value.code is ErrorCode.VALIDATION_ERROR
    assert (await opened.store.recent_messages(opened.room(), 10)).head == 1


async def test_an_id_is_its_authors_in_its_room(opened: Opened) -> None:
    await post(opened, "hello", client_id="a")
    for changes in ({"author": opened.bob}, {"room": 1}, {"client_id": "A"}, {"client_id": "a "}, {"client_id": None}):
        assert not (await post(opened, "other", **({"client_id": "a"} | changes))).repeated


async def test_retries_in_one_commit(opened: Opened) -> None:
    results: list[Any] = []
    for body in ("same", "same", "other", "same"):
        opened.store.append_message(opened.draft(body, client_id="a")).addBoth(results.append)
    await opened.store.ping()
    assert [getattr(one, "repeated", None) for one in results] == [False, True, None, True]
    assert results[1].message == results[3].message == results[0].message
    assert results[2].check(ChatError).__name__ == "ChatError"
    assert (await opened.store.recent_messages(opened.room(), 10)).messages == (results[0].message,)


async def test_a_retry_of_what_was_stored_and_of_what_is_new_in_one_commit(opened: Opened) -> None:
    first = await post(opened, "old", client_id="old")
    tries: list[Deferred[Appended]] = [
        opened.store.append_message(opened.draft(body, client_id=body)) for body in ("new", "old", "new", "newer")
    ]
    results = [await one for one in tries]
    assert [one.repeated for one in results] == [False, True, True, False]
    assert results[1].message == first.message
    assert results[2].message == results[0].message
    assert [one.message.seq for one in results] == [2, 1, 2, 3]


async def test_an_id_counts_for_a_day(opened: Opened) -> None:
    now = utc_now()

    async def posted_at(published: datetime) -> Appended:
        return await post(opened, "hello", client_id="a", published=published)

    first = await posted_at(now)
    assert (await posted_at(now + DAY - timedelta(milliseconds=1))).message == first.message
    second = await posted_at(now + DAY)
    assert not second.repeated
    assert second.message.id != first.message.id
    again = await posted_at(now + DAY + timedelta(hours=1))
    assert (again.repeated, again.message) == (True, second.message)


async def test_the_day_is_counted_for_each_message_of_a_commit(opened: Opened) -> None:
    now = utc_now()
    for name in ("a", "b"):
        await post(opened, name, client_id=name, published=now)
    late = opened.store.append_message(opened.draft("a", client_id="a", published=now + DAY))
    early = opened.store.append_message(opened.draft("b", client_id="b", published=now + timedelta(hours=1)))
    assert not (await late).repeated
    assert (await early).repeated


async def test_retries_after_opening_again(opened: Opened) -> None:
    first = await post(opened, "hello", client_id="x" * 64)
    await opened.reopen()
    again = await post(opened, "hello", client_id="x" * 64)
    assert again.repeated
    assert again.message.id == first.message.id
    assert (await post(opened, "next")).message.seq == 2


async def test_a_retry_of_a_message_that_was_deleted_stores_nothing(opened: Opened) -> None:
    first = await post(opened, "hello", client_id="a")
    opened.case.leave_tombstone(first.message)
    assert (await post(opened, "hello", client_id="a")).repeated
    assert (await opened.store.messages_after(opened.room(), 0, 10)).head == 1
