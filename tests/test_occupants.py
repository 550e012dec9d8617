"""The occupants of rooms keep their order whatever happens to them: presence against a list that is sorted anew."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some

from chat.model import RoomId, Status, User, UserId
from chat.occupants import Viewer
from chat.presence import Framing, Presence, Session
from chat.wire.frames import JsonArrayFraming

ROOMS = [RoomId("a"), RoomId("b")]
IDS = [UserId(name) for name in ("1", "2", "3")]
NAMES = ["Ann", "ann", "Bob", "Straße", "STRASSE", ""]
STEPS = some.tuples(
    some.sampled_from(["come", "come", "join", "join", "leave", "go", "rename", "status"]),
    some.sampled_from(IDS),
    some.sampled_from(ROOMS),
    some.sampled_from(NAMES),
    some.sampled_from(Status),
)


class SilentLink:
    """Nobody listens."""

    framing: Framing = JsonArrayFraming()
    is_behind = False

    def write(self, frames: bytes) -> None:
        raise AssertionError("nobody writes")

    def close(self, code: int, reason: str) -> None:
        raise AssertionError("nobody closes")


class Plain:
    """Users by id, with name, status and rooms, and nothing else."""

    def __init__(self) -> None:
        self.users: dict[UserId, dict[str, Any]] = {}

    def shown(self, room_id: RoomId, viewer: Viewer) -> list[UserId]:
        seen = [
            (one["name"].casefold(), user_id)
            for user_id, one in self.users.items()
            if room_id in one["rooms"] and viewer.sees(user_id, one["status"])
        ]
        return [user_id for _, user_id in sorted(seen)]


@settings(max_examples=200, deadline=None)
@given(some.lists(STEPS, min_size=30, max_size=80))
def test_the_order_is_kept(steps: list[Any]) -> None:
    presence, plain, sessions = Presence(), Plain(), dict[UserId, Session]()
    for step in steps:
        take(presence, plain, sessions, *step)
        for room_id in ROOMS:
            for viewer in (Viewer(IDS[0], is_operator=False), Viewer(IDS[1], is_operator=True)):
                expected = plain.shown(room_id, viewer)
                assert [one.user.id for one in presence.shown(room_id, viewer)] == expected
                assert presence.shown_count(room_id, viewer) == len(expected)
                among = presence.shown_among(IDS[1:3], room_id, viewer)
                assert [one.user.id for one in among] == [user_id for user_id in expected if user_id in IDS[1:3]]


def take(presence: Presence, plain: Plain, sessions: dict[UserId, Session], *step: Any) -> None:
    what, user_id, room_id, name, status = step
    user = User(1, user_id, name, "test", {})
    if what == "come" and user_id not in sessions:
        sessions[user_id] = Session(SilentLink())
        presence.login(sessions[user_id], user, status)
        plain.users[user_id] = {"name": name, "status": status, "rooms": set()}
    elif user_id not in sessions:
        return
    elif what == "join":
        presence.join(sessions[user_id], room_id)
        plain.users[user_id]["rooms"].add(room_id)
    elif what == "leave":
        presence.leave(user_id, room_id)
        plain.users[user_id]["rooms"].discard(room_id)
    elif what == "go":
        presence.logout(sessions.pop(user_id))
        del plain.users[user_id]
    elif what == "rename":
        presence.update(user)
        plain.users[user_id]["name"] = name
    elif what == "status":
        presence.set_status(user_id, status)
        plain.users[user_id]["status"] = status
