"""Measures what a call of the backend costs the server: `python bench/rest.py [SECONDS]`.

So many callers keep a call in flight each, over connections that stay. A call that is answered with another status than
expected ends the run. See README.md.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import dataclass
from statistics import quantiles
from typing import Any

from receipts import cpu_s
from run import BUILD, KEY, Place, room_id, running, server_command
from talking import Client, Ledger

CALLERS = (1, 50)
SECONDS = 5.0
MUTE: dict[str, Any] = {"user": {"room_id": room_id(0), "duration": "1h", "reason": "d2h5"}}


@dataclass(frozen=True)
class Call:
    """What is called all the time, and what is to come back."""

    name: str
    method: str
    path: str
    body: Any = None
    key: str = KEY
    status: int = 200

    def encoded(self) -> bytes:
        """The request."""
        body = b"" if self.body is None else json.dumps(self.body).encode()
        head = (
            f"{self.method} {self.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {self.key}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


CALLS = (
    Call("a read from memory", "GET", f"/muted?room_id={room_id(0)}"),
    Call("a write", "POST", "/mute", MUTE),
    Call("a wrong key", "GET", "/muted", key="wrong", status=401),
)


async def call_until(place: Place, call: Call, deadline: float) -> list[float]:
    """How many seconds each call of one caller took."""
    reader, writer = await asyncio.open_connection("127.0.0.1", place.backend)
    request, took = call.encoded(), []
    while (begun := time.perf_counter()) < deadline:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)
        took.append(time.perf_counter() - begun)
        if int(head.split()[1]) != call.status:
            sys.exit(f"{call.name}: {head.decode()}")
    writer.close()
    return took


async def measure(place: Place, pid: int, call: Call, callers: int, seconds: float) -> tuple[list[float], float]:
    """How long each call took, and how many seconds of the server's time all of them took together."""
    if call.body is not None:
        await Client.connect(Ledger(), place.port, "user")
    deadline = time.perf_counter() + seconds
    begun_s = cpu_s(pid)
    each = await asyncio.gather(*(call_until(place, call, deadline) for _ in range(callers)))
    return [one for took in each for one in took], cpu_s(pid) - begun_s


def main() -> None:
    """Print a table."""
    BUILD.mkdir(exist_ok=True)
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    sys.stdout.write(f"{'call':20} {'callers':>8} {'calls/s':>9} {'CPU us each':>12} {'p50 ms':>8} {'p99 ms':>8}\n")
    for call in CALLS:
        for callers in CALLERS:
            with Place.fresh() as place, running(server_command(place, 1), place) as pid:
                took, spent_s = asyncio.run(measure(place, pid, call, callers, seconds))
            cut = quantiles(took, n=100)
            cost = f"{len(took) / seconds:9,.0f} {spent_s / len(took) * 1e6:12,.0f}"
            sys.stdout.write(f"{call.name:20} {callers:8} {cost} {cut[49] * 1e3:8.2f} {cut[98] * 1e3:8.2f}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
