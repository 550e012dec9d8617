"""The published examples of the calls, with values put in where they leave them open, and shapes of answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from chat.texts import base64_of
from tests.running import ROOM_ID

EXAMPLES: dict[str, list[Any]] = json.loads(
    (Path(__file__).parents[1] / "data" / "seed_rest.json").read_text(encoding="utf-8")
)
GENERAL = base64_of("General")
# Rooms are those of the server, whatever the examples call theirs; these values stand for themselves.
_ROOMS = {"room_id": ROOM_ID, "target": ROOM_ID, "room_name": GENERAL, "target_id": ROOM_ID, "target_name": GENERAL}
_LISTS = {"room_ids": [ROOM_ID], "room_names": [GENERAL]}
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
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d+|<.*>")


def filled(example: Any, exact: Mapping[str, Any]) -> Any:
    """The body of a request: with rooms that there are, with something for each `<...>`, and with these `exact` values
    whatever the example says. Everything else is as it was published.
    """
    if isinstance(example, list):
        return [_user(one) for one in example]
    return {_user(name): _value(name, value, exact) for name, value in example.items()}


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


def shape(value: Any) -> Any:
    """What is where: keys that are ids count as one, elements of a list too, of values only the type is told."""
    if isinstance(value, dict):
        return {("id" if _ID.fullmatch(name) else name): shape(one) for name, one in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


def differences(expected: Any, actual: Any, where: str = "") -> Iterator[str]:
    """Where a shape is not that of an example. What the example has empty may be filled, and the other way round."""
    if not expected or not actual:
        if type(expected) is not type(actual):
            yield f"{where}: {actual} is not {expected}"
    elif isinstance(expected, dict) and isinstance(actual, dict):
        for name in expected.keys() | actual.keys():
            if name in expected and name in actual:
                yield from differences(expected[name], actual[name], f"{where}.{name}")
            else:
                yield f"{where}.{name} is {'missing' if name in expected else 'too much'}"
    elif isinstance(expected, list) and isinstance(actual, list):
        yield from differences(expected[0], actual[0], f"{where}[]")
    elif expected != actual:
        yield f"{where}: {actual} is not {expected}"
