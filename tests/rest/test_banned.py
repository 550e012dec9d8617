"""GET /banned: the bans in force, all of them or those from one place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chat.texts import base64_of
from tests.clients import Client
from tests.running import CHANNEL_ID, ROOM_ID, RunningServer, wait_until

EXTRA = """
[[channels]]
id = "park"
name = "Park"
[[channels.rooms]]
id = "lawn"
name = "Lawn"
[[backend.keys]]
name = "reader"
key = "reader-key"
scopes = ["read"]
[[backend.keys]]
name = "rooms"
key = "rooms-key"
scopes = ["rooms"]
"""
GENERAL, LAWN, WHY = base64_of("General"), "lawn", base64_of("why not")
HOUR = {"duration": "1h"}
BANS = {
    "alice": HOUR | {"room_id": ROOM_ID, "reason": WHY, "name": base64_of("Alice")},
    "bob": HOUR | {"room_id": ROOM_ID},
    "carol": HOUR | {"channel_id": CHANNEL_ID, "reason": WHY},
    "dave": HOUR | {"type": "global"},
}


@pytest.fixture(scope="module")
def server(shared_server: RunningServer) -> RunningServer:
    assert shared_server.rest("POST", "/ban", BANS)[0] == 200
    assert shared_server.rest("POST", "/ban", {"alice": HOUR | {"room_id": LAWN}})[0] == 200
    return shared_server


def listed(server: RunningServer, body: Any = None, query: str = "") -> Any:
    status, answer = server.rest("GET", f"/banned{query}", body)
    assert (status, answer["status_code"]) == (200, 200)
    return answer["data"]


def checked(users: dict[str, Any]) -> dict[str, Any]:
    """The users, whose bans all end in about an hour, without the ends."""
    for entry in users.values():
        ends = datetime.fromisoformat(entry.pop("timestamp"))
        assert timedelta(minutes=50) < ends - datetime.now(UTC) <= timedelta(hours=1)
    return users


def shown(user_id: str, reason: str = "", name: str = "") -> dict[str, Any]:
    return {user_id: {"name": base64_of(name or user_id), "duration": "1h", "reason": reason, "admin_id": "0"}}


def test_all_bans(server: RunningServer) -> None:
    found = listed(server)
    assert set(found) == {"global", "channels", "rooms"}
    assert checked(found["global"]) == shown("dave")
    (channel,), rooms = found["channels"].values(), found["rooms"]
    assert set(found["channels"]) == {CHANNEL_ID}
    assert (channel["name"], checked(channel["users"])) == (base64_of("Lobby"), shown("carol", WHY))
    assert {room_id: room["name"] for room_id, room in rooms.items()} == {ROOM_ID: GENERAL, LAWN: base64_of("Lawn")}
    assert checked(rooms[ROOM_ID]["users"]) == shown("alice", WHY, "Alice") | shown("bob")
    assert checked(rooms[LAWN]["users"]) == shown("alice", "", "Alice")
    assert set(listed(server, {})["rooms"]) == set(listed(server, {"room_id": ""})["rooms"]) == {ROOM_ID, LAWN}


@pytest.mark.parametrize(
    ("place", "users"),
    [
        ({"room_id": ROOM_ID}, {"alice", "bob"}),
        ({"room_name": GENERAL}, {"alice", "bob"}),
        ({"room_id": LAWN, "room_name": GENERAL}, {"alice"}),
        ({"channel_id": CHANNEL_ID}, {"carol"}),
        ({"channel_id": "park"}, set()),
        ({"global": True}, {"dave"}),
    ],
)
def test_the_bans_from_one_place(server: RunningServer, place: dict[str, Any], users: set[str]) -> None:
    found = listed(server, place)
    assert set(found) == users
    for entry in found.values():
        assert 3_000 < int(entry.pop("duration")) <= 3_600
        assert set(entry) == {"name", "reason", "timestamp", "admin_id"}


def test_query_strings(server: RunningServer) -> None:
    assert set(listed(server, query=f"?room_id={ROOM_ID}")) == {"alice", "bob"}
    assert set(listed(server, query="?global=true")) == {"dave"}


def test_a_ban_that_has_ended_is_in_no_list(server: RunningServer) -> None:
    assert server.rest("POST", "/ban", {"erin": HOUR | {"room_id": LAWN}})[0] == 200
    assert set(listed(server, {"room_id": LAWN})) == {"alice", "erin"}
    assert server.rest("DELETE", "/ban", {"user_id": "erin", "room_id": LAWN})[0] == 200
    assert set(listed(server, {"room_id": LAWN})) == set(listed(server)["rooms"][LAWN]["users"]) == {"alice"}


def test_bans_end_by_themselves(server: RunningServer) -> None:
    assert server.rest("POST", "/ban", {"erin": {"duration": "1s", "channel_id": "park"}})[0] == 200
    wait_until(lambda: "park" not in listed(server)["channels"])
    assert listed(server, {"channel_id": "park"}) == {}


def test_a_name_is_that_of_now(server: RunningServer) -> None:
    with Client(server.url) as bob:
        bob.login("bob", "Robert")
        assert listed(server, {"room_id": ROOM_ID})["bob"]["name"] == base64_of("Robert")


@pytest.mark.parametrize(
    ("body", "status", "code", "text"),
    [
        ({"room_id": "nowhere"}, 404, 802, "no room exists with id: nowhere"),
        ({"room_name": "eHh4"}, 404, 802, "no room exists with name: eHh4"),
        ({"room_name": "!"}, 400, 701, "room_name is not base64 of UTF-8"),
        ({"channel_id": "nowhere"}, 404, 801, "no such channel"),
        ({"target": "nowhere"}, 404, 802, "no such room"),
        ({"type": "room"}, 400, 502, "missing target id"),
        ({"type": "world"}, 400, 600, "the type of a ban is room, channel or global"),
        ({"global": "yes"}, 400, 706, "Expected bool, got str - at $.global"),
        ([], 400, 706, "Expected object, got array"),
    ],
)
def test_what_is_refused(server: RunningServer, body: Any, status: int, code: int, text: str) -> None:
    answer = server.rest("GET", "/banned", body)
    assert answer == (status, {"status_code": 200, "data": {"code": code, "message": text}})


def test_the_scope_of_the_key(server: RunningServer) -> None:
    assert server.http("GET", "/banned")[0] == 401
    assert server.http("GET", "/banned", key="rooms-key")[0] == 403
    assert server.http("GET", "/banned", key="reader-key")[0] == 200
    assert server.rest("GET", "/banned", b"{")[1]["status_code"] == 500
    assert "Traceback" not in server.log
