"""What was edited and deleted is so for everybody, in order, and after a kill."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.clients import Client, message
from tests.running import ROOM_ID, RunningServer

MESSAGES = 60


def revise(client: Client, number: int, message_id: str) -> int:
    """Of three messages edit one, delete one, and leave one alone; the id of the command."""
    target = {"id": ROOM_ID}
    if number % 3 == 0:
        content = message(f"edited {number}", ROOM_ID)["object"] | {"id": message_id}
        return client.send("edit", {"verb": "edit", "target": target, "object": content})
    if number % 3 == 1:
        return client.send("delete", {"verb": "delete", "target": target, "object": {"id": message_id}})
    return client.send("connect", {})


def watched(client: Client) -> dict[str, str]:
    """The room as its events tell: messages that are there, by their ids. None is told of before it came."""
    client.sync()
    room: dict[str, str] = {}
    for event, data in client.events:
        if event == "message":
            room[data["id"]] = data["object"]["content"]
        elif event == "gn_message_edited":
            assert data["object"]["id"] in room
            room[data["object"]["id"]] = data["object"]["content"]
        elif event == "gn_message_deleted":
            del room[data["object"]["id"]]
    return room


def shown(client: Client) -> dict[str, str]:
    """The room as its history tells, oldest first; all numbers are there."""
    body = {"verb": "list", "target": {"id": ROOM_ID}, "object": {"seq": 0}}
    entries: list[Any] = client.call("history", body)["data"]["object"]["attachments"]
    assert [entry["seq"] for entry in entries] == list(range(1, len(entries) + 1))
    return {entry["id"]: entry["content"] for entry in entries if "deleted" not in entry}


def test_edits_and_deletions_reach_everybody_and_survive_a_kill(run_server: Callable[..., RunningServer]) -> None:
    server = run_server("[limits]\ncommands_per_s = 10000\nburst = 10000")
    with Client(server.url) as writer, Client(server.url) as reviser, Client(server.url) as bob:
        for client, user_id in ((writer, "alice"), (reviser, "alice"), (bob, "bob")):
            client.enter(user_id, ROOM_ID)
        for number in range(MESSAGES):
            writer.send("message", message(str(number), ROOM_ID))
        asked = [revise(reviser, number, reviser.wait_for("message")["id"]) for number in range(MESSAGES)]
        assert reviser.reply(asked[-1]) == {"status_code": 200}
        room = watched(bob)
        assert len(room) == MESSAGES * 2 // 3
        assert len(bob.heard("gn_message_edited")) == len(bob.heard("gn_message_deleted")) == MESSAGES // 3
        assert shown(bob) == room
        server.kill()
    server.start()
    with Client(server.url) as bob:
        bob.enter("bob", ROOM_ID)
        assert shown(bob) == room
