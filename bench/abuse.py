"""Measures what honest clients notice of others that do what they should not: `python bench/abuse.py`.

A hundred members of a room talk, as in `latency-100` of run.py, but ten of them speak, and the limits are the defaults.
Beside them are the abusers, one kind after the other and then all kinds, each from an address of its own and as fast
as it can; whoever is cut comes back at once. See README.md.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import socket
import struct
import subprocess
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median
from typing import Any

import tomli_w
from run import Place, Scenario, build, configuration, measure, on_core, p50_ms, raise_file_limit, room_id
from run import running as run_program

HONEST = Scenario("abuse", "", "", p50_ms, 100, ("--mode", "rate", "--rate", "100", "--senders", "10"))
HEADINGS = ("abusers", "p50 ms", "p99 ms", "max ms", "core use", "how they ended")
CHUNK_BYTES = 65_536
SMALL_BYTES = 4_096
DEAF_COMMANDS_PER_S = 15
CONNECTIONS = 1_000
FLOODERS = 10


# A client over a bare socket


def frame(opcode: int, payload: bytes) -> bytes:
    """A client's frame, with a mask of zeros."""
    size = len(payload)
    length = bytes((128 | size,)) if size < 126 else bytes((128 | 126,)) + struct.pack("!H", size)
    return bytes((128 | opcode,)) + length + bytes(4) + payload


def command(event: str, body: dict[str, Any]) -> bytes:
    """The frame of a command."""
    return frame(1, json.dumps([event, body, 1]).encode())


JOIN = command("join", {"verb": "join", "target": {"id": room_id(0)}})
LISTING = command("list_channels", {"verb": "list"})
UNKNOWN = command("make_coffee", {})
PING = frame(9, b"")


class Abuser:
    """One connection. `close_code` is that of the server's close frame, or the HTTP status of a refusal."""

    def __init__(self, port: int, source: str) -> None:
        self.close_code = 0
        self._port = port
        self._source = source
        self._rest = b""

    async def connect(self, receive_bytes: int = 0) -> None:
        """A TCP connection."""
        self.socket = socket.socket()
        self.socket.setblocking(False)
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.bind((self._source, 0))
        await asyncio.get_running_loop().sock_connect(self.socket, ("127.0.0.1", self._port))

    async def upgrade(self) -> bool:
        """Whether the server lets it in."""
        with suppress(ConnectionError):
            await self.send(
                f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
            )
        while b"\r\n\r\n" not in self._rest:
            if not await self.read():
                return False
        head, _, self._rest = self._rest.partition(b"\r\n\r\n")
        self.close_code = int(head.split()[1])
        return self.close_code == 101

    async def log_in(self, user_id: str) -> None:
        """Send a login."""
        await self.send(command("login", {"verb": "login", "actor": {"id": user_id}}))

    async def send(self, data: bytes) -> None:
        """Send, as fast as the server takes it."""
        await asyncio.get_running_loop().sock_sendall(self.socket, data)

    async def read(self) -> bool:
        """Take in what has come. Whether there was something."""
        data = await asyncio.get_running_loop().sock_recv(self.socket, CHUNK_BYTES)
        self._rest += data
        return bool(data)

    async def read_on(self) -> None:
        """Read to the close frame, or to the end."""
        while not self._has_close() and await self.read():
            pass

    def _has_close(self) -> bool:
        while len(self._rest) >= 4:
            size, start = self._rest[1], 2
            if size >= 126:
                start = 4 if size == 126 else 10
                size = int.from_bytes(self._rest[2:start], "big")
            if len(self._rest) < start + size:
                return False
            if self._rest[0] & 15 == 8:
                self.close_code = int.from_bytes(self._rest[start : start + 2], "big")
                return True
            self._rest = self._rest[start + size :]
        return False


# Kinds of abuse: what one client does until it is cut


