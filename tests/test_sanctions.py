"""Mutes and bans in memory: in force until they end, whatever becomes of the wall clock, and forgotten afterwards
wherever they were.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

import pytest
from twisted.internet.task import Clock

from chat.errors import ChatError, ErrorCode
from chat.events import BanNotice
from chat.model import Access, Ban, BanScope, Channel, ChannelId, Mute, Room, RoomId, RoomKind, UserId
from chat.sanctions import Bans, Mutes
from chat.times import utc_now

NOW = utc_now()
MANY = 1_000
ALICE, BOB = UserId("alice"), UserId("bob")
ONE, OTHER = RoomId("one"), RoomId("other")
LOBBY = Channel(1, ChannelId("lobby"), "Lobby", 0, (), True)
ROOM = Room(1, ONE, "One", LOBBY.id, RoomKind.STATIC, Access.OPEN, 0)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def mute(user_id: UserId, room_id: RoomId, seconds: float) -> Mute:
    return Mute(user_id, room_id, BOB, f"{seconds}s", "", at(seconds))


def ban(scope: BanScope, target_id: str, seconds: float, user_id: UserId = ALICE) -> Ban:
    return Ban(user_id, scope, target_id, BOB, f"{seconds}s", "why", at(seconds))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def mutes(clock: Clock) -> Mutes:
    return Mutes(clock.seconds)


@pytest.fixture
def bans(clock: Clock) -> Bans:
    return Bans(clock.seconds)


def test_a_mute_is_in_force_until_its_end(mutes: Mutes, clock: Clock) -> None:
    one = mute(ALICE, ONE, 10)
    mutes.put(one, NOW)
    clock.advance(9.5)
    assert mutes.of(ALICE, ONE) == one
    assert mutes.seconds_left(one) == 1
    assert mutes.in_room(ONE) == mutes.of_user(ALICE) == [one]
    clock.advance(0.5)
    assert mutes.of(ALICE, ONE) is None
    assert mutes.in_room(ONE) == mutes.of_user(ALICE) == []
    assert mutes.of(BOB, ONE) is mutes.of(ALICE, OTHER) is None


def test_what_is_left_at_the_start_is_reckoned_by_the_wall_clock(mutes: Mutes, clock: Clock) -> None:
    mutes.load([mute(ALICE, ONE, 10), mute(BOB, ONE, -10)], at(4))
    assert mutes.of(BOB, ONE) is None
    clock.advance(5.9)
    assert mutes.of(ALICE, ONE) is not None
    clock.advance(0.2)
    assert mutes.of(ALICE, ONE) is None


def test_what_has_ended_is_forgotten_in_all_rooms_once(mutes: Mutes, clock: Clock) -> None:
    first, later = mute(ALICE, ONE, 10), mute(ALICE, OTHER, 15)
    mutes.load([first, mute(BOB, ONE, 20), later, mute(BOB, OTHER, 30)], NOW)
    assert mutes.take_ended(MANY) == ()
    clock.advance(16)
    assert mutes.take_ended(MANY) == (first, later)
    assert mutes.take_ended(MANY) == ()
    assert [list(users) for users in mutes._places.values()] == [[BOB], [BOB]]


def test_a_mute_that_was_replaced_does_not_end_with_the_former_one(mutes: Mutes, clock: Clock) -> None:
    mutes.put(mute(ALICE, ONE, 10), NOW)
    clock.advance(5)
    longer = mute(ALICE, ONE, 100)
    mutes.put(longer, at(5))
    clock.advance(50)
    assert mutes.take_ended(MANY) == ()
    assert mutes.of(ALICE, ONE) == longer


def test_of_those_that_have_ended_the_first_are_taken(mutes: Mutes, clock: Clock) -> None:
    first, second, third = mute(ALICE, ONE, 10), mute(BOB, ONE, 11), mute(ALICE, OTHER, 12)
    mutes.load([third, first, second], NOW)
    clock.advance(20)
    assert mutes.take_ended(2) == (first, second)
    assert mutes.take_ended(2) == (third,)


def test_what_is_put_back_has_ended_and_is_taken_again(mutes: Mutes, clock: Clock) -> None:
    first, second = mute(ALICE, ONE, 10), mute(BOB, ONE, 10)
    mutes.load([first, second], NOW)
    clock.advance(10)
    mutes.put_back(mutes.take_ended(MANY))
    assert mutes.of(ALICE, ONE) is mutes.of(BOB, ONE) is None
    assert mutes.in_room(ONE) == mutes.of_user(ALICE) == []
    assert set(mutes.take_ended(MANY)) == {first, second}
    assert [mutes._places, mutes._places_of] == [{}, {}]


def test_what_is_put_back_does_not_end_what_took_its_place(mutes: Mutes, clock: Clock) -> None:
    mutes.put(mute(ALICE, ONE, 10), NOW)
    clock.advance(10)
    taken = mutes.take_ended(MANY)
    again = mute(ALICE, ONE, 100)
    mutes.put(again, at(10))
    mutes.put_back(taken)
    assert mutes.of(ALICE, ONE) == again
    assert mutes.take_ended(MANY) == ()


def test_mutes_end_by_hand_and_with_their_room(mutes: Mutes) -> None:
    mutes.load([mute(ALICE, ONE, 10), mute(BOB, ONE, 10), mute(BOB, OTHER, 10)], NOW)
    for _ in range(2):
        mutes.end(("room", ONE), ALICE)
    assert [one.user_id for one in mutes.in_room(ONE)] == [BOB]
    for _ in range(2):
        mutes.forget_room(ONE)
    assert mutes.in_room(ONE) == []
    mutes.end(("room", OTHER), BOB)
    assert [mutes._places, mutes._places_of] == [{}, {}]
    assert mutes._ends.first() is None


def test_those_of_a_user_are_those_at_all_places(mutes: Mutes, clock: Clock) -> None:
    random, names = Random(7), "abcde"
    for _ in range(MANY):
        user_id, room_id = UserId(random.choice(names)), RoomId(random.choice(names))
        act = random.randrange(6)
        if act == 0:
            mutes.end(("room", room_id), user_id)
        elif act == 1:
            mutes.forget_room(room_id)
        elif act == 2:
            clock.advance(1)
            taken = mutes.take_ended(3)
            mutes.put_back(taken[:2])
        else:
            mutes.put(mute(user_id, room_id, clock.seconds() + random.randrange(1, 20)), at(clock.seconds()))
        everywhere = [one for place in mutes.places() for one in mutes.at(place)]
        for name in names:
            assert set(mutes.of_user(UserId(name))) == {one for one in everywhere if one.user_id == name}
    for name in names:
        mutes.forget_room(RoomId(name))
    assert [mutes._places, mutes._places_of] == [{}, {}]


def test_the_ban_that_reaches_the_farthest_counts(bans: Bans, clock: Clock) -> None:
    everywhere, in_channel = ban(BanScope.GLOBAL, "", 10), ban(BanScope.CHANNEL, LOBBY.id, 20)
    in_room = ban(BanScope.ROOM, ONE, 30)
    bans.load([in_room, in_channel, everywhere], NOW)
    assert bans.of(ALICE) == bans.of(ALICE, LOBBY) == bans.of(ALICE, LOBBY, ROOM) == everywhere
    clock.advance(10)
    assert bans.of(ALICE) is None
    assert bans.of(ALICE, LOBBY) == bans.of(ALICE, LOBBY, ROOM) == in_channel
    clock.advance(10)
    assert bans.of(ALICE, LOBBY) is None
    assert bans.of(ALICE, LOBBY, ROOM) == in_room
    assert bans.of(BOB, LOBBY, ROOM) is None
    clock.advance(10)
    assert bans.of(ALICE, LOBBY, ROOM) is None


@pytest.mark.parametrize(
    ("given", "notice"),
    [
        (ban(BanScope.ROOM, ONE, 10), ("room", ONE, "One")),
        (ban(BanScope.CHANNEL, LOBBY.id, 10), ("channel", LOBBY.id, "Lobby")),
        (ban(BanScope.GLOBAL, "", 10), ("global", None, None)),
    ],
)
def test_a_banned_user_is_refused_with_the_ban(
    bans: Bans, clock: Clock, given: Ban, notice: tuple[str, str | None, str | None]
) -> None:
    bans.put(given, NOW)
    bans.check(BOB, LOBBY, ROOM)
    clock.advance(0.5)
    with pytest.raises(ChatError) as refused:
        bans.check(ALICE, LOBBY, ROOM)
    assert refused.value.code is ErrorCode.USER_IS_BANNED
    said = refused.value.notice
    assert isinstance(said, BanNotice)
    assert (said.target_kind, said.target_id, said.target_name) == notice
    assert (said.seconds_left, said.reason) == ("10", "why")
