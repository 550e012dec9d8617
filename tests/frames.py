"""What a WebSocket client puts on the wire, well made or not."""

from __future__ import annotations

import struct

HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
NO_MASK = bytes(4)
TEXT, CONTINUATION, CLOSE, PING, PONG = 0x81, 0x80, 0x88, 0x89, 0x8A
UNFINISHED_TEXT, UNFINISHED_CONTINUATION = 0x01, 0x00


def frame(first: int, payload: bytes, mask: bytes | None = NO_MASK, long_form: bool = False) -> bytes:
    """A client's frame; `first` is its first byte. Unmasked without a mask; a long form is that of a longer payload."""
    size = len(payload)
    masked = 0 if mask is None else 0x80
    if size >= 65536 or (long_form and size > 200):
        head = struct.pack("!BBQ", first, masked | 127, size)
    elif size >= 126 or long_form:
        head = struct.pack("!BBH", first, masked | 126, size)
    else:
        head = struct.pack("!BB", first, masked | size)
    if mask is None:
        return head + payload
    return head + mask + _masked(payload, mask)


def _masked(payload: bytes, mask: bytes) -> bytes:
    if mask == NO_MASK:
        return payload
    return bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))


def split(data: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """The whole frames of a server in `data`, as pairs of the first byte and the payload, and what is left over."""
    frames: list[tuple[int, bytes]] = []
    while (found := _first_of(data)) is not None:
        start, end = found
        frames.append((data[0], data[start:end]))
        data = data[end:]
    return frames, data


def _first_of(data: bytes) -> tuple[int, int] | None:
    """Where the payload of the first frame starts and ends, when it is there."""
    if len(data) < 2:
        return None
    size, start = data[1], 2
    if size in {126, 127}:
        start = 4 if size == 126 else 10
        size = int.from_bytes(data[2:start], "big")
    return (start, start + size) if len(data) >= start + size else None
