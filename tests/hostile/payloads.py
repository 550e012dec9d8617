"""Text frames: the seeds with anything in any slot, and what is not JSON at all."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st

from tests.hostile.seeds import MESSAGE_ID, fillings
from tests.running import ROOM_ID

Draw = Callable[[st.SearchStrategy[Any]], Any]
Place = tuple[Any, Any]


class Raw:
    """JSON text that stands where a value or a key is to be, whatever it is. Never equal to another key."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return f"Raw({self.text[:40]!r}, {len(self.text)} characters)"


def render(value: Any) -> str:
    """The JSON text of a value with Raw parts in it."""
    if isinstance(value, Raw):
        return value.text
    if isinstance(value, dict):
        return "{" + ",".join(f"{render(key)}:{render(inside)}" for key, inside in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(render, value)) + "]"
    return json.dumps(value)


NUMBERS = [
    "0", "-0", "-0.0", "-1", "1.5", "1e308", "5e-324", "1e-400", "9007199254740993", "9223372036854775807",
    "9223372036854775808", "-9223372036854775809", "18446744073709551616", "1" * 30, "9" * 4300, "0." + "1" * 5000,
]  # fmt: skip
STRINGS = [
    '""', '" "', r'"\u0000"', r'"a\u0000b"', r'"\ud83d\ude00"', r'"\uffff"', r'"\u202e\u200d"', '"\ufeff"',
    '"e\u0301"', '"\u00e9"', '"\ufdfa"', r'"\u0130\u0131"', r'"\n"', '"0"', '"null"', '"; DROP TABLE users; --"',
    "\"' OR 1=1 --\"", '"../../etc/passwd"', '"{0.__class__}"', '"%s%n"', '"<script>"', '"room"', '"name"', '"private"',
    '"global"', '"join"', '"send"', '"list"', f'"{ROOM_ID}"', f'"{MESSAGE_ID}"', '"0001-01-01T00:00:00+23:59"',
    '"9999-12-31T23:59:59.999999-23:59"', '"2020-02-30T00:00:00Z"', '"2020-01-01T00:00:00"', '"1e9d"', '"0s"',
    '"999999999999d"', '"-5m"', '"5m "',
]  # fmt: skip
OTHERS = ["null", "true", "false", "[]", "{}", "[[]]", "[{}]", "[null]", '{"":{}}', '{"id":{"id":[]}}']
NO_JSON = [
    "1e400", "-1e400", "9" * 4301, "9" * 5000, "1" * 400 + ".5", "NaN", "Infinity", "-Infinity", "01", "0x10", "1_000",
    "+1", ".5", r'"\ud800"', r'"\udc00\ud800"', '"\x1f"', '"\x00"', r'"\x"', '"unfinished', "'single'", "undefined", "",
    ",", "//", "nul", "\ud800",
]  # fmt: skip
NEARLY_BASE64 = [
    "eA", "eA=", "eA===", "e A==", "eA==\n", "eA==eA==", "=eA=", "e-_=", "eB==", "/w==", "7aCA", "AA==", "ICA=",
    "8J+YgA==", base64.b64encode(b"x" * 10_001).decode(), base64.b64encode("\u00fc".encode() * 10_000).decode(),
]  # fmt: skip
DEPTHS = st.sampled_from([1, 2, 13, 14, 15, 16, 17, 100, 500, 900, 1100, 100_000])
LENGTHS = st.sampled_from([63, 64, 65, 1023, 1024, 1025, 10_000, 65_535, 65_536, 200_000, 262_144])
ODD_IDS = ["a" * 64, "a" * 65, "", "ü" * 64, True, None, 1.5, [], {}, 2**53 + 1, 2**63 - 1, 2**63, Raw(r'"\ud800"')]
IDS: st.SearchStrategy[Any] = st.one_of(
    st.just("mine"), st.integers(-5, 5), st.integers(2**53, 2**63 - 1), st.uuids().map(str), st.sampled_from(ODD_IDS)
)


def nested(depth: int, opening: str, closing: str) -> Raw:
    """Something that deep."""
    return Raw(opening * depth + "1" + closing * depth)


def _raws(texts: list[str]) -> st.SearchStrategy[Raw]:
    return st.sampled_from([Raw(text) for text in texts])


