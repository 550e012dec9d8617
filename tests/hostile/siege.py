"""A server process that is attacked over TCP, and somebody in its room who only wants to chat."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.clients import Client
from tests.frames import HANDSHAKE, TEXT, frame, split
from tests.hostile.calls import Call
from tests.hostile.oracle import BAD_LOG, CLOSE_CODES, LEAK, Tally, check_text, strict_json
from tests.hostile.volleys import FRAME_BYTES, Said, Volley, close_code
from tests.running import ROOM_ID, TWISTD, RunningServer, Settings

LIMITS = f"""
[limits]
frame_bytes = {FRAME_BYTES}
commands_per_s = 1000000
burst = 1000000
connections_per_address = 1000000
"""
# glibc gives back at once what is free: what the process then has in memory is what it uses. Otherwise it goes up and
# down by some megabytes, as the holes between large buffers will have it.
FRUGAL = ("env", "MALLOC_ARENA_MAX=1", "MALLOC_TRIM_THRESHOLD_=65536", "MALLOC_MMAP_THRESHOLD_=65536", *TWISTD)
ANSWER_TIMEOUT_S = 60
READ_BYTES = 1 << 20
BUG, REFUSED = 500, 400
LENGTH = re.compile(rb"(?im)^content-length: *(\d+)\r?$")


ENTER = b"".join(
    frame(TEXT, json.dumps(command).encode())
    for command in (
        ["login", {"verb": "login", "actor": {"id": "mallory"}}],
        ["join", {"verb": "join", "target": {"id": ROOM_ID}}],
    )
)


class Siege:
    """One server under attack, one attack at a time."""

    def __init__(self, server: RunningServer, bystander: Client) -> None:
        self.tally = Tally()
        self.calls = Tally()
        self._server = server
        self._bystander = bystander

    def strike(self, payloads: list[bytes]) -> None:
        """Send the payloads as text frames of a user in the room: a valid command must work behind each, or else the
        connection be closed with a documented code and the next one work.
        """
        waiting = list(payloads)
        while waiting:
            with self._connected(self._server.settings.public) as raw:
                raw.sendall(HANDSHAKE)
                said = _Frames(raw)
                raw.sendall(ENTER)
                while waiting and self._is_open_after(waiting.pop(0), raw, said):
                    pass
        self.check_bystander()

    def _is_open_after(self, payload: bytes, raw: socket.socket, said: _Frames) -> bool:
        self.tally.frames += 1
        mark = b',"sync %d"]' % self.tally.frames
        _send(raw, frame(TEXT, payload) + frame(TEXT, b'["connect",{}' + mark))
        said.read_until(lambda frames: close_code(frames) is not None or _has(frames, mark))
        code = close_code(said.frames)
        assert code in CLOSE_CODES or _has(said.frames, mark), payload
        self.tally.closes[code] += 1
        return code is None

    def batter(self, volley: Volley) -> None:
        """Send a volley over a connection of its own, and see that it is answered as it must be."""
        with self._connected(self._server.settings.public) as raw:
            raw.sendall(HANDSHAKE)
            said = _Frames(raw)
            _send(raw, b"".join(volley.chunks), last=volley.is_noise)
            said.read_until(lambda frames: volley.is_over(frames) and not volley.is_noise)
            volley.check(said.frames)
        self.tally.frames += volley.frames
        self.tally.closes[close_code(said.frames)] += 1
        self.check_bystander()

    def call(self, call: Call) -> None:
        """Make an HTTP call over a connection of its own."""
        settings = self._server.settings
        with self._connected(settings.public if call.is_public else settings.backend) as raw:
            _send(raw, call.data, last=not call.is_whole)
            answer = _read_to_the_end(raw)
        self.calls.frames += 1
        self.calls.statuses[_check_response(answer, call)] += 1
        self.check_bystander()

    def check_bystander(self) -> None:
        """Whoever chats on is not disturbed."""
        self._bystander.sync()
        self._bystander.events.clear()

    def check_log(self) -> None:
        """Nothing was logged that tells of a bug."""
        bad = BAD_LOG.search(self._server.log)
        assert bad is None, self._server.log[max(bad.start() - 2000, 0) : bad.end() + 2000]

    @property
    def pid(self) -> int:
        """The id of the server's process."""
        return self._server.pid

    @contextmanager
    def _connected(self, port: int) -> Iterator[socket.socket]:
        with socket.create_connection(("127.0.0.1", port), timeout=ANSWER_TIMEOUT_S) as raw:
            yield raw


