"""Measures what callers of the backend API cost those who chat: `python bench/callers.py`.

In a room of 100 people talk, so many messages a second together; first alone, then while 50 backends call, each as fast
as it is answered. Every call is to succeed, every message is to reach everybody, once and in order. Shows how long
messages took from the sender to everybody, and how many calls there were. See README.md.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import itertools
import json
import re
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from typing import Any

from receipts import cpu_s
from run import BUILD, KEY, Place, raise_file_limit, room_id, running, server_command
from talking import Client, Ledger, base64_of

PEOPLE, CALLERS = 100, 50
MESSAGES_PER_S = 20
CALL_TIMEOUT_S = 60.0
OK = b"200"
LAG = re.compile(r'^chat_reactor_lag_seconds_bucket\{le="([^"]+)"\} (\S+)', re.MULTILINE)
ROOM, OTHER_ROOM = room_id(0), room_id(1)
# What a moderator's tool asks. It also mutes, bans, and brings in somebody of its own, in another room.
READS: list[tuple[str, dict[str, Any]]] = [
    ("rooms", {}),
    ("users-in-rooms", {"room_ids": [ROOM]}),
    ("users-in-rooms", {"room_ids": [ROOM], "only_count": True}),
    ("muted", {"room_id": ROOM}),
    ("banned", {"room_id": ROOM}),
    ("roles", {"users": ["user-1", "user-2"]}),
    ("rooms-for-users", {"users": ["user-1", "user-2"]}),
    ("latest-history", {"room_id": ROOM, "limit": 20}),
    ("history", {"room_id": ROOM, "limit": 20}),
    ("count-joins", {"room_ids": [ROOM]}),
    ("last-online", {"users": ["user-1", "muted-1"]}),
]


class Listener(Client):
    """Somebody who talks, and measures how long others' messages took."""

    delays_s: list[float]

    def _on_event(self, event: str, body: dict[str, Any]) -> None:
        super()._on_event(event, body)
        if event == "message":
            said_at = float(base64.b64decode(body["object"]["content"]))
            self.delays_s.append(time.perf_counter() - said_at)


async def entered(ledger: Ledger, port: int, number: int, delays_s: list[float]) -> Listener:
    """Somebody in the room."""
    client = await Listener.connect(ledger, port, f"user-{number}")
    client.delays_s = delays_s
    await client.join(ROOM)
    return client


async def talk(clients: list[Listener], seconds: float) -> None:
    """One after the other says what time it is."""
    saying: set[asyncio.Task[None]] = set()
    begun = time.perf_counter()
    for number in range(int(seconds * MESSAGES_PER_S)):
        await asyncio.sleep(begun + number / MESSAGES_PER_S - time.perf_counter())
        client = clients[number % len(clients)]
        saying.add(asyncio.create_task(client.say(ROOM, repr(time.perf_counter()))))
    await asyncio.gather(*saying)


