"""GET /acl and POST /acl: the access rules of rooms, seen and set by backends."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from tests.clients import Client
from tests.rest.town import GROWN, HALL, LADIES, LAWN, PARK, TOWN
from tests.running import RunningServer

EXTRA = TOWN
LADIES_RULES = [
    {"type": "gender", "action": "join", "value": "f"},
    {"type": "membership", "action": "message", "value": "vip"},
]


@pytest.fixture
def server(shared_server: RunningServer) -> RunningServer:
    return shared_server


def rules(server: RunningServer) -> dict[str, list[dict[str, str]]]:
    status, answer = server.rest("GET", "/acl")
    assert (status, answer["status_code"], answer["data"]["status"]) == (200, 200, "OK")
    found: dict[str, list[dict[str, str]]] = answer["data"]["data"]
    return {
        room_id: sorted(of_room, key=lambda rule: (rule["action"], rule["type"])) for room_id, of_room in found.items()
    }


def rule(room_id: str, action: str, kind: str, value: str) -> dict[str, str]:
    return {"room_id": room_id, "action": action, "acl_type": kind, "acl_value": value}


def test_the_rules_of_all_rooms_that_stay(server: RunningServer) -> None:
    found = rules(server)
    assert found[LADIES] == LADIES_RULES
    assert [one["type"] for one in found[GROWN]] == ["age", "custom"]
    assert HALL not in found


def test_a_rule_is_in_force_at_once_and_goes_again(server: RunningServer, enter: Callable[..., Client]) -> None:
    alice, join = enter("alice", None), {"verb": "join", "target": {"id": LAWN}}
    done = (200, {"status_code": 200, "data": {"status": "OK"}})
    assert server.rest("POST", "/acl", rule(LAWN, "join", "gender", "f,m")) == done
    assert rules(server)[LAWN] == [{"type": "gender", "action": "join", "value": "f,m"}]
    assert alice.call("join", join)["status_code"] == 705
    # Which is for operators to set.
    assert server.rest("POST", "/acl", rule(LAWN, "autojoin", "custom", "age=35:,(gender=f|membership=normal)")) == done
    assert [one["action"] for one in rules(server)[LAWN]] == ["autojoin", "join"]
    assert server.rest("POST", "/acl", rule(LAWN, "join", "gender", "")) == done
    assert server.rest("POST", "/acl", rule(LAWN, "autojoin", "custom", "")) == done
    assert LAWN not in rules(server)
    assert alice.call("join", join)["status_code"] == 200
    query = "SELECT key_name, actor_id, action, room_id FROM audit WHERE reason = 'join gender=f,m'"
    with closing(sqlite3.connect(server.settings.folder / "data" / "chat.db")) as database:
        assert database.execute(query).fetchall() == [("tests", "0", "set-acl-room", LAWN)]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        ([], 400),
        ({}, 400),
        ({"room_id": HALL, "action": "join", "acl_type": "gender"}, 400),
        (rule(HALL, "join", "gender", "f") | {"acl_value": None}, 400),
        (rule(HALL, "join", "gender", "f") | {"acl_value": ["f"]}, 400),
        (rule(HALL, "join", "gender", "f") | {"room_id": 5}, 400),
        (rule(HALL, "join", "gender", "f" * 5000), 400),
        (rule(HALL, "join", "gender", "f" * 1025), 400),
        (rule(HALL, "join", "gender", "f\0"), 400),
        (rule(HALL, "jump", "gender", "f"), 400),
        (rule(HALL, "join", "shoe-size", "f"), 400),
        (rule(HALL, "join", "samechannel", "y"), 400),
        (rule(HALL, "join", "age", "45:25"), 400),
        (rule(HALL, "join", "custom", "(age=35"), 400),
        (rule("a81e4726-784a-11e9-bbdd-bbfdfd886868", "autojoin", "gender", "age=35"), 404),
        (rule("nowhere", "join", "gender", "f"), 404),
        (rule(PARK, "list", "gender", "f"), 404),
    ],
)
def test_bad_calls(server: RunningServer, body: Any, status: int) -> None:
    before = rules(server)
    answered, answer = server.rest("POST", "/acl", body)
    assert (answered, answer["status_code"]) == (status, 500)
    assert isinstance(answer["data"], str)
    assert rules(server) == before
    assert "Traceback" not in server.log


def test_setting_is_for_keys_of_rooms(server: RunningServer) -> None:
    body = rule(HALL, "join", "gender", "f")
    assert server.http("POST", "/acl", body)[0] == 401
    assert server.http("POST", "/acl", body, key="reader-key")[0] == 403
    assert HALL not in rules(server)
    assert server.http("POST", "/acl", rule(HALL, "join", "gender", ""), key="rooms-key")[0] == 200
