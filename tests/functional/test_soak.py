"""The soak of the benchmarks, shorter: nothing is lost among many who come and go, and nothing of them stays."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from talking import Ledger, Membership

from chat.users import REMEMBERED_CHARACTERS
from tests.running import KEY, ROOM_ID, RunningServer

BENCH = Path(__file__).parents[2] / "bench"
SOAK_TIMEOUT_S = 600
CLIENTS, OPERATIONS = 200, 2000
ROOMS = [ROOM_ID, *(f"00000000-0000-4000-9000-00000000000{number}" for number in range(3))]
SETTINGS = f"""
[plugins]
path = ["{BENCH / "plugins"}"]
enable = ["probe"]
[[channels]]
name = "Other"
rooms = [{", ".join(f'{{id = "{room_id}", name = "Room {room_id[-1]}"}}' for room_id in ROOMS[1:])}]
"""
# The call that counts has a timer and some Deferreds itself, and the reactor keeps up to 50 cancelled timers before it
# sweeps. What is forgotten of every client, or of every operation, is more.
MANY = CLIENTS // 3
# What there is for every session, and for every event that waits.
OF_SESSIONS = (
    "chat.events.messages.MessagePosted", "chat.events.presence.UserJoined", "chat.timelines._Timeline",
    "chat.occupants.Occupants", "chat.presence.Online", "chat.sessions.Session", "chat.wire.replies.Pending",
    "chat.wire.room_log.Entry", "chat.wire.room_log.RoomLog", "chat.wire.session.Connection",
    "chat.wire.transport.PromptServer", "chat.wire.websocket.WebSocketLink", "twisted.internet.base.DelayedCall",
    "twisted.internet.defer.Deferred", "twisted.web.http.HTTPChannel",
)  # fmt: skip


def soak(server: RunningServer, *options: str) -> dict[str, Any]:
    """What `soak.py` finds."""
    words = ["--port", str(server.settings.public), "--backend", str(server.settings.backend), "--key", KEY]
    words += ["--pid", str(server.pid), *options]
    for room_id in ROOMS:
        words += ["--room", room_id]
    done = subprocess.run(
        [sys.executable, str(BENCH / "soak.py"), *words],
        capture_output=True,
        text=True,
        timeout=SOAK_TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_nothing_is_lost_and_nothing_stays(run_server: Callable[..., RunningServer]) -> None:
    server = run_server(SETTINGS)
    result = soak(server, "--clients", str(CLIENTS), "--operations", str(OPERATIONS), "--seconds", str(SOAK_TIMEOUT_S))
    assert result["problems"] == result["left_over_users"] == 0
    assert sum(result["done"].values()) == OPERATIONS * 3 // 2
    assert min(result["done"][deed] for deed in ("say", "join", "leave", "reconnect")) > CLIENTS
    assert result["heard"]["message"] > OPERATIONS * 20
    grown = {name: result["grown"].get(name, 0) for name in OF_SESSIONS}
    assert max(grown.values()) <= MANY, grown
    # Messages that histories show are remembered; each is a few objects and weighs some hundred characters.
    assert result["objects"][2] - result["objects"][1] < REMEMBERED_CHARACTERS // 50
    assert "traceback" not in server.log.lower()


def joined(*users: str, head: int = 0) -> dict[str, Any]:
    """What a join reply says."""
    return {"head": head, "attachments": [{"objectType": "user", "attachments": [{"id": one} for one in users]}]}


def message(seq: int, message_id: str) -> dict[str, Any]:
    return {"seq": seq, "id": message_id}


def test_the_soak_notes_what_is_wrong() -> None:
    ledger = Ledger()
    one = Membership(ledger, "one", "room", joined("a", head=3))
    for number in (4, 5):
        one.on_message(message(number, f"id{number}"))
    one.on_joined("b")
    for user_id in ("b", "a"):
        one.on_left(user_id)
    ledger.acknowledged("room", 5, "id5")
    one.check(5)
    assert ledger.problem_count == 0
    one.on_message(message(7, "id7"))
    assert ledger.problems == ["one got 7 after 5 in room"]
    one.on_message(message(7, "id7"))
    assert ledger.problems[1:] == ["one got 7 after 7 in room"]
    one.on_message(message(8, "id8"))
    ledger.acknowledged("room", 8, "another")
    assert ledger.problems[2:] == ["two messages have number 8 in room"]
    one.on_left("b")
    assert ledger.problems[3:] == ["one heard b leave room, who was not there"]
    one.check(9)
    assert ledger.problems[4:] == ["one saw room up to 8 of 9"]
