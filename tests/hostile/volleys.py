"""Bytes on an open WebSocket connection: well made in odd ways, forbidden, cut off, or noise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st
from msgspec import Struct, structs

from tests.frames import (
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    UNFINISHED_CONTINUATION,
    UNFINISHED_TEXT,
    frame,
)
from tests.hostile.oracle import CLOSE_CODES

Draw = Callable[[st.SearchStrategy[Any]], Any]
Said = Sequence[tuple[int, bytes]]
FRAME_BYTES = 262_144
NORMAL, PROTOCOL_ERROR, NO_TEXT, NO_UTF8, TOO_BIG = 1000, 1002, 1003, 1007, 1009


class Volley(Struct, frozen=True):
    """Chunks of bytes, how many frames they count for, and what must come of them.

    `pongs` and `replies` must be written, each in this order, and no other ones, and a close with `code`, or none when
    that is None. Of noise anything may come, if only the close code is a documented one.
    """

    chunks: tuple[bytes, ...]
    frames: int
    pongs: tuple[bytes, ...] = ()
    replies: tuple[bytes, ...] = ()
    code: int | None = None
    is_noise: bool = False

    def is_over(self, said: Said) -> bool:
        """Whether the server has said what it had to say."""
        is_closed = close_code(said) is not None
        heard = len(_pongs(said)) + len(_replies(said)) + is_closed
        return self.is_noise or heard >= len(self.pongs) + len(self.replies) + (self.code is not None)

    def check(self, said: Said) -> None:
        """Raise AssertionError unless the server said what it had to say."""
        code = close_code(said)
        if self.is_noise:
            assert code is None or code in CLOSE_CODES
            return
        assert _pongs(said) == self.pongs
        assert _replies(said) == self.replies
        assert code == self.code, f"closed with {code} instead of {self.code}: {self.chunks!r}"


def _pongs(said: Said) -> tuple[bytes, ...]:
    return tuple(payload for first, payload in said if first == PONG)


def _replies(said: Said) -> tuple[bytes, ...]:
    """What answers; there may be events besides."""
    return tuple(payload for first, payload in said if first == TEXT and b'{"status_code":' in payload)


def close_code(said: Said) -> int | None:
    """The code with which the server closed, if it did."""
    closes = [payload for first, payload in said if first == CLOSE]
    assert len(closes) <= 1
    return int.from_bytes(closes[0][:2], "big") if closes else None


MASKS = st.binary(min_size=4, max_size=4)
CONTROLS = st.lists(st.tuples(st.sampled_from([PING, PING, PONG]), st.binary(max_size=125)), max_size=3)


def _cut(draw: Draw, data: bytes) -> tuple[bytes, ...]:
    """The bytes in up to seven chunks, as a network may deliver them."""
    points = sorted(draw(st.lists(st.integers(0, len(data)), max_size=6)))
    edges = zip([0, *points], [*points, len(data)], strict=True)
    return tuple(data[start:end] for start, end in edges if start < end)


class _Stream:
    """Collects frames, and what they must be answered with."""

    def __init__(self, draw: Draw) -> None:
        self.data: list[bytes] = []
        self.pongs: list[bytes] = []
        self.replies: list[bytes] = []
        self._draw = draw
        self._mask: bytes = draw(MASKS)

    def put(self, first: int, payload: bytes) -> None:
        self.data.append(frame(first, payload, self._mask))

    def controls(self) -> None:
        """Some pings and pongs."""
        for first, payload in self._draw(CONTROLS):
            self.put(first, payload)
            if first == PING:
                self.pongs.append(payload)

    def fragments(self, payload: bytes, *, finished: bool = True) -> None:
        """A text message in fragments, some of them empty, with pings and pongs in between."""
        pieces = _cut(self._draw, payload) or (b"",)
        pieces = pieces[:1] + (b"",) * self._draw(st.integers(0, 2)) + pieces[1:]
        for number, piece in enumerate(pieces):
            last = finished and number == len(pieces) - 1
            self.put((UNFINISHED_TEXT if number == 0 else UNFINISHED_CONTINUATION) | (0x80 if last else 0), piece)
            self.controls()

    def volley(self, code: int | None = None, more: bytes = b"") -> Volley:
        chunks = _cut(self._draw, b"".join(self.data) + more)
        return Volley(chunks, len(self.data), tuple(self.pongs), tuple(self.replies), code)


@st.composite
def well_made(draw: Draw) -> Volley:
    """Commands in any number of fragments with control frames in between: each is answered."""
    stream = _Stream(draw)
    for number in range(draw(st.integers(1, 4))):
        stream.controls()
        stream.fragments(f'["connect",{{"x":"{"ü€😀" * draw(st.integers(0, 50))}"}},{number}]'.encode())
        stream.replies.append(b'["gn_connect",{"status_code":200},%d]' % number)
    return stream.volley()


@st.composite
def floods(draw: Draw) -> Volley:
    """Very many control frames or empty fragments: every ping is answered, and the command behind them."""
    stream = _Stream(draw)
    payload = draw(st.sampled_from([b"", b"x", b"y" * 125]))
    first = draw(st.sampled_from([PING, PONG, UNFINISHED_CONTINUATION]))
    if first == UNFINISHED_CONTINUATION:
        stream.put(UNFINISHED_TEXT, b"")
        payload = b""
    for _ in range(draw(st.sampled_from([200, 2000]))):
        stream.put(first, payload)
        if first == PING:
            stream.pongs.append(payload)
    stream.put(CONTINUATION if first == UNFINISHED_CONTINUATION else TEXT, b'["connect",{},1]')
    stream.replies.append(b'["gn_connect",{"status_code":200},1]')
    return structs.replace(stream.volley(), frames=2)


@st.composite
def goodbyes(draw: Draw) -> Volley:
    """A proper close, after which nothing counts any more."""
    stream = _Stream(draw)
    stream.controls()
    code = draw(st.sampled_from([None, 1000, 1001, 1003, 1009, 3000, 4999]))
    reason = draw(st.text(max_size=30)).encode()
    stream.put(CLOSE, b"" if code is None else code.to_bytes(2, "big") + reason)
    after = draw(st.sampled_from([b"", frame(PING, b"late"), frame(TEXT, b'["connect",{},1]'), b"\xff" * 300]))
    return stream.volley(NORMAL, after)


def _long(first: int, size: int, given: int, form: int) -> bytes:
    """A frame that says to be `given` bytes long in the long form 126 or 127, and has `size` bytes."""
    width = 2 if form == 126 else 8
    return bytes((first, 0x80 | form)) + given.to_bytes(width, "big") + bytes(4) + b"x" * size


# What is forbidden outside of a message in fragments and inside of it, each with the close code that must follow.
ANYWHERE: tuple[tuple[bytes, int], ...] = (
    *((frame(first | bits, b"x"), PROTOCOL_ERROR) for first in (TEXT, PING) for bits in (0x10, 0x20, 0x40, 0x70)),
    *((frame(0x80 | opcode, b"x"), PROTOCOL_ERROR) for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)),
    *((frame(first, b"x", None), PROTOCOL_ERROR) for first in (TEXT, CONTINUATION, PING, CLOSE)),
    *((frame(first & 0x7F, b""), PROTOCOL_ERROR) for first in (PING, PONG, CLOSE)),
    *((frame(first, b"x" * 126), PROTOCOL_ERROR) for first in (PING, PONG, CLOSE)),
    *((_long(first, 5, 2**40, 127), PROTOCOL_ERROR) for first in (PING, PONG, CLOSE)),
    *(
        (frame(CLOSE, payload), PROTOCOL_ERROR)
        for payload in (b"\x03", b"\x00\x00", b"\x03\xe7", b"\x03\xed", b"\x13\x88")
    ),
    *((frame(CLOSE, code.to_bytes(2, "big")), PROTOCOL_ERROR) for code in (1004, 1006, 1016, 2000, 2999, 65535)),
    (frame(CLOSE, b"\x03\xe8\xff"), NO_UTF8),
    (frame(CLOSE, b"\x03\xe8\xc3"), NO_UTF8),
)
OUTSIDE: tuple[tuple[bytes, int], ...] = (
    (frame(CONTINUATION, b"x"), PROTOCOL_ERROR),
    (frame(UNFINISHED_CONTINUATION, b""), PROTOCOL_ERROR),
    (_long(TEXT, 5, 5, 126), PROTOCOL_ERROR),
    (_long(TEXT, 200, 200, 127), PROTOCOL_ERROR),
    (_long(TEXT, 5, 2**63, 127), PROTOCOL_ERROR),
    (frame(0x82, b'["connect",{},1]'), NO_TEXT),
    (frame(0x02, b"[") + frame(CONTINUATION, b"]"), NO_TEXT),
    (frame(TEXT, b"\xff"), NO_UTF8),
    (frame(TEXT, b'["\xed\xa0\x80",{}]'), NO_UTF8),
    (frame(TEXT, b'["x",{}]\xe2\x82'), NO_UTF8),
    (_long(TEXT, 100, FRAME_BYTES + 1, 127), TOO_BIG),
    (_long(TEXT, 100, 2**62, 127), TOO_BIG),
)
INSIDE: tuple[tuple[bytes, int], ...] = (
    (frame(TEXT, b"x"), PROTOCOL_ERROR),
    (frame(UNFINISHED_TEXT, b""), PROTOCOL_ERROR),
    (frame(0x82, b"x"), PROTOCOL_ERROR),
    (frame(UNFINISHED_CONTINUATION, b"\xc3") + frame(CONTINUATION, b"\x28"), NO_UTF8),
    (frame(CONTINUATION, b"\xc3"), NO_UTF8),
    (frame(UNFINISHED_CONTINUATION, b"x" * (FRAME_BYTES - 1)) + frame(CONTINUATION, b"xx"), TOO_BIG),
)


@st.composite
def violations(draw: Draw) -> Volley:
    """Something forbidden after some pings, perhaps in the middle of a message; then anything."""
    stream = _Stream(draw)
    is_inside = draw(st.booleans())
    if is_inside:
        stream.fragments(b'["connect",{"', finished=False)
    else:
        stream.controls()
    bad, code = draw(st.sampled_from(draw(st.sampled_from([ANYWHERE, INSIDE if is_inside else OUTSIDE]))))
    stream.data.append(bad)
    return stream.volley(code, draw(st.binary(max_size=50)))


@st.composite
def noise(draw: Draw) -> Volley:
    """Random bytes, or the beginning of something well made."""
    start = draw(well_made() | violations())
    kept = draw(st.integers(0, sum(map(len, start.chunks))))
    chunks = _cut(draw, b"".join(start.chunks)[:kept] + draw(st.binary(max_size=200)))
    return Volley(chunks, start.frames, is_noise=True)


def volleys() -> st.SearchStrategy[Volley]:
    """Any of them; floods seldom."""
    kinds = [well_made(), violations(), violations(), violations(), goodbyes(), noise(), noise(), noise()]
    return st.integers(0, 31).flatmap(lambda number: floods() if number == 0 else kinds[number % len(kinds)])
