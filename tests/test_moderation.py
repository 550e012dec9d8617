"""Mutes in memory: in force until they end, and forgotten afterwards wherever they were."""

from __future__ import annotations

from datetime import datetime, timedelta

from chat.model import Mute, RoomId, UserId
from chat.moderation import Mutes
from chat.times import utc_now

NOW = utc_now()
ALICE, BOB = UserId("alice"), UserId("bob")
ONE, OTHER = RoomId("one"), RoomId("other")


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def mute(user_id: UserId, room_id: RoomId, seconds: float) -> Mute:
    return Mute(user_id, room_id, BOB, f"{seconds}s", "", at(seconds))


def test_a_mute_is_in_force_until_its_end() -> None:
    mutes, one = Mutes(), mute(ALICE, ONE, 10)
    mutes.put(one, NOW)
    assert mutes.of(ALICE, ONE, at(9.9)) == one
    assert mutes.in_room(ONE, at(9.9)) == mutes.of_user(ALICE, at(9.9)) == [one]
    assert mutes.of(ALICE, ONE, at(10)) is None
    assert mutes.in_room(ONE, at(10)) == mutes.of_user(ALICE, at(10)) == []
    assert mutes.of(BOB, ONE, NOW) is mutes.of(ALICE, OTHER, NOW) is None


def test_what_has_ended_is_forgotten_in_all_rooms() -> None:
    mutes = Mutes()
    mutes.load([mute(ALICE, ONE, 10), mute(BOB, ONE, 20)])
    mutes.put(mute(ALICE, OTHER, 15), NOW)
    mutes.put(mute(BOB, OTHER, 30), at(16))
    assert {room_id: list(users) for room_id, users in mutes._rooms.items()} == {ONE: [BOB], OTHER: [BOB]}


def test_a_mute_that_was_replaced_does_not_end_with_the_former_one() -> None:
    mutes = Mutes()
    mutes.put(mute(ALICE, ONE, 10), NOW)
    longer = mute(ALICE, ONE, 100)
    mutes.put(longer, at(5))
    mutes.put(mute(BOB, ONE, 100), at(50))
    assert mutes.of(ALICE, ONE, at(50)) == longer


def test_mutes_end_by_hand_and_with_their_room() -> None:
    mutes = Mutes()
    mutes.load([mute(ALICE, ONE, 10), mute(BOB, ONE, 10), mute(BOB, OTHER, 10)])
    mutes.end(ALICE, ONE)
    mutes.end(ALICE, ONE)
    assert [one.user_id for one in mutes.in_room(ONE, NOW)] == [BOB]
    mutes.forget_room(ONE)
    mutes.forget_room(ONE)
    assert mutes.in_room(ONE, NOW) == []
    mutes.end(BOB, OTHER)
    assert mutes._rooms == {}
    assert mutes._ends.first() is None
