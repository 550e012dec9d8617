"""POST /status over real HTTP, what others see of it, and what it does to the last time online."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chat.plugins.rest_status import STATUSES
from tests.clients import Client
from tests.rest.published import EXAMPLES
from tests.running import ROOM_ID, RunningServer

EXTRA = """
[roles]
superusers = ["super"]
[[backend.keys]]
name = "rooms"
key = "rooms-key"
scopes = ["rooms", "read"]
[[backend.keys]]
name = "moderator"
key = "moderator-key"
scopes = ["moderate"]
"""
EXAMPLE = EXAMPLES["POST status"][0]


@pytest.fixture
def server(shared_server: RunningServer) -> RunningServer:
    return shared_server


def set_status(server: RunningServer, user_id: str | int, status: str, stage: str = "status") -> None:
    """With the published example, filled."""
    body = EXAMPLE | {"id": user_id, "status": status, "stage": stage}
    assert server.rest("POST", "/status", body) == (200, {"status_code": 200})


def hears(client: Client, event: str, user_id: str) -> None:
    """Return when the client hears that of the user."""
    while client.wait_for(event)["actor"]["id"] != user_id:
        pass


def last_online(server: RunningServer, user_id: str) -> str | None:
    found: str | None = server.rest("GET", "/last-online", {"user_id": user_id})[1]["data"].get(user_id)
    return found


def test_out_of_view_and_back(server: RunningServer, enter: Callable[..., Client]) -> None:
    operator, bob = enter("super"), enter("bob")
    enter("ann")
    for client in (operator, bob):
        hears(client, "gn_user_joined", "ann")
    for status, told, told_operator in (
        ("invisible", "gn_user_disconnected", "gn_user_invisible"),
        ("visible", "gn_user_joined", "gn_user_visible"),
        ("offline", "gn_user_disconnected", "gn_user_disconnected"),
        ("online", "gn_user_joined", "gn_user_joined"),
    ):
        set_status(server, "ann", status)
        hears(bob, told, "ann")
        hears(operator, told_operator, "ann")
    assert bob.heard("gn_user_invisible") == bob.heard("gn_user_visible") == []


def test_the_published_example_as_it_is(server: RunningServer) -> None:
    assert server.rest("POST", "/status", EXAMPLE)[0] == 400


def test_every_word_is_taken(server: RunningServer, enter: Callable[..., Client]) -> None:
    assert EXAMPLE["status"].removeprefix("<one of ").removesuffix(">").split("/") == list(STATUSES)
    enter("1972", None)
    for status in STATUSES:
        set_status(server, 1972, status)


def test_away_and_back_change_nothing(server: RunningServer, enter: Callable[..., Client]) -> None:
    bob, dan = enter("bob"), enter("dan")
    hears(bob, "gn_user_joined", "dan")
    set_status(server, "dan", "invisible")
    hears(bob, "gn_user_disconnected", "dan")
    for status in ("away", "back"):
        set_status(server, "dan", status)
    bob.sync()
    assert not bob.events
    assert dan.say("here", ROOM_ID)["status_code"] == 200
    users = bob.call("users_in_room", {"verb": "list", "target": {"id": ROOM_ID}})["data"]["object"]["attachments"]
    assert "dan" not in [user["id"] for user in users]


def test_hidden_before_the_login(server: RunningServer, enter: Callable[..., Client]) -> None:
    operator, bob = enter("super"), enter("bob")
    hears(operator, "gn_user_joined", "bob")
    with Client(server.url) as client:
        client.login("eve")
    hears(operator, "gn_user_disconnected", "eve")
    set_status(server, "eve", "invisible", stage="login")
    seen = last_online(server, "eve")
    with Client(server.url) as client:
        client.enter("eve", ROOM_ID)
        assert operator.wait_for("gn_user_joined")["actor"]["objectType"] == "invisible"
    hears(operator, "gn_user_disconnected", "eve")
    bob.sync()
    assert not bob.events
    assert last_online(server, "eve") == seen is not None


def test_the_stage_says_whether_the_time_moves(server: RunningServer, enter: Callable[..., Client]) -> None:
    enter("fay", None)
    set_status(server, "fay", "invisible", stage="login")
    assert last_online(server, "fay") is None
    set_status(server, "fay", "online", stage="login")
    set_status(server, "fay", "invisible", stage="status")
    assert last_online(server, "fay") is not None


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        ([], 400),
        ({}, 400),
        ({"id": "gus"}, 400),
        ({"status": "invisible"}, 400),
        ({"id": None, "status": "invisible"}, 400),
        ({"id": ["gus"], "status": "invisible"}, 400),
        ({"id": "gus", "status": "hidden"}, 400),
        ({"id": "gus", "status": "Invisible"}, 400),
        ({"id": "gus", "status": ""}, 400),
        ({"id": "gus", "status": 1}, 400),
        ({"id": "gus", "status": "invisible", "stage": "logout"}, 400),
        ({"id": "gus", "status": "invisible", "stage": None}, 400),
        ({"id": "0", "status": "invisible"}, 400),
        ({"id": "nobody", "status": "invisible"}, 404),
        ({"id": "nobody", "status": "away"}, 404),
        ({"id": "", "status": "online"}, 404),
        (b'{"id": "gus", "status": "invisible"}' + b" " * 2_000_000, 413),
    ],
)
def test_bad_calls(server: RunningServer, enter: Callable[..., Client], body: Any, status: int) -> None:
    bob, gus = enter("bob"), enter("gus")
    hears(bob, "gn_user_joined", "gus")
    answered, answer = server.rest("POST", "/status", body)
    assert (answered, answer["status_code"]) == (status, 500)
    assert isinstance(answer["data"], str)
    assert gus.say("still here", ROOM_ID)["status_code"] == 200
    bob.wait_for("message")
    assert bob.heard("gn_user_disconnected") == []


def test_keys_and_methods(server: RunningServer, enter: Callable[..., Client]) -> None:
    enter("hal", None)
    body = {"id": "hal", "status": "back"}
    assert server.http("POST", "/status", body)[0] == 401
    assert server.http("POST", "/status", body, key="rooms-key")[0] == 403
    assert server.http("POST", "/status", body, key="moderator-key")[0] == 200
    assert server.rest("GET", "/status")[0] == 405
    assert "Traceback" not in server.log
