"""The WebSocket edge over real sockets: frames, origins, close codes, pings."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from chat.texts import base64_of
from tests.clients import Client
from tests.raw import RawClient
from tests.running import ROOM_ID, RunningServer

LIMITS = """
[limits]
frame_bytes = 4096
outbound_bytes = 100000
login_timeout_s = 2
ping_interval_s = 1
ping_timeout_s = 1
"""


@pytest.fixture
def server(run_server: Callable[..., RunningServer]) -> RunningServer:
    return run_server(LIMITS)


def closing(client: Client) -> int:
    """The code with which the server ends the connection."""
    with pytest.raises(ConnectionClosed) as closed:
        client.wait_for("nothing")
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code


def test_binary_is_refused(server: RunningServer) -> None:
    with Client(server.url) as client:
        client.socket.send(b"[]")
        assert closing(client) == 1003


def test_what_is_not_utf8_is_refused(server: RunningServer) -> None:
    with Client(server.url) as client:
        client.socket.send(b'["\xff", {}]', text=True)
        assert closing(client) == 1007


def test_a_large_frame_is_refused(server: RunningServer) -> None:
    with Client(server.url) as client:
        client.login("alice")
        client.socket.send(json.dumps(["connect", {"x": "y" * 5000}]))
        assert closing(client) == 1009


def test_many_fragments_of_a_large_message_are_refused(server: RunningServer) -> None:
    with Client(server.url) as client:
        client.socket.send("x" * 1000 for _ in range(5))
        assert closing(client) == 1009


def test_a_fragmented_command_is_one_command(server: RunningServer) -> None:
    with Client(server.url) as client:
        client.socket.send(iter(['["conn', 'ect", {}', ', "whole"]']))
        assert client.receive()[0] == "gn_connect"
        assert client.receive() == ["gn_connect", {"status_code": 200}, "whole"]


def test_malformed_frames(server: RunningServer) -> None:
    with Client(server.url) as client:
        for _ in range(3):
            client.socket.send("no json")
        assert closing(client) == 4007


def test_no_login_in_time(server: RunningServer) -> None:
    with Client(server.url) as client:
        assert closing(client) == 4001


def test_a_failed_login(server: RunningServer) -> None:
    with Client(server.url) as client:
        assert client.login("0")["status_code"] == 713
        assert closing(client) == 4001


def test_a_dead_peer_is_dropped(server: RunningServer) -> None:
    """A client that answers no ping is gone for the others."""
    with Client(server.url) as watcher:
        watcher.enter("watcher", ROOM_ID)
        with RawClient(server).upgrade().enter("dead", ROOM_ID):
            assert watcher.wait_for("gn_user_joined")["actor"]["id"] == "dead"
            assert watcher.wait_for("gn_user_disconnected")["actor"]["id"] == "dead"


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        (None, True),
        ("http://{host}", True),
        ("http://evil.example", False),
        ("null", False),
        ("https://app.example", True),
    ],
)
def test_origins(run_server: Callable[..., RunningServer], origin: str | None, allowed: bool) -> None:
    server = run_server('[web]\norigins = ["https://app.example"]')
    host = f"127.0.0.1:{server.settings.public}"
    headers = {} if origin is None else {"Origin": origin.format(host=host)}
    if allowed:
        with connect(server.url, additional_headers=headers) as client:
            assert json.loads(client.recv(timeout=30)) == ["gn_connect", {"status_code": 200}]
    else:
        with pytest.raises(InvalidStatus) as refused, connect(server.url, additional_headers=headers):
            pass
        assert refused.value.response.status_code == 403


def test_no_delay(server: RunningServer) -> None:
    """A reply is not held back for a full segment."""
    with Client(server.url) as client:
        client.enter("alice", ROOM_ID)
        for number in range(20):
            assert client.say(base64_of(str(number)), ROOM_ID)["status_code"] == 200
