"""Delivery: one encoding, one write per session and turn, replies first, membership changes in between."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from twisted.internet.task import Clock

from chat.activities import RoomRef, UserRef
from chat.audiences import Audience, InRoom, OfUser
from chat.events import Announced, Event, UserMuted
from chat.model import Role, RoomId, Status, User, UserId
from chat.presence import Presence
from chat.rooms import Rooms
from chat.sessions import Session
from chat.testing import split_frames
from chat.times import utc_now
from chat.wire.delivery import Delivery
from chat.wire.encoding import Encoder
from chat.wire.frames import JsonArrayFraming
from chat.world import Grant
from tests.happenings import ROOM, connected, disconnected, left

OTHER = RoomId("other")


class CountingFraming(JsonArrayFraming):
    """Counts the frames that it makes."""

    def __init__(self) -> None:
        self.framed = 0

    def frame(self, event: str, activity: bytes) -> bytes:
        self.framed += 1
        return super().frame(event, activity)


class CountingEncoder(Encoder):
    """Counts the activities that it encodes."""

    encoded = 0

    def encode(self, activity: Any) -> bytes:
        self.encoded += 1
        return super().encode(activity)


class FakeLink:
    """Keeps every write."""

    is_behind = False

    def __init__(self, framing: CountingFraming) -> None:
        self.framing: Any = framing
        self.writes: list[bytes] = []

    def write(self, frames: bytes) -> None:
        self.writes.append(frames)

    def close(self, code: int, reason: str) -> None:
        raise AssertionError("nobody closes")

    def names(self) -> list[str]:
        """The event names that arrived."""
        return [msgspec.json.decode(frame)[0] for write in self.writes for frame in split_frames(write)]


class Place:
    """A delivery with users in rooms."""

    def __init__(self) -> None:
        self.presence = Presence()
        self.encoder = CountingEncoder("dev")
        self.clock = Clock()
        rooms = Rooms()
        rooms.roles.put(Grant(UserId("op"), "op", Role.SUPERUSER))
        self.delivery = Delivery(self.presence, self.encoder, rooms, self.clock)
        self.presence.subscriptions.before_change = self.delivery.settle
        self.framing = CountingFraming()

    def enter(self, user_id: str, *rooms: RoomId) -> Session:
        session = Session(FakeLink(self.framing))
        self.presence.login(session, User(1, UserId(user_id), user_id, "test", {}))
        for room in rooms:
            self.presence.join(session, room)
        return session

    def end_turn(self) -> None:
        self.clock.advance(0)


class Elsewhere(Event, frozen=True):
    """An event for a room without one user, and for another user."""

    wire = "gn_elsewhere"

    def audience(self) -> tuple[Audience, ...]:
        return (InRoom(ROOM, besides=UserId("in")), OfUser(UserId("in")))


def link(session: Session) -> FakeLink:
    assert isinstance(session.link, FakeLink)
    return session.link


def muted(user_id: str) -> Event:
    now = utc_now()
    return UserMuted(
        published=now, actor_id="0", user_id=user_id, duration="1s", until=now, reason="", room=RoomRef("r", "")
    )


@pytest.fixture
def place() -> Place:
    return Place()


def test_a_turn_is_one_write_per_session_and_one_encoding_per_event(place: Place) -> None:
    sessions = [place.enter(f"u{number}", ROOM) for number in range(50)]
    for _ in range(3):
        place.delivery.deliver(left())
    place.end_turn()
    assert place.encoder.encoded == place.framing.framed == 3
    assert {tuple(link(session).writes) for session in sessions} == {tuple(link(sessions[0]).writes)}
    assert link(sessions[0]).writes[0] is link(sessions[1]).writes[0]
    assert link(sessions[0]).names() == ["gn_user_left"] * 3


def test_what_is_for_one_session_goes_first_in_the_same_write(place: Place) -> None:
    session = place.enter("u", ROOM)
    place.delivery.deliver(left())
    place.delivery.send(session, place.framing.frame("gn_reply", b"{}"))
    place.end_turn()
    assert len(link(session).writes) == 1
    assert link(session).names() == ["gn_reply", "gn_user_left"]


def test_who_leaves_gets_what_came_before_at_once_and_who_comes_only_what_comes_after(place: Place) -> None:
    stays, leaves = place.enter("stays", ROOM), place.enter("leaves", ROOM)
    place.delivery.deliver(left())
    comes = place.enter("comes", ROOM)
    place.delivery.deliver(muted("comes"))
    place.delivery.deliver(left())
    place.presence.leave(UserId("leaves"), ROOM)
    assert [link(one).names() for one in (stays, leaves, comes)] == [[], ["gn_user_left"] * 2, []]
    place.delivery.deliver(left())
    place.end_turn()
    assert [len(link(one).writes) for one in (stays, leaves, comes)] == [1, 1, 1]
    assert link(stays).names() == ["gn_user_left"] * 3
    assert link(comes).names() == ["gn_mute", "gn_user_left", "gn_user_left"]


def test_who_joins_again_gets_what_came_before_ahead_of_the_reply(place: Place) -> None:
    session = place.enter("u", ROOM)
    place.delivery.deliver(left())
    place.presence.join(session, ROOM)
    place.delivery.send(session, place.framing.frame("gn_join", b"{}"))
    place.end_turn()
    assert link(session).names() == ["gn_user_left", "gn_join"]


def test_nothing_is_written_to_a_connection_that_is_gone_when_its_session_ends(place: Place) -> None:
    session = place.enter("u", ROOM)
    place.delivery.deliver(left())
    session.is_gone = True
    place.presence.logout(session)
    place.end_turn()
    assert link(session).writes == []


def test_a_connection_is_closed_after_what_waits_in_its_rooms(place: Place) -> None:
    session, other = place.enter("u", ROOM), place.enter("o", ROOM)
    place.delivery.deliver(left())
    place.delivery.flush_session(session)
    assert (link(session).names(), link(other).names()) == (["gn_user_left"], [])


def test_the_audiences(place: Place) -> None:
    inside, outside = place.enter("in", ROOM), place.enter("out")
    second, operator = place.enter("in"), place.enter("op", ROOM)
    user = UserRef("gone", "x")
    now = utc_now()
    for event, expected in (
        (left(), {inside, operator}),
        (left(OTHER), set()),
        (left(status=Status.INVISIBLE), {operator}),
        (left(status=Status.OFFLINE), set()),
        (connected("gone"), {operator}),
        (connected("op"), set()),
        (connected("in", ROOM), {operator}),
        (disconnected("gone", ROOM, OTHER), {inside, second, operator}),
        (disconnected("in", ROOM, OTHER), {operator}),
        (disconnected("gone", ROOM, status=Status.INVISIBLE), {operator}),
        (disconnected("gone", OTHER, status=Status.INVISIBLE), set()),
        (Announced(published=now, actor=user, body="x", verb="x"), {inside, outside, second, operator}),
        (muted("in"), {inside, second}),
        (Elsewhere(published=now), {inside, second, operator}),
    ):
        place.delivery.deliver(event)
        place.end_turn()
        heard = {session for session in (inside, outside, second, operator) if link(session).writes}
        assert heard == expected, event
        for session in heard:
            assert link(session).names() == [event.wire]
            link(session).writes.clear()


def test_events_of_different_kinds_keep_their_order(place: Place) -> None:
    session = place.enter("u", ROOM)
    place.delivery.deliver(left())
    place.delivery.deliver(disconnected("g", ROOM))
    place.delivery.deliver(left())
    place.end_turn()
    assert link(session).names() == ["gn_user_left", "gn_user_disconnected", "gn_user_left"]


def test_bystanders_are_the_sessions_of_occupants_that_did_not_join_themselves(place: Place) -> None:
    first, presence = place.enter("u", ROOM), place.presence
    second = place.enter("u")
    assert set(presence.bystanders(ROOM)) == {second}
    presence.join(second, ROOM)
    assert not presence.bystanders(ROOM)
    presence.join(second, OTHER)
    assert set(presence.bystanders(OTHER)) == {first}
    presence.leave(UserId("u"), OTHER)
    assert not presence.bystanders(OTHER)
