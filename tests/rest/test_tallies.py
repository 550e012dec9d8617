"""GET /count-joins and GET /last-online over real HTTP: how often rooms were joined, when users went offline."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from chat.texts import base64_of
from tests.clients import Client, message
from tests.running import ROOM_ID, RunningServer, wait_until

OTHER_ID = "00000000-0000-0000-0000-00000000000b"
EXTRA = f"""
[[channels.rooms]]
id = "{OTHER_ID}"
name = "Other"
[[backend.keys]]
name = "rooms"
key = "rooms-key"
scopes = ["rooms"]
"""
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@pytest.fixture
def server(shared_server: RunningServer) -> RunningServer:
    return shared_server


def test_joins(server: RunningServer, enter: Callable[..., Client]) -> None:
    def joins(body: dict[str, Any]) -> Any:
        answered, answer = server.rest("GET", "/count-joins", body)
        assert (answered, answer["status_code"]) == (200, 200)
        return answer["data"]

    both = {"room_ids": [ROOM_ID, OTHER_ID]}
    before = joins(both)
    enter("ann")
    enter("bob")
    enter("ann", OTHER_ID)
    after = {ROOM_ID: before[ROOM_ID] + 2, OTHER_ID: before[OTHER_ID] + 1}
    assert joins(both) == after
    named = {base64_of("Other"): after[OTHER_ID]}
    assert joins({"room_names": [base64_of("Other")]}) == named
    assert joins({"room_ids": [ROOM_ID, OTHER_ID, "nowhere"], "room_names": [base64_of("Other")]}) == after | named
    answer = server.rest("GET", f"/count-joins?room_ids={ROOM_ID}&room_ids={OTHER_ID}")[1]
    assert answer == {"status_code": 200, "data": after}


def test_a_conversation_is_no_room(server: RunningServer, enter: Callable[..., Client]) -> None:
    ann, _ = enter("ann", None), enter("bob", None)
    whispered = ann.call("message", message("psst", "bob") | {"target": {"id": "bob", "objectType": "private"}})
    asked = {"room_ids": [whispered["data"]["target"]["id"]]}
    assert server.rest("GET", "/count-joins", asked) == (200, {"status_code": 200, "data": {}})


def test_last_times(server: RunningServer) -> None:
    for user_id in ("carol", "1971"):
        with Client(server.url) as client:
            client.login(user_id)
    gone = {"carol", "1971"}
    wait_until(lambda: set(server.rest("GET", "/last-online", {"users": list(gone)})[1]["data"]) == gone)
    for body in ({"users": ["carol", 1971, "nobody"]}, {"users": ["nobody", "1971", "carol"]}):
        answered, answer = server.rest("GET", "/last-online", body)
        assert (answered, set(answer["data"])) == (200, gone)
        assert all(TIME.fullmatch(at) for at in answer["data"].values())
    for one in (1971, "1971"):
        assert server.rest("GET", "/last-online", {"user_id": one})[1]["data"] == {"1971": answer["data"]["1971"]}
    for query in ("user_id=1971", "users=1971&users=nobody"):
        assert set(server.rest("GET", f"/last-online?{query}")[1]["data"]) == {"1971"}


@pytest.mark.parametrize("path", ["/count-joins", "/last-online"])
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        ([], 400),
        (None, 400),
        ({}, 400),
        ({"room_ids": [], "users": []}, 400),
        ({"room_ids": ROOM_ID, "users": "carol"}, 400),
        ({"room_ids": [[ROOM_ID]], "users": [["carol"]]}, 400),
        ({"room_ids": [None], "users": [None]}, 400),
        ({"room_ids": ["x"] * 1001, "users": ["x"] * 1001}, 400),
    ],
)
def test_bad_calls(server: RunningServer, path: str, body: Any, status: int) -> None:
    answered, answer = server.rest("GET", path, body)
    assert (answered, answer["status_code"]) == (status, 500)
    assert isinstance(answer["data"], str)


def test_bad_names_of_rooms(server: RunningServer) -> None:
    assert server.rest("GET", "/count-joins", {"room_names": ["!"]})[0] == 400
    assert server.rest("GET", "/count-joins", {"room_names": [base64_of("Nowhere")]})[0] == 404


def test_keys(server: RunningServer) -> None:
    for path in (f"/count-joins?room_ids={ROOM_ID}", "/last-online?user_id=carol"):
        assert server.http("GET", path)[0] == 401
        assert server.http("GET", path, key="rooms-key")[0] == 403
    assert "Traceback" not in server.log