@contextmanager
def siege(folder: Path) -> Iterator[Siege]:
    """A server with a bystander in its room."""
    server = RunningServer(Settings.fresh(folder, LIMITS), program=FRUGAL)
    server.start()
    try:
        with Client(server.url) as bystander:
            bystander.enter("bystander", ROOM_ID)
            attacked = Siege(server, bystander)
            yield attacked
            attacked.check_log()
    finally:
        server.stop()


class _Frames:
    """The frames that come over a socket after the answer to the handshake and the greeting."""

    def __init__(self, raw: socket.socket) -> None:
        self._raw = raw
        self._data = b""
        self._frames: list[tuple[int, bytes]] = []
        while b"\r\n\r\n" not in self._data:
            assert self._receive()
        head, _, self._data = self._data.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 ")

    @property
    def frames(self) -> list[tuple[int, bytes]]:
        """What came so far, without the greeting."""
        return self._frames[1:]

    def read_until(self, is_over: Callable[[Said], bool]) -> None:
        """Read until enough has come, or the end."""
        self._split()
        while not is_over(self.frames) and self._receive():
            self._split()

    def _split(self) -> None:
        frames, self._data = split(self._data)
        for first, payload in frames:
            if first == TEXT:
                check_text(payload)
        self._frames += frames

    def _receive(self) -> bool:
        data = _receive(self._raw)
        self._data += data
        return bool(data)


def _has(frames: Said, mark: bytes) -> bool:
    return any(payload.endswith(mark) for first, payload in frames if first == TEXT)


def _send(raw: socket.socket, data: bytes, *, last: bool = False) -> None:
    """Send as much as the server takes; it may have closed the connection. `last`: there will be no more."""
    try:
        raw.sendall(data)
        if last:
            raw.shutdown(socket.SHUT_WR)
    except OSError:
        return


def _receive(raw: socket.socket) -> bytes:
    """What comes next; nothing at the end of the connection, however it ends."""
    try:
        return raw.recv(READ_BYTES)
    except ConnectionResetError:
        return b""


def _read_to_the_end(raw: socket.socket) -> bytes:
    """What comes until the server closes the connection; of a WebSocket only that it is one."""
    answer = b""
    while not answer.startswith(b"HTTP/1.1 101 ") and (data := _receive(raw)):
        answer += data
    return answer


def _check_response(answer: bytes, call: Call) -> int:
    """The status of the response, 0 without one. What is not whole may be answered like several requests, of which the
    last status counts.
    """
    assert answer or not call.is_whole
    status = 0
    while answer:
        status, answer = _check_one(answer)
        assert not (answer and call.is_whole), answer[:500]
    return status


def _check_one(answer: bytes) -> tuple[int, bytes]:
    """The status of the first response in what was answered, and what follows it."""
    head, _, rest = answer.partition(b"\r\n\r\n")
    assert head.startswith((b"HTTP/1.1 ", b"HTTP/1.0 ")), answer[:200]
    status, length = int(head.split()[1]), LENGTH.search(head)
    body = rest if length is None else rest[: int(length[1])]
    assert status != BUG, answer[:500]
    if status >= REFUSED:
        shown = re.sub(rb"(?m)^Server: .*$", b"", head) + body
        assert not LEAK.search(shown.decode("utf-8", "replace")), shown
    if b"application/json" in head and body:
        strict_json(body.decode())
    return status, rest[len(body) :]
