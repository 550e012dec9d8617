"""HTTP of all kinds: WebSocket handshakes and backend calls with anything in any place, and what is no HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from msgspec import Struct

from tests.hostile.payloads import bodies
from tests.rest.cases import CASES
from tests.rest.published import EXAMPLES
from tests.running import KEY

Draw = Callable[[st.SearchStrategy[Any]], Any]
Header = tuple[bytes, bytes]
VERSION = b"HTTP/1.1"


class Call(Struct, frozen=True):
    """Bytes for one of the two ports of a server. `is_whole`: they are a request that the server can answer at once and
    that asks it to close the connection afterwards.
    """

    data: bytes
    is_public: bool
    is_whole: bool


def _request(line: tuple[bytes, ...], headers: list[Header], body: bytes = b"") -> bytes:
    return b"\r\n".join([b" ".join(line), *(b": ".join(header) for header in headers), b"", body])


VALUES = [
    b"", b" ", b"\xff\xfe", b"\x00", b"a,b", b"a,a", b"websocket", b"Upgrade", b"13", b"8", b"0", b"9" * 5000,
    b"x" * 3000, b"null", b"http://[", b"http://[::1]:99999", b"http://evil.example", b"file:///etc/passwd", b";;;=",
    b"permessage-deflate", b"permessage-deflate; client_max_window_bits=99", b"dGhlIHNhbXBsZSBub25jZQ==", b"!" * 24,
    b"\xff" * 24,
]  # fmt: skip
ODD = st.sampled_from(VALUES) | st.binary(max_size=30).map(lambda junk: junk.translate(None, b"\r\n\x00"))

UPGRADE: tuple[Header, ...] = (
    (b"Host", b"localhost"),
    (b"Upgrade", b"websocket"),
    (b"Connection", b"Upgrade"),
    (b"Sec-WebSocket-Key", b"dGhlIHNhbXBsZSBub25jZQ=="),
    (b"Sec-WebSocket-Version", b"13"),
)
MORE = [
    b"Origin", b"Sec-WebSocket-Protocol", b"Sec-WebSocket-Extensions", b"Host", b"Upgrade", b"Sec-WebSocket-Key",
    b"X" * 500,
]  # fmt: skip
PATHS = [
    b"/ws", b"/ws/", b"/ws?", b"/ws?x=%ff", b"/ws//[x", b"/ws?" + b"a=1&" * 3000, b"//ws", b"/ws;x", b"/ws/../ws",
]  # fmt: skip


def _without(draw: Draw, headers: list[Header], place: int) -> None:
    del headers[place]


def _twice(draw: Draw, headers: list[Header], place: int) -> None:
    headers.append(headers[place])


def _odd(draw: Draw, headers: list[Header], place: int) -> None:
    headers[place] = (headers[place][0], draw(ODD))


def _more(draw: Draw, headers: list[Header], place: int) -> None:
    headers.append((draw(st.sampled_from(MORE)), draw(ODD)))


@st.composite
def handshakes(draw: Draw) -> Call:
    """A WebSocket handshake with headers missing, twice, odd or added. The server refuses it or says 101."""
    headers = list(UPGRADE)
    for _ in range(draw(st.integers(0, 3))):
        change = draw(st.sampled_from([_without, _twice, _odd, _odd, _more, _more]))
        change(draw, headers, draw(st.integers(0, len(headers) - 1)))
    method = draw(st.sampled_from([b"GET"] * 5 + [b"POST", b"HEAD", b"get"]))
    return Call(_request((method, draw(st.sampled_from(PATHS)), VERSION), headers), True, False)


PAGES = [
    b"/", b"/index.html", b"/%00", b"/..%2f..%2fetc/passwd", b"/%2e%2e/config.py", b"/" + b"a" * 5000, b"/main.js/x",
    b"/\xff", b"*", b"/?" + b"&" * 5000,
]  # fmt: skip
PAGE_HEADERS = [b"If-Modified-Since", b"If-None-Match", b"Accept", b"Cookie", b"Range"]
RANGES = [b"", b"bytes=0-0", b"bytes=-1", b"bytes=5-1", b"bytes=" + b"0-0," * 900 + b"1-1"]


@st.composite
def visits(draw: Draw) -> Call:
    """Somebody looks for files that are not meant for them, or for parts of those that are."""
    headers = [(b"Host", b"x"), (b"Connection", b"close"), (b"Range", draw(st.sampled_from(RANGES)))]
    headers += draw(st.lists(st.tuples(st.sampled_from(PAGE_HEADERS), ODD), max_size=2))
    method = draw(st.sampled_from([b"GET", b"GET", b"HEAD", b"POST", b"OPTIONS", b"\xff"]))
    return Call(_request((method, draw(st.sampled_from(PAGES)), VERSION), headers), True, True)


KINDS = [
    b"application/json", b"application/x-www-form-urlencoded", b"multipart/form-data", b"\xff", b";;",
    b"multipart/form-data; boundary=x",
]  # fmt: skip
FORMS = [
    b"", b"a=1&b=%ff", b"room_id=%00&user_ids=%ed%a0%80", b"&" * 3000, b"--x\r\nfoo",
    b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--x--\r\n',
]  # fmt: skip
QUERIES = [b"?a=1", b"?room_id=%00", b"?user_ids=%ff&user_ids=", b"?" + b"&" * 500]
KEYS = [b"Bearer " + KEY.encode()] * 8 + [b"Bearer ", b"Bearer wrong", b"Basic \xff", b""]
PUBLISHED = [(case.call, EXAMPLES[case.name][case.request]) for case in CASES if case.request is not None]


@st.composite
def backend_calls(draw: Draw) -> Call:
    """A call of the backend API with an example's body mutated, or with something else as its body."""
    call, example = draw(st.sampled_from(PUBLISHED))
    method, _, path = call.encode().partition(b" ")
    query = draw(st.sampled_from([b""] * 8 + QUERIES))
    body = b"" if query else draw(draw(st.sampled_from([bodies(example)] * 4 + [st.sampled_from(FORMS)])))
    headers = [
        (b"Host", b"x"),
        (b"Connection", b"close"),
        (b"Authorization", draw(st.sampled_from(KEYS))),
        (b"Content-Type", draw(st.sampled_from(KINDS))),
        (b"Content-Length", b"%d" % len(body)),
    ]
    return Call(_request((method, b"/" + path + query, VERSION), headers, body), False, True)


