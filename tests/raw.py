"""A WebSocket client over a bare socket: it can do what libraries do not let one do."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Self

from tests.running import RunningServer

WAIT_S = 60
TEXT, CLOSE, PING = 1, 8, 9
_FINAL, _MASKED = 0x80, 0x80


def frame(opcode: int, payload: bytes) -> bytes:
    """A client's frame, with a mask of zeros."""
    size = len(payload)
    length = bytes((_MASKED | size,)) if size < 126 else bytes((_MASKED | 126,)) + struct.pack("!H", size)
    return bytes((_FINAL | opcode,)) + length + bytes(4) + payload


def text(event: str, body: Any, reply_id: int | None = None) -> bytes:
    """The frame of a command."""
    return frame(TEXT, json.dumps([event, body] if reply_id is None else [event, body, reply_id]).encode())


class RawClient:
    """One connection from an address of one's choice. `receive_bytes`: how little the kernel is to take in.

    `close_code` is that of the server's close frame, once it was read.
    """

    def __init__(self, server: RunningServer, source: str = "127.0.0.1", receive_bytes: int = 0) -> None:
        self.socket = socket.socket()
        self.socket.settimeout(WAIT_S)
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.bind((source, 0))
        self.socket.connect(("127.0.0.1", server.settings.public))
        self._host = f"127.0.0.1:{server.settings.public}"
        self._rest = b""
        self.close_code = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.socket.close()

    def ask_for_upgrade(self) -> int:
        """The HTTP status of the answer."""
        self.send(
            f"GET /ws HTTP/1.1\r\nHost: {self._host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        return self.read_status()

    def upgrade(self) -> Self:
        """Ask, and be let in."""
        assert self.ask_for_upgrade() == 101
        return self

    def enter(self, user_id: str, room_id: str) -> Self:
        """Ask for login and join, and wait for nothing."""
        self.send(text("login", {"verb": "login", "actor": {"id": user_id}}))
        self.send(text("join", {"verb": "join", "target": {"id": room_id}}))
        return self

    def send(self, data: bytes) -> None:
        """Send bytes."""
        self.socket.sendall(data)

    def read_status(self) -> int:
        """Read the head of an HTTP answer; its status, or 0 when the connection ends without one."""
        while b"\r\n\r\n" not in self._rest:
            if not self._read():
                return 0
        head, _, self._rest = self._rest.partition(b"\r\n\r\n")
        return int(head.split()[1])

    def frames(self) -> Iterator[tuple[int, bytes]]:
        """Opcode and payload of what the server sends, to the end of the connection."""
        while True:
            start, end = _bounds(self._rest)
            if len(self._rest) >= end:
                yield self._rest[0] & 0x0F, self._rest[start:end]
                self._rest = self._rest[end:]
            elif not self._read():
                return

    def until_closed(self) -> Iterator[bytes]:
        """The texts that come before the close frame, whose code is in `close_code` then."""
        for opcode, payload in self.frames():
            if opcode == CLOSE:
                self.close_code = int.from_bytes(payload[:2], "big")
                return
            if opcode == TEXT:
                yield payload

    def wait_for_close(self) -> int:
        """Read on to the close frame; its code, or 0 when none comes."""
        for _ in self.until_closed():
            pass
        return self.close_code

    def hang_up(self) -> None:
        """End the connection, also for a thread that sends."""
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)

    def _read(self) -> bool:
        try:
            data = self.socket.recv(65536)
        except ConnectionError:
            return False
        self._rest += data
        return bool(data)


def _bounds(data: bytes) -> tuple[int, int]:
    """Where the first frame's payload begins and ends. More than there is while the header is not complete."""
    if len(data) < 2:
        return 2, 2
    size, start = data[1], 2
    if size in (126, 127):
        start = 4 if size == 126 else 10
        size = int.from_bytes(data[2:start], "big")
    return start, start + (size if len(data) >= start else 0)
