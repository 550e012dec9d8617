"""Two third-party WebSocket clients chat; a third comes late and sees it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import websocket

from chat.texts import base64_of
from tests.clients import Client, message
from tests.running import CHANNEL_ID, ROOM_ID, RunningServer


class OtherClient:
    """The same conversation over the library `websocket-client`."""

    def __init__(self, url: str) -> None:
        self.socket = websocket.create_connection(url, timeout=30)
        self.events: list[tuple[str, Any]] = []

    def call(self, event: str, body: Any) -> Any:
        self.socket.send(json.dumps([event, body, "mine"]))
        while True:
            name, answer, *rest = json.loads(self.socket.recv())
            if rest == ["mine"]:
                return answer
            self.events.append((name, answer))

    def wait_for(self, event: str) -> Any:
        while True:
            for name, body in self.events:
                if name == event:
                    self.events.remove((name, body))
                    return body
            name, body, *_ = json.loads(self.socket.recv())
            self.events.append((name, body))


def test_a_conversation(run_server: Callable[..., RunningServer]) -> None:
    server = run_server()
    bob = OtherClient(server.url)
    with Client(server.url) as alice:
        assert alice.login("alice", "Alice")["status_code"] == 200
        actor = {"id": "bob", "displayName": base64_of("Bob")}
        assert bob.call("login", {"verb": "login", "actor": actor})["status_code"] == 200
        channels = bob.call("list_channels", {"verb": "list"})["data"]["object"]["attachments"]
        assert [channel["id"] for channel in channels] == [CHANNEL_ID]
        rooms = bob.call("list_rooms", {"verb": "list", "object": {"url": CHANNEL_ID}})["data"]["object"]["attachments"]
        assert [room["id"] for room in rooms] == [ROOM_ID]
        join = {"verb": "join", "target": {"id": ROOM_ID}}
        assert alice.call("join", join)["status_code"] == 200
        assert bob.call("join", join)["status_code"] == 200
        assert alice.wait_for("gn_user_joined")["actor"]["id"] == "alice"
        assert alice.wait_for("gn_user_joined")["actor"]["id"] == "bob"
        said = alice.say("hello Bob", ROOM_ID)["data"]
        assert bob.wait_for("message") == said
        answered = bob.call("message", message("hello Alice", ROOM_ID))["data"]
        assert alice.wait_for("message") == said
        assert alice.wait_for("message") == answered
        read = bob.call("history", {"verb": "list", "target": {"id": ROOM_ID}})["data"]["object"]["attachments"]
        assert [entry["id"] for entry in read] == [answered["id"], said["id"]]
        with Client(server.url) as late:
            late.login("late")
            groups = late.call("join", join)["data"]["object"]["attachments"]
            assert [entry["content"] for entry in groups[1]["attachments"]] == [
                base64_of("hello Alice"),
                base64_of("hello Bob"),
            ]
            assert {user["id"] for user in groups[3]["attachments"]} == {"alice", "bob", "late"}
        assert alice.wait_for("gn_user_disconnected")["actor"]["id"] == "late"
    bob.socket.close()