LENGTHS = [b"-1", b"1, 2", b"0x10", b"9" * 5000, b"1e3", b"", b"\xff", b"00000000000000000000005"]
BROKEN = [b"", b"5\r\nhello\r\n0\r\n\r\n", b"zz\r\n", b"f" * 100, b"-5\r\n", b"{}" * 100]
FRAMINGS: st.SearchStrategy[list[Header]] = st.one_of(
    *[st.sampled_from(LENGTHS).map(lambda length: [(b"Content-Length", length)])] * 3,
    st.just([(b"Transfer-Encoding", b"chunked")]),
    st.just([(b"Content-Length", b"5"), (b"Content-Length", b"6")]),
    st.just([(b"Content-Length", b"5"), (b"Transfer-Encoding", b"chunked")]),
    st.integers(400, 700).map(lambda count: [(b"X-%d" % number, b"x") for number in range(count)]),
    ODD.map(lambda value: [(b"X" * 20_000, value)]),
    ODD.map(lambda value: [(b"Expect", value), (b"Content-Length", b"99999999")]),
)


@st.composite
def broken_calls(draw: Draw) -> Call:
    """A call whose length is wrong, whose chunks are none, or whose headers are too many: refused, or never whole."""
    headers = [(b"Host", b"x"), (b"Authorization", b"Bearer " + KEY.encode()), *draw(FRAMINGS)]
    method = draw(st.sampled_from([b"POST", b"GET", b"DELETE", b"\xff", b"POST POST"]))
    version = draw(st.sampled_from([VERSION, b"HTTP/1.0", b"HTTP/9.9", b"", b"HTTP/1.1 x"]))
    body = draw(st.sampled_from(BROKEN) | st.binary(max_size=100))
    return Call(_request((method, b"/mute", version), headers, body), draw(st.booleans()), False)


NO_HTTP = [
    b"\x16\x03\x01\x02\x00\x01\x00", b"\r\n" * 50, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"x" * 70_000, b"\x00" * 500,
]  # fmt: skip


def calls() -> st.SearchStrategy[Call]:
    """Any of them, backend calls most often."""
    junk = st.builds(Call, st.binary(max_size=300) | st.sampled_from(NO_HTTP), st.booleans(), st.just(False))
    kinds = [handshakes(), handshakes(), visits(), *[backend_calls()] * 4, broken_calls(), junk]
    return st.sampled_from(kinds).flatmap(lambda strategy: strategy)
