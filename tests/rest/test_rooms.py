"""The calls that tell of rooms, who is in them, and who may be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chat.texts import base64_of
from tests.clients import Client
from tests.rest.town import CELLAR, GROWN, HALL, LADIES, LAWN, LOBBY_NAME, PARK, PARK_NAME, TOWN
from tests.running import CHANNEL_ID, ROOM_ID, RunningServer

EXTRA = TOWN
Enter = Callable[..., Client]


@pytest.fixture
def server(shared_server: RunningServer) -> RunningServer:
    return shared_server


def create(client: Client, name: str) -> str:
    body = {"verb": "create", "target": {"displayName": base64_of(name)}, "object": {"url": CHANNEL_ID}}
    made: str = client.call("create", body)["data"]["target"]["id"]
    return made


def enter_as(server: RunningServer, user_id: str, *room_ids: str, **attributes: str) -> Client:
    """A client with attributes, in rooms."""
    client = Client(server.url)
    attachments = [{"objectType": kind, "content": base64_of(value)} for kind, value in attributes.items()]
    actor = {"id": user_id, "displayName": base64_of(user_id.title()), "attachments": attachments}
    assert client.call("login", {"verb": "login", "actor": actor})["status_code"] == 200
    for room_id in room_ids:
        assert client.call("join", {"verb": "join", "target": {"id": room_id}})["status_code"] == 200
    return client


def ask(server: RunningServer, path: str, body: Any = None) -> Any:
    status, answer = server.rest("GET", path, body)
    assert (status, answer["status_code"]) == (200, 200), answer
    return answer["data"]


def test_every_room(server: RunningServer, enter: Enter) -> None:
    made = create(enter("maker", None), "Made by one")
    found = {room["id"]: room for room in ask(server, "/rooms")}
    lobby = {"channel": LOBBY_NAME, "channel_id": CHANNEL_ID}
    park = {"channel": PARK_NAME, "channel_id": PARK}
    assert found[HALL] == {"id": HALL, "name": base64_of("Hall"), "status": "static"} | lobby
    assert found[LAWN] == {"id": LAWN, "name": base64_of("Lawn"), "status": "static"} | park
    assert found[made] == {"id": made, "name": base64_of("Made by one"), "status": "temporary"} | lobby
    assert {ROOM_ID, CELLAR, LADIES, GROWN} < set(found)


def test_the_rooms_that_a_user_may_join(server: RunningServer) -> None:
    def joinable(user_id: str) -> set[str]:
        by_body = ask(server, "/rooms-acl", {"user_id": user_id})
        assert ask(server, f"/rooms-acl?user_id={user_id}") == by_body
        return {room["room_id"] for room in by_body} & {ROOM_ID, HALL, CELLAR, LADIES, GROWN, LAWN}

    with enter_as(server, "101", gender="f", age="50"), enter_as(server, "man", HALL, gender="m", age="17") as man:
        assert joinable("101") == {ROOM_ID, HALL, LADIES, GROWN, LAWN}
        assert joinable("man") == {ROOM_ID, HALL, LAWN}
        hall = next(one for one in ask(server, "/rooms-acl", {"user_id": 101}) if one["room_id"] == HALL)
        assert hall == {
            "status": "static",
            "users": 1,
            "room_id": HALL,
            "room_name": base64_of("Hall"),
            "channel_id": CHANNEL_ID,
            "channel_name": LOBBY_NAME,
        }
        man.call("status", {"verb": "invisible"})
        assert ask(server, "/rooms-acl", {"user_id": "man"})[1]["users"] == 0
    # Also of those who are not online, and by what they are there.
    assert joinable("101") == {ROOM_ID, HALL, LADIES, GROWN, LAWN}
    assert joinable("owner") == {ROOM_ID, HALL, CELLAR, LAWN}
    assert joinable("super") == {ROOM_ID, HALL, LADIES, GROWN, LAWN}


def test_from_a_banned_users_rooms_one_is_missing(server: RunningServer) -> None:
    with enter_as(server, "rude", LAWN), enter_as(server, "mod", LAWN) as mod:
        target = {"id": LAWN, "objectType": "room"}
        ban = {"verb": "ban", "target": target, "object": {"id": "rude", "summary": "1h"}}
        assert mod.call("ban", ban)["status_code"] == 200
    found = {room["room_id"] for room in ask(server, "/rooms-acl", {"user_id": "rude"})}
    assert HALL in found
    assert LAWN not in found


def test_the_rooms_that_users_are_in(server: RunningServer) -> None:
    with enter_as(server, "201", HALL, LAWN), enter_as(server, "outside"):
        found = ask(server, "/rooms-for-users", {"users": [201, "outside", "nobody"]})
        assert sorted(found["201"], key=lambda room: str(room["room_id"])) == [
            {
                "room_id": HALL,
                "room_name": base64_of("Hall"),
                "channel_id": CHANNEL_ID,
                "channel_name": LOBBY_NAME,
            },
            {"room_id": LAWN, "room_name": base64_of("Lawn"), "channel_id": PARK, "channel_name": PARK_NAME},
        ]
        assert found["outside"] == found["nobody"] == []
        assert ask(server, "/rooms-for-users?users=201&users=outside") == {"201": found["201"], "outside": []}


def test_the_users_in_rooms(server: RunningServer) -> None:
    with (
        enter_as(server, "owner", HALL, city="Wien", ip="192.0.2.1"),
        enter_as(server, "ann", HALL),
        enter_as(server, "shy", HALL) as shy,
    ):
        assert shy.call("status", {"verb": "invisible"})["status_code"] == 200
        found = ask(server, "/users-in-rooms", {"room_ids": [HALL, LAWN, "nowhere"], "only_count": False})
        assert found == {
            HALL: [
                {"id": "ann", "name": base64_of("Ann"), "info": {}, "roles": ""},
                {
                    "id": "owner",
                    "name": base64_of("Owner"),
                    "info": {"city": base64_of("Wien")},
                    "roles": "moderator,owner",
                },
            ],
            LAWN: [],
            "nowhere": [],
        }
        assert ask(server, "/users-in-rooms", {"room_names": [base64_of("hall")]}) == {base64_of("hall"): found[HALL]}
        counted = ask(server, "/users-in-rooms", {"room_ids": [HALL, LAWN, "nowhere"], "only_count": True})
        assert counted == {HALL: 2, LAWN: 0, "nowhere": 0}
        assert ask(server, f"/users-in-rooms?room_ids={HALL}&only_count=true") == {HALL: 2}


def test_roles(server: RunningServer, enter: Enter) -> None:
    made = create(enter("301", None), "Of three hundred")
    found = ask(server, "/roles", {"users": ["owner", "gardener", "super", 301, "nobody"]})
    assert found == {
        "owner": {"global": [], "channel": {}, "room": {HALL: ["moderator", "owner"], CELLAR: ["owner"]}},
        "gardener": {"global": [], "channel": {PARK: ["admin", "owner"]}, "room": {}},
        "super": {"global": ["superuser", "globalmod"], "channel": {}, "room": {}},
        "301": {"global": [], "channel": {}, "room": {made: ["owner"]}},
        "nobody": {"global": [], "channel": {}, "room": {}},
    }
    assert ask(server, "/roles?users=super")["super"] == found["super"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/rooms", b"{", 400),
        ("/rooms", [], 400),
        ("/rooms-acl", None, 400),
        ("/rooms-acl", {"user_id": None}, 400),
        ("/rooms-acl", {"user_id": ["alice"]}, 400),
        ("/rooms-acl", {"user_id": True}, 400),
        ("/rooms-acl", {"user_id": "nobody"}, 404),
        ("/rooms-for-users", None, 400),
        ("/rooms-for-users", {"users": []}, 400),
        ("/rooms-for-users", {"users": "alice"}, 400),
        ("/rooms-for-users", {"users": [1.5]}, 400),
        ("/rooms-for-users", {"users": ["a"] * 1001}, 400),
        ("/users-in-rooms", {}, 400),
        ("/users-in-rooms", {"room_ids": HALL}, 400),
        ("/users-in-rooms", {"room_ids": [5]}, 400),
        ("/users-in-rooms", {"room_ids": [HALL], "only_count": "yes"}, 400),
        ("/users-in-rooms", {"room_ids": [HALL] * 1001}, 400),
        ("/users-in-rooms", {"room_names": ["!"]}, 400),
        ("/users-in-rooms", {"room_names": [base64_of("Nowhere")]}, 404),
        ("/users-in-rooms", {"room_names": [base64_of("Lawn")]}, 404),
        ("/users-in-rooms?only_count=perhaps&room_ids=hall", None, 400),
        ("/roles", {"users": []}, 400),
        ("/roles", {"users": {}}, 400),
        ("/roles", {"users": [None]}, 400),
    ],
)
def test_bad_calls(server: RunningServer, path: str, body: Any, status: int) -> None:
    answered, answer = server.rest("GET", path, body)
    assert (answered, answer["status_code"]) == (status, 500)
    assert isinstance(answer["data"], str)
    assert "Traceback" not in server.log


@pytest.mark.parametrize("path", ["/rooms", "/rooms-acl", "/rooms-for-users", "/users-in-rooms", "/roles", "/acl"])
def test_they_are_for_keys_that_may_read(server: RunningServer, path: str) -> None:
    assert server.http("GET", path)[0] == 401
    assert server.http("GET", path, key="rooms-key")[0] == 403
    assert server.http("GET", path, {}, key="reader-key")[0] in (200, 400)
    assert server.rest("PUT", path, {})[0] == 405