class Caller:
    """A backend with one connection, which asks again as soon as it is answered. `statuses` count the answers."""

    def __init__(self, number: int, statuses: Counter[bytes]) -> None:
        self._number = number
        self._statuses = statuses

    async def run(self, port: int, until: float) -> None:
        """Call until then."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for method, path, body in self._calls():
            if time.perf_counter() >= until:
                break
            status = await asyncio.wait_for(self._call(reader, writer, (method, path, body)), CALL_TIMEOUT_S)
            self._statuses[status] += 1
        writer.close()
        await writer.wait_closed()

    def _calls(self) -> Iterator[tuple[str, str, Any]]:
        whom = f"muted-{self._number}"
        for path, body in itertools.cycle(READS):
            yield "GET", path, body
            if path == "rooms":
                yield from self._writes(whom)

    def _writes(self, whom: str) -> Iterator[tuple[str, str, Any]]:
        place, users = {"user_id": whom, "room_id": OTHER_ROOM}, {"user_ids": [whom], "room_id": OTHER_ROOM}
        for_an_hour = {"room_id": OTHER_ROOM, "duration": "1h", "reason": base64_of("why")}
        yield "POST", "mute", {whom: for_an_hour}
        yield "DELETE", "mute", place
        yield "POST", "ban", {whom: for_an_hour}
        yield "DELETE", "ban", place
        yield "POST", "heartbeat", [whom]
        yield "POST", "join", users
        said = {"user_id": whom, "object_type": "room", "target_id": OTHER_ROOM, "content": base64_of("hello")}
        yield "POST", "send", said | {"persist": True}
        yield "POST", "status", {"id": whom, "status": "away", "stage": "status"}
        yield "POST", "leave", users

    async def _call(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, call: tuple[str, str, Any]
    ) -> bytes:
        method, path, body = call
        content = json.dumps(body).encode()
        head = f"{method} /{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {KEY}\r\n"
        writer.write(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
        answer = await reader.readuntil(b"\r\n\r\n")
        (length,) = (line for line in answer.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        await reader.readexactly(int(length.partition(b":")[2]))
        return answer.split(b" ", 2)[1]


async def known(ledger: Ledger, port: int) -> None:
    """Make known whom the callers mute."""
    for number in range(CALLERS):
        client = await Client.connect(ledger, port, f"muted-{number}")
        await client.end(politely=True)


def lag_p99_s(port: int, before: dict[float, int] | None = None) -> tuple[dict[float, int], float]:
    """How many times the reactor was not later than so, and below what 99 % of those times since `before` were."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=CALL_TIMEOUT_S) as answer:
        found = LAG.findall(answer.read().decode())
    counts = {float(bound): int(float(count)) for bound, count in found}
    since = {bound: count - (before or {}).get(bound, 0) for bound, count in counts.items()}
    return counts, min(bound for bound, count in since.items() if count >= 0.99 * max(since.values()))


async def measure(place: Place, pid: int, seconds: float) -> dict[str, Any]:
    """The figures; what went wrong is under `problems`."""
    ledger, delays_s, statuses = Ledger(), list[float](), Counter[bytes]()
    await known(ledger, place.port)
    clients = [await entered(ledger, place.port, number, delays_s) for number in range(PEOPLE)]
    figures: dict[str, Any] = {}
    alone_s = 0.0
    for name, callers in (("alone", 0), ("with callers", CALLERS)):
        delays_s.clear()
        answered, begun_s = statuses.total(), cpu_s(pid)
        lags, _ = await asyncio.to_thread(lag_p99_s, place.backend)
        until = time.perf_counter() + seconds
        calling = [Caller(number, statuses).run(place.backend, until) for number in range(callers)]
        await asyncio.gather(talk(clients, seconds), *calling)
        await clients[0].call("connect", {})
        _, lag_s = await asyncio.to_thread(lag_p99_s, place.backend, lags)
        spent_s, calls = cpu_s(pid) - begun_s, statuses.total() - answered
        alone_s = alone_s or spent_s
        figures[name] = shown(delays_s) | {"CPU s": round(spent_s, 2), "lag p99 below s": lag_s}
        if calls:
            figures[name]["CPU us per call"] = round((spent_s - alone_s) / calls * 1e6)
    for client in clients:
        client.rooms[ROOM].check(ledger.heads[ROOM])
        await client.end(politely=False)
    failed = sum(number for status, number in statuses.items() if status != OK)
    return figures | {"calls per s": statuses[OK] / seconds, "failed calls": failed, "problems": ledger.problems}


def shown(delays_s: list[float]) -> dict[str, float]:
    """Percentiles in milliseconds."""
    ordered = sorted(delays_s)
    at = {"p50": 0.5, "p99": 0.99, "max": 1.0}
    return {name: round(ordered[round(part * (len(ordered) - 1))] * 1e3, 2) for name, part in at.items()} | {
        "deliveries": len(ordered)
    }


def main() -> None:
    """Print the figures; exit with 1 when a call failed or a message was not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    options = parser.parse_args()
    raise_file_limit()
    BUILD.mkdir(exist_ok=True)
    with Place.fresh() as place, running(server_command(place, 2), place) as pid:
        figures = asyncio.run(measure(place, pid, options.seconds))
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")
    if figures["failed calls"] or figures["problems"]:
        sys.exit(1)


if __name__ == "__main__":
    main()
