"""What others wrote above a user's marker."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import gatherResults

from chat.messages import Appended, Unread
from chat.model import Message, Receipt
from chat.receipts import Acknowledgement, Named
from chat.storage import receipting
from chat.times import utc_now

from .opened import Opened, audit


async def post(opened: Opened, authors: str, **members: Any) -> list[Message]:
    """A message for each letter: `a` is alice's, `b` is bob's."""
    who = {"a": opened.alice, "b": opened.bob}
    drafts = [opened.draft(str(number), author=who[one], **members) for number, one in enumerate(authors)]
    appended: list[Appended] = await gatherResults([opened.store.append_message(draft) for draft in drafts])
    return [one.message for one in appended]


async def read(opened: Opened, message: Message) -> None:
    """Bob reads up to there."""
    await opened.store.acknowledge(
        Acknowledgement(opened.bob, opened.room(), (Named.of(message),), Receipt.READ, utc_now())
    )


async def unread(opened: Opened, limit: int = 10) -> list[int]:
    """What bob has not read."""
    found: Unread = await opened.store.unread_messages(opened.bob, opened.room(), limit)
    return [message.seq for message in found.messages]


async def test_only_what_others_wrote_above_the_marker(opened: Opened) -> None:
    assert await opened.store.unread_messages(opened.bob, opened.room(), 10) == Unread((), 0, 0, 0)
    posted = await post(opened, "aabaab")
    await post(opened, "aa", room=1)
    everything = tuple(message for message in posted if message.author == opened.alice)
    assert await opened.store.unread_messages(opened.bob, opened.room(), 10) == Unread(everything, 6, 0, 0)
    await read(opened, posted[1])
    found = await opened.store.unread_messages(opened.bob, opened.room(), 10)
    assert found == Unread((posted[3], posted[4]), 6, 0, 2)
    assert await unread(opened, 1) == [5]
    await read(opened, posted[5])
    assert await unread(opened) == []


async def test_deleted_messages_are_not_unread(opened: Opened) -> None:
    posted = await post(opened, "aaa")
    await opened.store.delete_message(posted[1], utc_now())
    assert await unread(opened) == [1, 3]
    assert await unread(opened, 2) == [1, 3]
    await opened.store.clear_room(opened.room(), audit("clear-room"))
    await post(opened, "a")
    assert await unread(opened) == [4]


async def test_what_was_purged_is_not_unread(opened: Opened) -> None:
    await post(opened, "aa")
    await opened.store.purge_messages(utc_now().replace(year=9999), 1)
    found = await opened.store.unread_messages(opened.bob, opened.room(), 10)
    assert ([message.seq for message in found.messages], found.floor) == ([2], 1)


async def test_they_are_looked_for_among_the_newest(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    await post(opened, "aabbb")
    monkeypatch.setattr(receipting, "UNREAD_WITHIN", 4)
    assert await unread(opened) == [2]