VALUES: st.SearchStrategy[Any] = st.one_of(
    _raws(NUMBERS),
    _raws(NUMBERS),
    _raws(STRINGS),
    _raws(OTHERS),
    _raws(NO_JSON),
    st.sampled_from(NEARLY_BASE64),
    st.text(max_size=20),
    st.text(max_size=20).map(lambda text: base64.b64encode(text.encode("utf-8", "surrogatepass")).decode()),
    st.binary(max_size=20).map(lambda junk: base64.b64encode(junk).decode()),
    st.integers(),
    st.floats(),
    st.builds(nested, DEPTHS, st.just("["), st.just("]")),
    st.builds(nested, DEPTHS, st.just('{"a":'), st.just("}")),
    LENGTHS.map(lambda length: "x" * length),
    LENGTHS.map(lambda length: Raw("[" + "0," * (length // 2) + "0]")),
)
KEYS = st.one_of(
    st.sampled_from(["id", "url", "content", "objectType", "attachments", "seq", "status_code", "__class__", "", "*"]),
    _raws(STRINGS + NO_JSON + OTHERS),
    st.text(max_size=5),
)


def _places(value: Any) -> list[Place]:
    """Every slot inside a value: where it is, and under which key or index."""
    found: list[Place] = []
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inside:
        found += [(value, key), *_places(one)]
    return found


def _remove(draw: Draw, around: Any, key: Any) -> None:
    del around[key]


def _replace(draw: Draw, around: Any, key: Any) -> None:
    around[key] = draw(VALUES)


def _repeat(draw: Draw, around: Any, key: Any) -> None:
    """The same key twice, or an element many times."""
    if isinstance(around, dict):
        around[Raw(render(key))] = draw(VALUES)
    else:
        around[key:key] = [around[key]] * draw(st.sampled_from([1, 2, 600]))


def _wrap(draw: Draw, around: Any, key: Any) -> None:
    around[key] = draw(st.sampled_from([[around[key]], {"": around[key]}, {"id": around[key]}]))


def _add(draw: Draw, around: Any, key: Any) -> None:
    if isinstance(around, dict):
        around[draw(KEYS)] = draw(VALUES)
    else:
        around.insert(key, draw(VALUES))


MUTATIONS = [_remove, _replace, _replace, _replace, _repeat, _wrap, _add]


def _filled(draw: Draw, example: Any) -> Any:
    """A copy of the example in which every placeholder is something that fits."""
    if isinstance(example, dict):
        return {_filled(draw, key): _filled(draw, inside) for key, inside in example.items()}
    if isinstance(example, list):
        return [_filled(draw, inside) for inside in example]
    if isinstance(example, str):
        values = fillings(example)
        return values[0] if len(values) == 1 else draw(st.sampled_from(values))
    return example


def mutate(draw: Draw, value: Any) -> None:
    """Mutate what is in a list or an object up to three times."""
    for _ in range(draw(st.sampled_from([0, 1, 1, 1, 2, 3]))):
        places = _places(value)
        if places:
            draw(st.sampled_from(MUTATIONS))(draw, *draw(st.sampled_from(places)))
        elif isinstance(value, dict):
            _add(draw, value, None)


@st.composite
def commands(draw: Draw, seeds: Sequence[tuple[str, Any]]) -> bytes:
    """A text frame with a command, with or without an id: mutated in its body, more seldom as a whole."""
    event, example = draw(st.sampled_from(seeds))
    body = _filled(draw, example)
    mutate(draw, body)
    root = [[event, body, *([] if draw(st.booleans()) else [draw(IDS)])]]
    if draw(st.sampled_from(SELDOM)):
        mutate(draw, root)
    return _finished(draw, root)


def _finished(draw: Draw, root: list[Any]) -> bytes:
    damaged: bytes = draw(st.sampled_from(DAMAGES))(draw, _encoded(",".join(map(render, root))))
    return damaged


@st.composite
def bodies(draw: Draw, example: Any) -> bytes:
    """The body of a call, mutated."""
    root = [_filled(draw, example)]
    mutate(draw, root)
    return _finished(draw, root)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _intact(draw: Draw, payload: bytes) -> bytes:
    return payload


def _cut(draw: Draw, payload: bytes) -> bytes:
    return payload[: draw(st.integers(0, len(payload)))]


def _prefixed(draw: Draw, payload: bytes) -> bytes:
    start: bytes = draw(st.sampled_from([b"\xef\xbb\xbf", b"\x00", b" ", b"[", b"\xff"]))
    return start + payload


def _followed(draw: Draw, payload: bytes) -> bytes:
    end: bytes = draw(st.sampled_from([b"\x00", b"]", b",", b"[]", b"\xed\xa0\x80", b"\n"]))
    return payload + end


def _filled_up(draw: Draw, payload: bytes) -> bytes:
    return payload.ljust(draw(LENGTHS))


SELDOM = [False] * 9 + [True]
DAMAGES = [_intact] * 60 + [_cut, _prefixed, _followed, _filled_up]
JUNK = st.one_of(
    st.sampled_from(
        [b"", b"null", b"[]", b"{}", b'"x"', b"1e400", b"[" * 200_000, b'{"":' * 50_000, b'["a",{}', b"[,]"]
    ),
    st.binary(max_size=100),
    st.text(max_size=100).map(lambda text: text.encode()),
    st.recursive(VALUES, lambda inside: st.lists(inside, max_size=4), max_leaves=5).map(
        lambda value: _encoded(render(value))
    ),
)


def payloads(seeds: Sequence[tuple[str, Any]]) -> st.SearchStrategy[list[bytes]]:
    """Up to 20 of them in a row, commands more often than what is none."""
    one = st.sampled_from([commands(seeds)] * 19 + [JUNK]).flatmap(lambda strategy: strategy)
    return st.integers(1, 20).flatmap(lambda count: st.lists(one, min_size=count, max_size=count))
