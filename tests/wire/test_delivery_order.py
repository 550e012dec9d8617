"""Delivery against a naive model: a list for every session. And what may wait in large rooms."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as some
from twisted.internet.task import Clock

from chat.audiences import (
    Audience,
    Everyone,
    InRoom,
    Listed,
    OfUser,
    Operators,
    OperatorsIn,
    OperatorsSharing,
    Sharing,
)
from chat.events import Event
from chat.model import Access, Role, Room, RoomId, RoomKind, User, UserId
from chat.presence import Presence
from chat.rooms import Rooms
from chat.sessions import Session
from chat.slots import At
from chat.testing import split_frames
from chat.times import utc_now
from chat.wire import delivery
from chat.wire.delivery import HOLD_S, LARGE_ROOM, Delivery
from chat.wire.encoding import Encoder
from chat.wire.frames import JsonArrayFraming
from chat.world import Grant

NOW = utc_now()
ROOMS = [RoomId(name) for name in "ab"]
USERS = [UserId(name) for name in ("ann", "bob", "op")]
OPERATOR = USERS[-1]
CLOSED = Room(1, ROOMS[0], "Closed", None, RoomKind.STATIC, Access.MEMBERS, 0)
OPEN = Room(2, ROOMS[1], "Open", None, RoomKind.STATIC, Access.OPEN, 0)
FRAMINGS = [JsonArrayFraming(), JsonArrayFraming()]


class News(Event, frozen=True, kw_only=True):
    """Goes at the end of the turn."""

    wire = "news"

    number: Annotated[int, At("number")]
    to: tuple[Audience, ...]

    def audience(self) -> tuple[Audience, ...]:
        return self.to


class Gossip(News, frozen=True, kw_only=True):
    """May wait."""

    wire = "gossip"
    may_wait = True


class RecordingLink:
    """Keeps the numbers of the frames it was given."""

    is_behind = False

    def __init__(self, framing: JsonArrayFraming) -> None:
        self.framing: Any = framing
        self.got: list[int] = []
        self.writes = 0

    def write(self, frames: bytes) -> None:
        self.writes += 1
        self.got += [msgspec.json.decode(frame)[1]["number"] for frame in split_frames(frames)]

    def close(self, code: int, reason: str) -> None:
        raise AssertionError("nobody closes")


class Town:
    """Users with sessions in rooms. Of every session: the events that it is to hear, and of each reply how many of them
    were published before.
    """

    def __init__(self) -> None:
        self.clock = Clock()
        self.presence = Presence()
        rooms = Rooms()
        rooms.roles.put(Grant(OPERATOR, "op", Role.GLOBALMOD))
        self.delivery = Delivery(self.presence, Encoder("dev"), rooms, self.clock)
        self.presence.subscriptions.before_change = self.delivery.settle
        self.sessions: list[Session] = []
        self.expected: dict[Session, list[int]] = {}
        self.replies: dict[Session, dict[int, int]] = {}
        self.number = 0

    def come(self, user_id: UserId) -> Session:
        session = Session(RecordingLink(FRAMINGS[len(self.sessions) % 2]))
        self.presence.login(session, User(1, user_id, user_id, "test", {}))
        self.sessions.append(session)
        self.expected[session], self.replies[session] = [], {}
        return session

    def go(self, session: Session) -> None:
        self.presence.logout(session)
        self.sessions.remove(session)

    def tell(self, cls: type[News], *to: Audience) -> None:
        self.number += 1
        for session in self.sessions:
            if any(self.is_meant(session, part) for part in to):
                self.expected[session].append(self.number)
        self.delivery.deliver(cls(published=NOW, number=self.number, to=to))

    def is_meant(self, session: Session, part: Audience) -> bool:
        assert session.user is not None
        user_id = session.user.id
        in_room = getattr(part, "room_id", None) in session.rooms
        shares = any(self.presence.occupies(user_id, room_id) for room_id in getattr(part, "room_ids", ()))
        is_meant: dict[type[Any], bool] = {
            InRoom: in_room,
            OperatorsIn: in_room and user_id in (OPERATOR, getattr(part, "also", None)),
            Sharing: shares,
            OperatorsSharing: shares and user_id == OPERATOR,
            Operators: user_id == OPERATOR,
            Listed: getattr(part, "room", None) == OPEN or self.presence.occupies(user_id, CLOSED.id),
            OfUser: user_id == getattr(part, "user_id", None),
            Everyone: True,
        }
        return is_meant[type(part)] and user_id != getattr(part, "besides", None)

    def reply(self, session: Session) -> None:
        self.number += 1
        self.replies[session][self.number] = len(self.expected[session])
        self.delivery.send(session, session.link.framing.frame("reply", b'{"number":%d}' % self.number))

    def check(self) -> None:
        """Everybody got what was meant for them in the order of publication, and replies before what came later."""
        for session, expected in self.expected.items():
            got, replies = recorder(session).got, self.replies[session]
            assert [number for number in got if number not in replies] == expected
            assert [number for number in got if number in replies] == list(replies)
            for number, heard in replies.items():
                assert set(expected[heard:]).isdisjoint(got[: got.index(number)])


def recorder(session: Session) -> RecordingLink:
    assert isinstance(session.link, RecordingLink)
    return session.link


ANYBODY = some.none() | some.sampled_from(USERS)
SOME_ROOMS = some.lists(some.sampled_from(ROOMS), unique=True).map(tuple)
PARTS = some.one_of(
    some.builds(InRoom, some.sampled_from(ROOMS), ANYBODY),
    some.builds(OperatorsIn, some.sampled_from(ROOMS), ANYBODY),
    some.builds(Sharing, SOME_ROOMS, ANYBODY),
    some.builds(OperatorsSharing, SOME_ROOMS, ANYBODY),
    some.builds(OfUser, some.sampled_from(USERS)),
    some.builds(Operators, ANYBODY),
    some.builds(Listed, some.sampled_from([CLOSED, OPEN])),
    some.just(Everyone()),
)
AUDIENCES = some.one_of(
    some.builds(lambda room_id: (InRoom(room_id),), some.sampled_from(ROOMS)),
    some.builds(lambda who: (Sharing(tuple(ROOMS), who), Operators(who)), ANYBODY),
    some.lists(PARTS, min_size=1, max_size=3).map(tuple),
)
STEPS = some.one_of(
    some.tuples(some.just("tell"), some.sampled_from([News, Gossip]), AUDIENCES),
    some.tuples(some.sampled_from(["join", "leave", "join"]), some.integers(0, 20), some.sampled_from(ROOMS)),
    some.tuples(some.sampled_from(["come"]), some.sampled_from(USERS)),
    some.tuples(some.sampled_from(["go", "reply"]), some.integers(0, 20)),
    some.tuples(some.just("time"), some.sampled_from([0, HOLD_S / 2, HOLD_S])),
    some.tuples(some.just("flush")),
)


@settings(max_examples=400, deadline=None)
@given(some.lists(STEPS, min_size=20, max_size=60), some.sampled_from([0, 2, LARGE_ROOM]))
def test_every_session_gets_what_is_meant_for_it_in_order_and_once(steps: list[Any], large_room: int) -> None:
    town = Town()
    before, delivery.LARGE_ROOM = delivery.LARGE_ROOM, large_room
    try:
        for user_id in USERS:
            town.come(user_id)
        for step in steps:
            take(town, step)
        town.clock.advance(HOLD_S)
    finally:
        delivery.LARGE_ROOM = before
    town.check()


def take(town: Town, step: tuple[Any, ...]) -> None:
    match step:
        case ("tell", cls, audience):
            town.tell(cls, *audience)
        case ("come", user_id):
            town.come(user_id)
        case ("time", seconds):
            town.clock.advance(seconds)
        case ("flush",):
            town.delivery.flush()
            town.check()
        case (what, number, *room) if town.sessions:
            act(town, what, town.sessions[number % len(town.sessions)], *room)


def act(town: Town, what: str, session: Session, *room: RoomId) -> None:
    assert session.user is not None
    if what == "join":
        town.presence.join(session, *room)
    elif what == "leave":
        town.presence.leave(session.user.id, *room)
    elif what == "go":
        town.go(session)
    else:
        town.reply(session)


def crowd(town: Town, size: int) -> list[RecordingLink]:
    sessions = [town.come(UserId(f"u{number}")) for number in range(size)]
    for session in sessions:
        town.presence.join(session, ROOMS[0])
    return [recorder(session) for session in sessions]


def test_what_may_wait_does_so_in_a_large_room_that_was_written_to_a_moment_ago() -> None:
    town = Town()
    one = crowd(town, LARGE_ROOM)[0]
    town.tell(Gossip, InRoom(ROOMS[0]))
    town.clock.advance(0)
    assert one.got == [1]
    for _ in range(10):
        town.tell(Gossip, InRoom(ROOMS[0]))
        town.clock.advance(HOLD_S / 20)
    assert one.got == [1]
    town.clock.advance(HOLD_S / 2)
    assert (one.got, one.writes) == (list(range(1, 12)), 2)
    town.clock.advance(HOLD_S)
    town.tell(Gossip, InRoom(ROOMS[0]))
    town.clock.advance(0)
    assert one.got[-1] == 12


def test_other_news_of_the_room_take_along_what_waits() -> None:
    town = Town()
    one = crowd(town, LARGE_ROOM)[0]
    for cls in (Gossip, Gossip, News):
        town.tell(cls, InRoom(ROOMS[0]))
        if cls is News:
            assert one.got == [1]
        town.clock.advance(0)
    assert (one.got, one.writes) == ([1, 2, 3], 2)


def test_sessions_in_the_same_rooms_share_what_is_joined_until_more_comes() -> None:
    town = Town()
    links = [recorder(session) for session in town.sessions]
    for user_id in USERS:
        session = town.come(user_id)
        links.append(recorder(session))
        for room_id in ROOMS:
            town.presence.join(session, room_id)
    for room_id in ROOMS:
        town.tell(News, InRoom(room_id))
    town.delivery.flush_session(town.sessions[0])
    town.tell(News, InRoom(ROOMS[0]))
    town.delivery.flush()
    assert [(link.got, link.writes) for link in links] == [([1, 2, 3], 2), ([1, 2, 3], 1), ([1, 2, 3], 1)]


def test_nothing_waits_in_a_small_room() -> None:
    town = Town()
    one = crowd(town, LARGE_ROOM - 1)[0]
    for number in range(1, 4):
        town.tell(Gossip, InRoom(ROOMS[0]))
        town.clock.advance(0)
        assert one.writes == number


def test_a_room_that_was_large_is_forgotten() -> None:
    town = Town()
    crowd(town, LARGE_ROOM)
    town.tell(Gossip, InRoom(ROOMS[0]))
    town.clock.advance(0)
    for session in list(town.sessions):
        town.go(session)
    town.clock.advance(HOLD_S)
    assert not town.delivery._logs
    assert not town.delivery._resting
    assert not town.clock.getDelayedCalls()
