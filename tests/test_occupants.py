"""The occupants of rooms keep their order whatever happens to them: presence against a list that is sorted anew."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some

from chat.model import RoomId, Status, User, UserId
from chat.occupants import Viewer
from chat.presence import Presence
from chat.sessions import Framing, Session
from chat.wire.frames import JsonArrayFraming

ROOMS = [RoomId("a"), RoomId("b")]
IDS = [UserId(name) for name in ("1", "2", "3")]
NAMES = ["Ann", "ann", "Bob", "Straße", "STRASSE", ""]
STEPS = some.tuples(
    some.sampled_from(["come", "come", "join", "join", "leave", "go", "rename", "status", "keep", "let go"]),
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
    """Users by id, with name, status, rooms and what keeps them online, and nothing else."""

    def __init__(self) -> None:
        self.users: dict[UserId, dict[str, Any]] = {}

    def come(self, user_id: UserId, name: str, status: Status, why: str) -> None:
        new = {"name": name, "status": status, "rooms": set(), "online": set()}
        self.users.setdefault(user_id, new)["online"].add(why)

    def go(self, user_id: UserId, why: str) -> None:
        self.users[user_id]["online"].discard(why)
        if not self.users[user_id]["online"]:
            del self.users[user_id]

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
        assert {user.id: user.name for user in presence.users()} == {one: it["name"] for one, it in plain.users.items()}
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
    if what in ("come", "keep"):
        come(presence, plain, sessions, what, user, status)
    elif user_id not in plain.users:
        assert presence.let_go(user_id) is None
    elif what in ("go", "let go"):
        go(presence, plain, sessions, what, user_id)
    elif what == "join" and user_id in sessions:
        presence.join(sessions[user_id], room_id)
        plain.users[user_id]["rooms"].add(room_id)
    else:
        change(presence, plain, what, user, room_id, status)


def come(presence: Presence, plain: Plain, sessions: dict[UserId, Session], *how: Any) -> None:
    what, user, status = how
    if what == "keep":
        assert presence.keep(user, status) is (user.id not in plain.users)
        plain.come(user.id, user.name, status, "beat")
    elif user.id not in sessions:
        sessions[user.id] = Session(SilentLink())
        assert presence.login(sessions[user.id], user, status) is (user.id not in plain.users)
        plain.come(user.id, user.name, status, "session")
        plain.users[user.id]["name"] = user.name


def go(presence: Presence, plain: Plain, sessions: dict[UserId, Session], what: str, user_id: UserId) -> None:
    if what == "let go":
        gone = presence.let_go(user_id)
        plain.go(user_id, "beat")
    elif user_id in sessions:
        gone = presence.logout(sessions.pop(user_id))
        plain.go(user_id, "session")
    else:
        return
    assert (gone is None) is (user_id in plain.users)


def change(presence: Presence, plain: Plain, *how: Any) -> None:
    what, user, room_id, status = how
    if what == "leave":
        presence.leave(user.id, room_id)
        plain.users[user.id]["rooms"].discard(room_id)
    elif what == "rename":
        presence.update(user)
        plain.users[user.id]["name"] = user.name
    elif what == "status":
        presence.set_status(user.id, status)
        plain.users[user.id]["status"] = status
