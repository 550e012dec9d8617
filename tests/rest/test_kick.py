"""POST /kick: each user for itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from chat.texts import base64_of
from tests.clients import Client
from tests.running import ROOM_ID, RunningServer

EXTRA = """
[roles]
superusers = ["super"]
[[backend.keys]]
name = "rooms"
key = "rooms-key"
scopes = ["rooms"]
"""
GENERAL, WHY = base64_of("General"), base64_of("why not")
JOIN = {"verb": "join", "target": {"id": ROOM_ID}}
HERE = {"room_id": ROOM_ID}
Enter = Callable[..., Client]


@pytest.fixture
def server(shared_server: RunningServer) -> RunningServer:
    return shared_server


def kick(server: RunningServer, entries: Any) -> Any:
    status, answer = server.rest("POST", "/kick", entries)
    assert (status, answer["status_code"]) == (200, 200)
    return answer["data"]


def audits(server: RunningServer, user_id: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(server.settings.folder / "data" / "chat.db")) as database:
        query = "SELECT key_name, actor_id, action, room_id, reason FROM audit WHERE user_id = ?"
        return database.execute(query, (user_id,)).fetchall()


def test_a_kick_as_published(server: RunningServer, enter: Enter) -> None:
    alice, bob = enter("alice"), enter("bob")
    assert kick(server, {"alice": {"target": ROOM_ID, "reason": WHY, "admin_id": "bob"}}) == {"alice": "OK"}
    for client in (alice, bob):
        told = client.wait_for("gn_user_kicked")
        assert told["actor"].items() >= {"id": "bob", "displayName": base64_of("bob")}.items()
        assert told["object"].items() >= {"id": "alice", "displayName": base64_of("alice"), "content": WHY}.items()
        assert (told["target"], told["verb"]) == ({"id": ROOM_ID, "displayName": GENERAL}, "kick")
        client.sync()
        assert client.heard("gn_user_kicked") == client.heard("gn_banned") == []
    assert alice.say("out", ROOM_ID)["status_code"] == 702
    assert alice.call("join", JOIN)["status_code"] == 200
    assert audits(server, "alice") == [("tests", "bob", "kick", ROOM_ID, "why not")]


@pytest.mark.parametrize(
    "place", [HERE, {"target": ROOM_ID}, {"room_name": GENERAL}, {"room_id": ROOM_ID, "room_name": "!"}]
)
def test_from_which_room(server: RunningServer, enter: Enter, place: dict[str, Any]) -> None:
    carol = enter("carol")
    assert kick(server, {"carol": place}) == {"carol": "OK"}
    assert carol.wait_for("gn_user_kicked")["actor"].items() >= {"id": "0", "displayName": base64_of("admin")}.items()


def test_numbers_are_ids_too(server: RunningServer, enter: Enter) -> None:
    user, _ = enter("4942530"), enter("1971", None)
    assert kick(server, {"4942530": HERE | {"admin_id": 1971}}) == {"4942530": "OK"}
    assert user.wait_for("gn_user_kicked")["actor"]["id"] == "1971"


def test_an_operator_is_kicked_whoever_is_said_to_ask(server: RunningServer, enter: Enter) -> None:
    operator, _ = enter("super"), enter("bob", None)
    assert kick(server, {"super": HERE | {"admin_id": "bob"}}) == {"super": "OK"}
    assert operator.wait_for("gn_user_kicked")["actor"]["id"] == "bob"


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        (5, "Expected object, got int"),
        ({}, "neither room_id nor room_name is given"),
        ({"target": "nowhere"}, "no such room"),
        ({"room_id": "nowhere"}, "no room exists with id: nowhere"),
        ({"room_name": "!"}, "room_name is not base64 of UTF-8"),
        ({"room_id": 5}, "Expected str | null, got int - at $.room_id"),
        (HERE | {"reason": "!"}, "reason is not base64 of UTF-8"),
        (HERE | {"reason": base64_of("x" * 1_025)}, "reason has more than 1024 characters"),
        (HERE | {"admin_id": "nobody"}, "no such user to act"),
    ],
)
def test_a_bad_entry_keeps_no_other_from_being_done(server: RunningServer, enter: Enter, entry: Any, text: str) -> None:
    good, bad = enter("good"), enter("bad")
    answer = kick(server, {"bad": entry, "gone": HERE, "good": HERE})
    assert answer["bad"] == {"status": "FAIL", "message": f"{text} for user id bad"}
    assert answer["gone"] == {"status": "FAIL", "message": "the user is not in the room for user id gone"}
    assert answer["good"] == "OK"
    good.wait_for("gn_user_kicked")
    assert bad.say("still here", ROOM_ID)["status_code"] == 200


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (None, "ask for 1 to 1000"),
        ({}, "ask for 1 to 1000"),
        ({str(number): HERE for number in range(1_001)}, "ask for 1 to 1000"),
        ([], "Expected object, got array"),
    ],
)
def test_what_is_refused_as_a_whole(server: RunningServer, body: Any, text: str) -> None:
    envelope = {"status_code": 200, "data": {"status": "FAIL", "message": text}}
    assert server.rest("POST", "/kick", body) == (400, envelope)


def test_the_key_and_what_is_no_json(server: RunningServer) -> None:
    assert server.http("POST", "/kick", {})[0] == 401
    assert server.http("POST", "/kick", {}, key="rooms-key")[0] == 403
    assert server.rest("POST", "/kick", b"{") == (400, {"status_code": 500, "data": "the body is not JSON"})
    assert server.rest("POST", "/kick", b" " * 2_000_000)[0] == 413
    assert "Traceback" not in server.log
