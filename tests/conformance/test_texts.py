"""What people write comes back as it was: any character but NUL, any length; so do times and large numbers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.threads import deferToThread

from chat.messages import Span
from chat.model import ID_LENGTH, RoomId, UserId, new_id
from chat.plugin import Identity
from chat.times import utc_now

from .opened import ALICE, Opened, audit, in_reactor, mute, rules

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=300)
EXTREMES = [
    "",
    " ",
    "\t\r\n\x0b\x0c\x1c\x85\u2028\u2029",
    "\x01\x7f\x80\x9f",
    "ñ\u0303\u0301é e\u0301",
    "Ω Å ﬀ ŉ İ ß",
    "עברית \u202eright to left\u202c",
    "\ufeff\ufffd\ufffe\uffff",
    "😀👩‍👩‍👧‍👦🇩🇪\U0001f3f4\U000e0067\U000e007f",
    "\U00010000\U0010fffd\U0010ffff",
    "%s %(x)s ? :name $1 {0} ' '' \" ` \\ \\' \\\\ -- /* */ ; \\x00 \\u0000 NULL",
    "x" * 100_000,
]


async def kept(opened: Opened, text: str) -> None:
    """Put the text wherever a store takes one, and look."""
    stored = (await opened.store.append_message(opened.draft(text, client_id=new_id()))).message
    assert stored.body == text
    span: Span = await opened.store.recent_messages(opened.room(), 1)
    assert [(message.id, message.body) for message in span.messages] == [(stored.id, text)]
    user = (await opened.store.record_login(ALICE, Identity(text, {text: text}), utc_now())).user
    assert (user.name, user.attributes) == (text, {text: text})
    assert await opened.known(ALICE) == user


@pytest.mark.parametrize("text", EXTREMES, ids=range(len(EXTREMES)))
async def test_extreme_texts_are_kept(opened: Opened, text: str) -> None:
    await kept(opened, text)
    await opened.store.put_sanctions([mute(reason=text)], [])
    room = await opened.store.create_room(opened.new_room(text, acls=rules(text)))
    await opened.reopen()
    assert opened.world.sanctions[0].reason == text
    assert opened.room_of_id(room.id) == room
    assert room.acls[0].value == text


async def test_any_text_is_kept(opened: Opened) -> None:
    @settings(max_examples=100, deadline=None)
    @given(TEXTS)
    def check(text: str) -> None:
        in_reactor(lambda: kept(opened, text))

    await deferToThread(check)


async def test_a_message_of_the_greatest_length(opened: Opened) -> None:
    for character in ("x", "é", "😀"):
        body = character * 1_000_000
        stored = (await opened.store.append_message(opened.draft(body, client_id="a" + character))).message
        assert (await opened.store.append_message(opened.draft(body, client_id="a" + character))).repeated
        assert (await opened.store.messages_after(opened.room(), stored.seq - 1, 1)).messages[0].body == body


async def test_ids_of_the_greatest_length(opened: Opened) -> None:
    for character in ("a", "é", "😀"):
        longest = character * ID_LENGTH
        user = (await opened.store.record_login(UserId(longest), Identity("", {}), utc_now())).user
        assert await opened.known(UserId(longest)) == user
        room = await opened.store.create_room(opened.new_room(longest, id=RoomId(longest), owner_limit=9))
        draft = opened.draft("x", room, author=user, client_id=longest)
        assert not (await opened.store.append_message(draft)).repeated
        assert (await opened.store.append_message(draft)).repeated
        await opened.store.put_sanctions([mute(user.id, room.id)], [audit("mute", user.id, room.id)])
    await opened.reopen()
    assert len(opened.world.sanctions) == 3


@pytest.mark.parametrize(
    "moment",
    [
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999000, tzinfo=UTC),
        datetime(2001, 2, 3, 4, 5, 6, 1000, tzinfo=UTC),
        datetime(2038, 1, 19, 3, 14, 8, 1000, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999000, tzinfo=UTC),
    ],
)
async def test_times_are_kept_to_the_millisecond(opened: Opened, moment: datetime) -> None:
    await opened.store.append_message(opened.draft("x", published=moment))
    await opened.store.add_tallies({}, {ALICE: moment})
    await opened.reopen()
    span = await opened.store.recent_messages(opened.room(), 1)
    assert [message.published for message in span.messages] == [moment]
    assert await opened.store.last_online([ALICE]) == {ALICE: moment}


async def test_large_limits_and_long_lists(opened: Opened) -> None:
    await opened.store.append_message(opened.draft("x"))
    room: Any = opened.room()
    assert len((await opened.store.recent_messages(room, 2**31 - 1)).messages) == 1
    users = {UserId(f"user{number}"): utc_now() for number in range(2000)}
    rooms = {RoomId(f"unknown{number}"): 1 for number in range(2000)}
    await opened.store.add_tallies(rooms, users)
    assert await opened.store.last_online([*users]) == {}
    assert await opened.store.count_joins([*rooms]) == {}
