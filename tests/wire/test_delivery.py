"""Delivery: one encoding, one write per session and turn, replies first, membership changes in between."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from chat.activities import RoomRef, UserRef
from chat.events import Announced, UserMuted
from chat.model import Role, RoomId, Status, User, UserId
from chat.presence import Presence, Session
from chat.rooms import Rooms
from chat.testing import split_frames
from chat.times import utc_now
from chat.wire.activity import Encoder
from chat.wire.delivery import Delivery
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
        self.turn: list[Any] = []
        rooms = Rooms()
        rooms.roles.put(Grant(UserId("op"), "op", Role.SUPERUSER))
        self.delivery = Delivery(self.presence, self.encoder, rooms, self.turn.append)
        self.presence.before_change = self.delivery.flush_room
        self.framing = CountingFraming()

    def enter(self, user_id: str, *rooms: RoomId) -> Session:
        session = Session(FakeLink(self.framing))
        self.presence.login(session, User(1, UserId(user_id), user_id, "test", {}))
        for room in rooms:
            self.presence.join(session, room)
        return session

    def end_turn(self) -> None:
        for call in self.turn:
            call()
        self.turn.clear()


def link(session: Session) -> FakeLink:
    assert isinstance(session.link, FakeLink)
    return session.link


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


def test_a_change_of_members_comes_after_what_was_for_the_old_ones(place: Place) -> None:
    stays, leaves = place.enter("stays", ROOM), place.enter("leaves", ROOM)
    place.delivery.deliver(left())
    comes = place.enter("comes", ROOM)
    assert (len(link(stays).writes), len(link(leaves).writes), len(link(comes).writes)) == (1, 1, 0)
    place.delivery.deliver(left())
    place.presence.leave(UserId("leaves"), ROOM)
    assert (len(link(stays).writes), len(link(leaves).writes), len(link(comes).writes)) == (2, 2, 1)
    place.delivery.deliver(left())
    place.end_turn()
    assert (len(link(stays).writes), len(link(leaves).writes), len(link(comes).writes)) == (3, 2, 2)


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
        (
            UserMuted(
                published=now, actor_id="0", user_id="in", duration="1s", until=now, reason="", room=RoomRef("r", "")
            ),
            {inside, second},
        ),
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
