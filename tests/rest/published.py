"""The published examples of the calls, with values put in where they leave them open, and shapes of answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from chat.errors import ChatError
from chat.texts import base64_of, text_of
from tests.running import ROOM_ID

EXAMPLES: dict[str, list[Any]] = json.loads(
    (Path(__file__).parents[1] / "data" / "seed_rest.json").read_text(encoding="utf-8")
)
GENERAL = base64_of("General")
# Rooms are those of the server, whatever the examples call theirs.
_ROOMS = {"room_id": ROOM_ID, "target": ROOM_ID, "room_name": GENERAL, "target_id": ROOM_ID, "target_name": GENERAL}
_LISTS = {"room_ids": [ROOM_ID], "room_names": [GENERAL]}
# What stands for `<...>`.
_OPEN = {
    "owner_id": "1234",
    "owner_name": base64_of("Owner"),
    "user_id": "1234",
    "user_name": base64_of("Somebody"),
    "name": base64_of("Somebody"),
    "id": "1234",
    "admin_id": "1971",
    "reason": base64_of("why"),
    "object_type": "room",
    "content": base64_of("hello"),
    "status": "away",
    "stage": "status",
}
_IDS = frozenset({"id", "user_id", "user_ids", "users", "owner_id", "admin_id", "muter_user_id"})
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d+|<.*>")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def filled(example: Any, exact: Mapping[str, Any]) -> Any:
    """The body of a request: with rooms that there are, with something for each `<...>`, and with these `exact` values
    whatever the example says, None for what is to be left out. Everything else is as it was published.
    """
    if isinstance(example, list):
        return [_user(one) for one in example]
    values = {_user(name): _value(name, value, exact) for name, value in example.items()}
    return {name: value for name, value in values.items() if value is not None}


def _value(name: str, value: Any, exact: Mapping[str, Any]) -> Any:
    if name in exact:
        return exact[name]
    if isinstance(value, dict):
        return filled(value, exact)
    if name in _ROOMS or name in _LISTS:
        return _ROOMS.get(name) or _LISTS[name]
    return _OPEN[name] if isinstance(value, str) and value.startswith("<") else value


def _user(word: str) -> str:
    return "1234" if word.startswith("<") else word


def numbered(body: Any, name: str = "id") -> Any:
    """The same with the ids of users as numbers, as one example has them."""
    if isinstance(body, dict):
        return {key: numbered(value, key) for key, value in body.items()}
    if isinstance(body, list):
        return [numbered(one, name) for one in body]
    return int(body) if name in _IDS and isinstance(body, str) else body


def shape(value: Any) -> Any:
    """What is where. Keys that are ids of things, or the name of one, count as one, elements of a list too: the one
    with the most in it. Of other values it is told whether they are texts in base64, times, or what else; of what is
    empty or open, nothing.
    """
    if isinstance(value, dict):
        things = [shape(one) for name, one in value.items() if _is_thing(name)]
        named = {name: shape(one) for name, one in value.items() if not _is_thing(name)}
        # Some kinds of things look like base64.
        named |= {"objectType": "text"} if "objectType" in named else {}
        return named | ({"*": _fullest(things)} if things else {})
    if isinstance(value, list):
        return [_fullest(map(shape, value))] if value else []
    return _kind(value) if isinstance(value, str) else type(value).__name__


def _is_thing(name: str) -> bool:
    return name == GENERAL or _ID.fullmatch(name) is not None


def _fullest(shapes: Iterable[Any]) -> Any:
    return max(shapes, key=lambda one: len(repr(one)))


def _kind(text: str) -> str:
    if not text or text.startswith("<"):
        return ""
    if _TIME.fullmatch(text):
        return "time"
    return "base64" if not _ID.fullmatch(text) and _is_base64(text) else "text"


def _is_base64(text: str) -> bool:
    try:
        text_of(text, "")
    except ChatError:
        return False
    return True


def differences(expected: Any, actual: Any, where: str = "") -> Iterator[str]:
    """Where a shape is not that of an example. What the example has empty or open may be anything of its type."""
    if not expected and type(expected) is type(actual):
        return
    if isinstance(expected, (dict, list)) and not actual and type(expected) is type(actual):
        yield f"{where} is empty"
    elif isinstance(expected, dict) and isinstance(actual, dict):
        for name in expected.keys() | actual.keys():
            if name in expected and name in actual:
                yield from differences(expected[name], actual[name], f"{where}.{name}")
            else:
                yield f"{where}.{name} is {'missing' if name in expected else 'too much'}"
    elif isinstance(expected, list) and isinstance(actual, list):
        yield from differences(expected[0], actual[0], f"{where}[]")
    elif expected != actual:
        yield f"{where} is {_named(actual)}, not {_named(expected)}"


def _named(what: Any) -> str:
    return what if isinstance(what, str) else type(what).__name__
