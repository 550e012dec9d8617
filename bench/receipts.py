"""Measures what receipts cost the server, by the size of the room: `python bench/receipts.py`.

In a room of so many one author speaks, and everybody else answers each message with `read`. Up to
`rooms.relay_receipts_max` users the room hears of every receipt, above it the author alone; so the cost of a receipt is
to grow with the room up to that limit and to be the same from there on. See README.md.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

from run import BUILD, Place, raise_file_limit, room_id, running, server_command
from talking import Client, Ledger

SIZES = (2, 10, 100, 101, 300, 1_000)
RECEIPTS, AT_ONCE = 6_000, 50
SETTLE_S, LOOK_AGAIN_S = 30.0, 0.002
HEARD = "gn_message_read"


def cpu_s(pid: int) -> float:
    """User and system time of a process."""
    words = (Path("/proc") / str(pid) / "stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


async def entered(ledger: Ledger, port: int, number: int) -> Client:
    """A user in the room."""
    client = await Client.connect(ledger, port, f"user-{number}")
    await client.join(room_id(0))
    return client


async def acknowledge(client: Client, message_id: str) -> None:
    """Say that a message was read."""
    named: dict[str, Any] = {"target": {"id": room_id(0)}, "object": {"attachments": [{"id": message_id}]}}
    await client.call("read", {"verb": "read"} | named)


async def settled(ledger: Ledger, expected: int) -> None:
    """Wait until everybody has heard everything."""
    for _ in range(int(SETTLE_S / LOOK_AGAIN_S)):
        if ledger.heard[HEARD] >= expected:
            break
        await asyncio.sleep(LOOK_AGAIN_S)
    if ledger.heard[HEARD] != expected or ledger.problem_count:
        sys.exit(f"{ledger.heard[HEARD]} of {expected} were heard; {ledger.problems}")


async def measure(place: Place, pid: int, size: int, limit: int = 100) -> tuple[int, float]:
    """How many receipts there were, and how many seconds of the server's time they took together."""
    ledger = Ledger()
    clients = [await entered(ledger, place.port, number) for number in range(size)]
    author, *readers = clients
    rounds = max(RECEIPTS // size, 1)
    spent_s = 0.0
    for number in range(rounds):
        target = {"id": room_id(0), "objectType": "room"}
        said = await author.call("message", {"verb": "send", "target": target, "object": {"content": "aGVsbG8="}})
        begun_s = cpu_s(pid)
        for start in range(0, len(readers), AT_ONCE):
            await asyncio.gather(*(acknowledge(one, said["id"]) for one in readers[start : start + AT_ONCE]))
        told = size - 1 if size <= limit else 1
        await settled(ledger, (number + 1) * len(readers) * told)
        spent_s += cpu_s(pid) - begun_s
    for client in clients:
        await client.end(politely=False)
    return rounds * len(readers), spent_s


def main() -> None:
    """Print a table."""
    raise_file_limit()
    BUILD.mkdir(exist_ok=True)
    sys.stdout.write(f"{'users':>8} {'receipts':>10} {'us each':>10}\n")
    for size in SIZES:
        with Place.fresh() as place, running(server_command(place, 1), place) as pid:
            count, spent_s = asyncio.run(measure(place, pid, size))
        sys.stdout.write(f"{size:8,} {count:10,} {spent_s / count * 1e6:10,.0f}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
