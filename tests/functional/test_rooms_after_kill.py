"""What users made of rooms is there after a kill, and so are the ends of rooms that nobody keeps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chat.texts import base64_of
from tests.clients import Client
from tests.running import CHANNEL_ID, RunningServer, wait_until


def made(client: Client, name: str) -> str:
    body = {"verb": "create", "target": {"displayName": base64_of(name)}, "object": {"url": CHANNEL_ID}}
    room_id: str = client.call("create", body)["data"]["target"]["id"]
    return room_id


def listed(client: Client) -> dict[str, str]:
    reply = client.call("list_rooms", {"verb": "list", "object": {"url": CHANNEL_ID}})
    return {room["id"]: room["displayName"] for room in reply["data"]["object"]["attachments"]}


def call(client: Client, event: str, verb: str, **target: str) -> Any:
    reply = client.call(event, {"verb": verb, "target": target})
    assert reply["status_code"] == 200, reply
    return reply


def test_rooms_and_their_ends_survive_a_kill(run_server: Callable[..., RunningServer]) -> None:
    server = run_server("[rooms]\nowner_grace_s = 4")
    with Client(server.url) as alice:
        alice.login("alice")
        kept, removed = made(alice, "Kept"), made(alice, "Removed")
        call(alice, "join", "join", id=kept)
        call(alice, "rename_room", "rename", id=kept, displayName=base64_of("Renamed"))
        call(alice, "remove_room", "remove", id=removed)
        waiting = made(alice, "Waiting")
        server.kill()
    server.start()
    with Client(server.url) as alice:
        alice.login("alice")
        call(alice, "join", "join", id=kept)
        assert listed(alice)[kept] == base64_of("Renamed")
        assert removed not in listed(alice)
        # On a slow machine its time was over before the server ran again.
        wait_until(lambda: waiting not in listed(alice))
        alice.sync()
        assert {event["target"]["id"] for event in alice.heard("gn_room_removed")} <= {waiting}
        assert kept in listed(alice)
