"""Bans over real sockets: the connection ends with 4003 behind the news, and a kill forgets no ban."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from websockets.exceptions import ConnectionClosed

from chat.texts import base64_of
from tests.clients import Client
from tests.running import ROOM_ID, RunningServer

ROLES = """
[roles]
superusers = ["super"]
"""
WHY = base64_of("why not")


def ban(user_id: str, kind: str, target_id: str = "") -> dict[str, object]:
    return {
        "verb": "ban",
        "target": {"id": target_id, "objectType": kind},
        "object": {"id": user_id, "summary": "1h", "content": WHY},
    }


def close_code(client: Client) -> int:
    """The code with which the server ends the connection; what comes before is kept in `events`."""
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            name, body, *_ = client.receive()
            client.events.append((name, body))
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code


def test_who_is_banned_is_out_and_a_kill_forgets_no_ban(run_server: Callable[..., RunningServer]) -> None:
    server = run_server(ROLES)
    with Client(server.url) as alice, Client(server.url) as bob, Client(server.url) as operator:
        alice.enter("alice", ROOM_ID)
        bob.enter("bob", ROOM_ID)
        operator.enter("super", ROOM_ID)
        assert operator.call("ban", ban("bob", "room", ROOM_ID)) == {"status_code": 200}
        assert operator.call("ban", ban("alice", "global")) == {"status_code": 200}
        assert close_code(alice) == 4003
        heard = [name for name, _ in alice.events if name not in ("gn_user_connected", "gn_user_joined")]
        assert heard[-3:] == ["gn_banned", "gn_user_banned", "gn_user_kicked"]
        assert bob.say("still there?", ROOM_ID)["status_code"] == 703
        operator.sync()
        assert [body["actor"]["id"] for body in operator.heard("gn_user_left")] == ["bob", "alice"]
    server.kill()
    server.start()
    with Client(server.url) as alice, Client(server.url) as bob:
        reply = alice.login("alice")
        assert (reply["status_code"], reply["data"]["target"]) == (703, {"objectType": "global"})
        assert [name for name, _ in alice.events] == ["gn_connect", "gn_banned"]
        assert close_code(alice) == 4003
        assert bob.login("bob")["status_code"] == 200
        refused = bob.call("join", {"verb": "join", "target": {"id": ROOM_ID}})
        assert refused["status_code"] == 703
        assert refused["data"]["object"]["content"] == WHY
        assert 3_000 < int(refused["data"]["object"]["summary"]) <= 3_600
