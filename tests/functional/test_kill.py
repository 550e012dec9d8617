"""A server that is killed at any moment loses nothing that it has confirmed."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from typing import Any

from websockets.exceptions import ConnectionClosed

from tests.clients import Client, message
from tests.running import ROOM_ID, RunningServer

KILLS = 20
IN_FLIGHT = 20


class Stream(threading.Thread):
    """Sends messages, IN_FLIGHT at a time, until the connection breaks. `confirmed` are the replies with 200."""

    def __init__(self, url: str, number: int) -> None:
        super().__init__()
        self.client = Client(url)
        self.number = number
        self.confirmed: list[dict[str, Any]] = []
        self.started = threading.Event()

    def run(self) -> None:
        """Send until the server is gone."""
        try:
            self.client.enter("sender", ROOM_ID)
            sent = 0
            while True:
                ids = [
                    self.client.send("message", message(f"{self.number}-{sent + index}", ROOM_ID))
                    for index in range(IN_FLIGHT)
                ]
                sent += IN_FLIGHT
                for one in ids:
                    reply = self.client.reply(one)
                    assert reply["status_code"] == 200
                    self.confirmed.append(reply["data"])
                self.started.set()
        except ConnectionClosed:
            pass
        finally:
            self.started.set()


def whole_history(client: Client) -> list[dict[str, Any]]:
    """Every message of the room, by `seq`."""
    entries: list[dict[str, Any]] = []
    while True:
        seq = entries[-1]["seq"] if entries else 0
        found = client.call("history", {"verb": "list", "target": {"id": ROOM_ID}, "object": {"seq": seq}})
        entries += found["data"]["object"]["attachments"]
        if not found["data"]["object"]["more"]:
            return entries


def test_killed_in_a_stream_of_messages(run_server: Callable[..., RunningServer]) -> None:
    server = run_server()
    with Client(server.url) as muted:
        muted.enter("muted", ROOM_ID)
    body = {"muted": {"room_id": ROOM_ID, "duration": "1h"}}
    assert server.rest("POST", "/mute", body)[0] == 200
    chance = random.Random(20)
    confirmed: list[dict[str, Any]] = []
    for number in range(KILLS):
        stream = Stream(server.url, number)
        stream.start()
        assert stream.started.wait(60)
        stream.join(chance.random() * 0.3)
        server.kill()
        stream.join(60)
        confirmed += stream.confirmed
        server.start()
    with Client(server.url) as reader:
        reader.enter("reader", ROOM_ID)
        entries = whole_history(reader)
        assert [entry["seq"] for entry in entries] == list(range(1, len(entries) + 1))
        stored = {entry["id"]: entry for entry in entries}
        assert len(stored) == len(entries)
        assert len(confirmed) >= KILLS * IN_FLIGHT
        for one in confirmed:
            entry = stored[one["id"]]
            assert (entry["seq"], entry["content"]) == (one["seq"], one["object"]["content"])
    with Client(server.url) as muted:
        muted.enter("muted", ROOM_ID)
        assert muted.say("let me", ROOM_ID)["status_code"] == 703