async def pour(client: Abuser, data: bytes) -> None:
    """Send the same again and again, and read what comes."""
    await client.connect()
    if not await client.upgrade():
        return
    await client.log_in(f"abuser{id(client)}")
    sending = asyncio.ensure_future(_forever(client, data * (CHUNK_BYTES // len(data))))
    try:
        await client.read_on()
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


async def _forever(client: Abuser, data: bytes) -> None:
    while True:
        await client.send(data)


async def deaf(client: Abuser) -> None:
    """Ask for long answers, within the limits, and do not read them."""
    await client.connect(SMALL_BYTES)
    if not await client.upgrade():
        return
    await client.log_in(f"deaf{id(client)}")
    while True:
        await client.send(JOIN)
        await asyncio.sleep(1 / DEAF_COMMANDS_PER_S)


async def deaf_flood(client: Abuser) -> None:
    """Send as fast as the server takes it, and read nothing."""
    await client.connect(SMALL_BYTES)
    if await client.upgrade():
        await client.log_in(f"deaf{id(client)}")
        await _forever(client, LISTING * (CHUNK_BYTES // len(LISTING)))


async def stranger(client: Abuser) -> None:
    """Come in, and do not log in."""
    await client.connect()
    if await client.upgrade():
        await client.read_on()


async def half_open(client: Abuser) -> None:
    """Begin a handshake, and do not end it."""
    await client.connect()
    await client.send(b"GET /ws HTTP/1.1\r\nHost: ")
    while await client.read():
        pass
    client.close_code = int(client._rest[9:12] or 0)  # noqa: SLF001


Kind = Callable[[Abuser], Awaitable[None]]

KINDS: dict[str, tuple[Kind, int]] = {
    "flood": (lambda client: pour(client, LISTING), FLOODERS),
    "unknown": (lambda client: pour(client, UNKNOWN), FLOODERS),
    "pings": (lambda client: pour(client, PING), FLOODERS),
    "deaf": (deaf, FLOODERS),
    "deaf-flood": (deaf_flood, FLOODERS),
    "strangers": (stranger, CONNECTIONS),
    "half-open": (half_open, CONNECTIONS),
}


async def abuse(port: int, names: list[str]) -> Counter[int]:
    """Run the kinds until the process is told to stop; how often a connection ended with which code."""
    ends: Counter[int] = Counter()
    tasks = [
        asyncio.ensure_future(_again_and_again(port, f"127.0.0.{10 + number}", KINDS[name][0], ends))
        for number, name in enumerate(names)
        for _ in range(KINDS[name][1])
    ]
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    await stopped.wait()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return ends


async def _again_and_again(port: int, source: str, kind: Kind, ends: Counter[int]) -> None:
    while True:
        client = Abuser(port, source)
        with suppress(OSError):
            await kind(client)
        client.socket.close()
        ends[client.close_code] += 1
        await asyncio.sleep(0)


# Runs


@contextmanager
def abusers(port: int, names: list[str]) -> Iterator[Counter[str]]:
    """Abusers at work, on the clients' core, but only when these leave it. Filled with how they ended."""
    ends: Counter[str] = Counter()
    if not names:
        yield ends
        return
    with on_core(1):
        command_line = [sys.executable, __file__, "--abuse", str(port), *names]
        process = subprocess.Popen(command_line, stdout=subprocess.PIPE)
    try:
        yield ends
    finally:
        process.terminate()
        ends.update(json.loads(process.communicate()[0]))


def run(load: Path, names: list[str], seconds: float) -> tuple[dict[str, Any], Counter[str]]:
    """One run of honest clients among abusers, against a fresh server with the default limits."""
    with Place.fresh() as place:
        config = configuration(place, 1)
        del config["limits"]
        config["listen"]["public"] = [f"tcp:{place.port}:interface=127.0.0.1"]
        file = place.folder / "chat.toml"
        file.write_text(tomli_w.dumps(config))
        server = [str(Path(sys.executable).parent / "twistd"), "-n", "--pidfile=", "chat", "--config", str(file)]
        with run_program(server, place) as pid, abusers(place.port, names) as ends:
            result = measure(load, HONEST, place.port, pid, seconds)
        if "Traceback" in (place.folder / "server.log").read_text():
            raise SystemExit("the server's log has a traceback")
        return result, ends


def row(names: list[str], runs: list[tuple[dict[str, Any], Counter[str]]]) -> tuple[str, ...]:
    """The cells of one kind: medians of its runs."""

    def middle(name: str) -> str:
        return f"{median(result[name] for result, _ in runs) / 1000:.2f}"

    use = median(result["cpu_s"] / result["elapsed_s"] for result, _ in runs)
    ends = sum((ends for _, ends in runs), Counter[str]())
    told = ", ".join(f"{count} x {code}" for code, count in sorted(ends.items()))
    name = "none" if not names else names[0] if len(names) == 1 else "all"
    return (name, middle("p50_us"), middle("p99_us"), middle("max_us"), f"{use:.0%}", told)


def main() -> None:
    """Run what is asked for, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--abuse", type=int, metavar="PORT", help="only be the abusers, until SIGTERM")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=", ".join(KINDS))
    asked = parser.parse_args()
    unknown = set(asked.kinds) - set(KINDS)
    if unknown:
        parser.error(f"no such kind: {', '.join(sorted(unknown))}")
    raise_file_limit()
    if asked.abuse:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        os.nice(5)
        print(json.dumps(asyncio.run(abuse(asked.abuse, asked.kinds))))
        return
    mixes = [[], *([name] for name in asked.kinds or KINDS), *([] if asked.kinds else [list(KINDS)])]
    load = build("load.c")
    runs: list[list[tuple[dict[str, Any], Counter[str]]]] = [[] for _ in mixes]
    for _ in range(asked.rounds):
        for number, names in enumerate(mixes):
            sys.stderr.write(f"{' '.join(names) or 'none'}\n")
            runs[number].append(run(load, names, asked.seconds))
    for cells in (HEADINGS, *(row(names, of_kind) for names, of_kind in zip(mixes, runs, strict=True))):
        print(*(cell.ljust(11) for cell in cells))


if __name__ == "__main__":
    main()
