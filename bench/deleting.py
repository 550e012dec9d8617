"""Measures what the long calls of the backend do to everybody else: `python bench/deleting.py`.

The database holds a million messages of 10,000 users, every tenth of one of them. While people talk in ten rooms, a
backend asks for histories and has all messages of that one user deleted. See README.md.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
import urllib.request
from collections.abc import Awaitable, Callable
from statistics import quantiles
from typing import Any

from fill import fill
from run import BUILD, CHANNEL, KEY, Place, raise_file_limit, room_id, running, server_command
from talking import Client, Ledger

MESSAGES, OF_ONE_IN = 1_000_000, 10
ROOMS, TALKERS, PAUSE_S, QUIET_S = 10, 50, 0.5, 10.0
HEARD = "gn_message_deleted"
ONE, ANOTHER = "stored-0", "stored-77"
CALL_TIMEOUT_S = 120.0
# Of fewer there are no quantiles.
QUANTILES_OF = 20


class Backend:
    """Calls the backend endpoint of a server."""

    def __init__(self, port: int) -> None:
        self._port = port

    def call(self, method: str, path: str, body: dict[str, Any]) -> Any:
        """The `data` of the answer."""
        headers = {"Authorization": f"Bearer {KEY}"}
        url, content = f"http://127.0.0.1:{self._port}{path}", json.dumps(body).encode()
        request = urllib.request.Request(url, content, headers, method=method)
        with urllib.request.urlopen(request, timeout=CALL_TIMEOUT_S) as response:
            return json.loads(response.read())["data"]


class Talk:
    """People who talk all the time; `latencies_s` is how long each of their messages took to be answered."""

    def __init__(self, ledger: Ledger) -> None:
        self.latencies_s: list[float] = []
        self._ledger = ledger
        self._clients: list[Client] = []
        self._talking: list[asyncio.Task[None]] = []

    async def start(self, port: int) -> None:
        """Come in, and begin."""
        for number in range(TALKERS):
            client = await Client.connect(self._ledger, port, f"talker-{number}")
            await client.join(room_id(number % ROOMS))
            self._clients.append(client)
        self._talking = [asyncio.create_task(self._talk(number)) for number in range(TALKERS)]

    async def _talk(self, number: int) -> None:
        await asyncio.sleep(PAUSE_S * number / TALKERS)
        while True:
            begun = time.perf_counter()
            await self._clients[number].say(room_id(number % ROOMS), "hello")
            self.latencies_s.append(time.perf_counter() - begun)
            await asyncio.sleep(PAUSE_S)

    async def stop(self) -> None:
        """Fall silent and leave."""
        for task in self._talking:
            task.cancel()
        for client in self._clients:
            await client.end(politely=False)


async def measure(place: Place, ledger: Ledger) -> None:
    """Print a line for each call."""
    backend, talk = Backend(place.backend), Talk(ledger)
    await talk.start(place.port)

    async def line(name: str, count: Callable[[Any], int], asked: Awaitable[Any]) -> None:
        await asyncio.to_thread(backend.call, "GET", "/lag", {})
        talk.latencies_s.clear()
        begun = time.perf_counter()
        answer = await asked
        took_s = time.perf_counter() - begun
        lag_ms, busy_ms = await asyncio.to_thread(backend.call, "GET", "/lag", {})
        figures = f"{count(answer):9,} {took_s:8.2f} {_latencies(talk.latencies_s)} {lag_ms:8.1f} {busy_ms:8.1f}"
        sys.stdout.write(f"{name:32} {figures}\n")
        sys.stdout.flush()

    async def call(name: str, count: Callable[[Any], int], method: str, path: str, **body: str) -> None:
        await line(name, count, asyncio.to_thread(backend.call, method, path, body))

    await line("nothing", lambda answer: 0, asyncio.sleep(QUIET_S))
    await call("history", len, "GET", "/history", room_id=room_id(0))
    await call("history of one user", len, "GET", "/history", room_id=room_id(0), user_id=ANOTHER)
    await call("full-history", len, "POST", "/full-history", user_id=ONE)
    await call("full-history of another user", len, "POST", "/full-history", user_id=ANOTHER)
    await call("delete-messages", lambda answer: int(answer["success"]), "POST", "/delete-messages", id=ONE)
    await call("clear-history", lambda answer: 0, "POST", "/clear-history", room_id=room_id(0))
    await talk.stop()


def _latencies(seconds: list[float]) -> str:
    """Median, 99th percentile and maximum, in ms."""
    if len(seconds) < QUANTILES_OF:
        return f"{'-':>8} {'-':>8} {'-':>8}"
    cuts = quantiles(seconds, n=100)
    return " ".join(f"{one * 1000:8.1f}" for one in (cuts[49], cuts[98], max(seconds)))


def main() -> None:
    """Print a table."""
    raise_file_limit()
    BUILD.mkdir(exist_ok=True)
    ledger = Ledger()
    with Place.fresh() as place:
        command = server_command(place, ROOMS, "lag")
        fill(place.folder / "chat.db", CHANNEL, [room_id(number) for number in range(ROOMS)], MESSAGES, OF_ONE_IN)
        heads = " ".join(f"{head:>8}" for head in ("s", "p50 ms", "p99 ms", "max ms", "lag ms", "busy ms"))
        sys.stdout.write(f"{'':32} {'messages':>9} {heads}\n")
        with running(command, place):
            asyncio.run(measure(place, ledger))
    heard = TALKERS // ROOMS * (MESSAGES // OF_ONE_IN + 1)
    if ledger.problem_count or ledger.heard[HEARD] != heard:
        sys.exit(f"{ledger.heard[HEARD]:,} of {heard:,} deletions were heard; {ledger.problems}")


if __name__ == "__main__":
    main()
