"""POST /heartbeat over real HTTP: users without a connection are online for others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chat.plugins.rest_heartbeat import BEAT_LIMIT
from tests.clients import Client
from tests.rest.published import EXAMPLES
from tests.running import RunningServer

EXTRA = """
[rest]
heartbeat_s = 1
[roles]
superusers = ["super"]
[[backend.keys]]
name = "rooms"
key = "rooms-key"
scopes = ["rooms"]
[[backend.keys]]
name = "moderator"
key = "moderator-key"
scopes = ["read", "moderate"]
"""
DONE = {"status_code": 200, "data": {"status": "OK"}}


@pytest.fixture
def server(shared_server: RunningServer) -> RunningServer:
    return shared_server


@pytest.fixture
def operator(enter: Callable[..., Client]) -> Client:
    return enter("super", None)


def unknown(*user_ids: str) -> dict[str, Any]:
    """The answer when nobody has these ids."""
    return {"status_code": 200, "data": {"status": "OK", "unknown": list(user_ids)}}


def make_known(server: RunningServer, *user_ids: str) -> None:
    for user_id in user_ids:
        with Client(server.url) as client:
            client.login(user_id)


def hears(operator: Client, event: str, user_id: str) -> None:
    """Return when the operator hears that of the user."""
    while operator.wait_for(event)["actor"]["id"] != user_id:
        pass


def test_online_while_it_beats(server: RunningServer, operator: Client) -> None:
    make_known(server, "carol", "1971")
    for user_id in ("carol", "1971"):
        hears(operator, "gn_user_disconnected", user_id)
    assert server.http("POST", "/heartbeat", ["carol", 1971, "carol"], key="rooms-key") == (200, DONE)
    for user_id in ("carol", "1971"):
        hears(operator, "gn_user_connected", user_id)
    before = server.rest("GET", "/last-online", {"users": ["carol"]})[1]["data"]["carol"]
    for user_id in ("carol", "1971"):
        hears(operator, "gn_user_disconnected", user_id)
    assert server.rest("GET", "/last-online", {"users": ["carol"]})[1]["data"]["carol"] > before


def test_the_published_example(server: RunningServer, operator: Client) -> None:
    asked = EXAMPLES["POST heartbeat"][0]
    assert server.rest("POST", "/heartbeat", asked) == (200, unknown(*asked))
    ids = {placeholder: f"published-{number}" for number, placeholder in enumerate(asked)}
    make_known(server, *ids.values())
    for user_id in ids.values():
        hears(operator, "gn_user_disconnected", user_id)
    assert server.rest("POST", "/heartbeat", list(ids.values())) == (200, DONE)
    for user_id in ids.values():
        hears(operator, "gn_user_connected", user_id)


def test_a_call_for_nobody(server: RunningServer) -> None:
    assert server.rest("POST", "/heartbeat", []) == (200, DONE)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[", 400),
        ({}, 400),
        ("bob", 400),
        (["bob", None], 400),
        (["bob", True], 400),
        (["bob", 1.5], 400),
        (["bob", ["bob"]], 400),
        (["bob", "0"], 400),
        (["bob", 0], 400),
        (["bob"] * (BEAT_LIMIT + 1), 400),
        (b'["bob"' + b" " * 2_000_000 + b"]", 413),
    ],
)
def test_bad_calls(server: RunningServer, operator: Client, body: Any, status: int) -> None:
    make_known(server, "bob")
    hears(operator, "gn_user_disconnected", "bob")
    answered, answer = server.rest("POST", "/heartbeat", body)
    assert (answered, answer["status_code"]) == (status, 500)
    assert len(answer["data"]) < 200
    assert answer["data"].isprintable()
    operator.sync()
    assert operator.heard("gn_user_connected") == []


def test_who_is_unknown_is_named_and_keeps_nobody_from_being_online(server: RunningServer, operator: Client) -> None:
    make_known(server, "bob", "carol")
    for user_id in ("bob", "carol"):
        hears(operator, "gn_user_disconnected", user_id)
    strangers = ["nobody", "", "x" * 100_000, "a\x1b[31m\n", *(f"not-there-{number}" for number in range(200))]
    answer = server.rest("POST", "/heartbeat", ["bob", -1, *strangers, "carol", "nobody"])
    assert answer == (200, unknown("-1", *strangers))
    for user_id in ("bob", "carol"):
        hears(operator, "gn_user_connected", user_id)
    assert "Traceback" not in server.log


def test_keys_and_methods(server: RunningServer) -> None:
    assert server.http("POST", "/heartbeat", [])[0] == 401
    assert server.http("POST", "/heartbeat", [], key="moderator-key")[0] == 403
    assert server.rest("GET", "/heartbeat")[0] == 405
