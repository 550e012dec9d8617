"""The examples, with real values put in, and how an answer compares with one."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from chat.errors import ChatError
from chat.texts import text_of

DATA = Path(__file__).parents[1] / "data"
VERBS: dict[str, list[Any]] = json.loads((DATA / "seed_verbs.json").read_text(encoding="utf-8"))
EVENTS: dict[str, list[Any]] = json.loads((DATA / "seed_events.json").read_text(encoding="utf-8"))
Values = Mapping[str, Any]

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_OF_ATTRIBUTES = frozenset({"objectType", "content"})
_SAID = frozenset({"verb", "objectType", "status_code"})


def filled(example: Any, values: Values) -> Any:
    """The example with these values, by their dotted places. Every place is there, and none is left to be filled."""
    body = deepcopy(example)
    for place, value in values.items():
        *parents, name = place.split(".")
        around = body
        for parent in parents:
            around = around[int(parent) if parent.isdigit() else parent]
        key = int(name) if name.isdigit() else name
        assert around[key] is not None
        around[key] = value
    assert "<" not in json.dumps(body), body
    return body


def differences(expected: Any, actual: Any, exact: Values, besides: Collection[str], where: str = "") -> Iterator[str]:
    """Where an answer differs from an example: keys that are missing, keys that are too many but for those `besides`,
    values of another kind, and values that are not those of `exact`.
    """
    if where in exact:
        if actual != exact[where]:
            yield f"{where}: {actual!r} is not {exact[where]!r}"
    elif isinstance(expected, dict):
        yield from _of_objects(expected, actual, exact, besides, where)
    elif isinstance(expected, list):
        yield from _of_lists(expected, actual, exact, besides, where)
    elif not _is_like(where.rpartition(".")[2], expected, actual):
        yield f"{where}: {actual!r} is not like {expected!r}"


def _of_objects(
    expected: dict[str, Any], actual: Any, exact: Values, besides: Collection[str], where: str
) -> Iterator[str]:
    if not isinstance(actual, dict):
        yield f"{where}: {actual!r} is no object"
        return
    for name in sorted(expected.keys() | actual.keys()):
        place = f"{where}.{name}" if where else name
        if name not in actual:
            yield f"{place} is missing"
        elif name in expected:
            yield from differences(expected[name], actual[name], exact, besides, place)
        elif place not in besides:
            yield f"{place} is too much: {actual[name]!r}"


def _of_lists(expected: list[Any], actual: Any, exact: Values, besides: Collection[str], where: str) -> Iterator[str]:
    """Elements of a kind compare with the example of that kind, others with the one that fits best."""
    if not isinstance(actual, list) or (expected and not actual):
        yield f"{where}: {actual!r} has no elements"
        return
    kinds = {_kind(one): one for one in reversed(expected)}
    for kind, example in kinds.items():
        # Attributes are those that a user has.
        if kind is not None and kind not in map(_kind, actual) and example.keys() > _OF_ATTRIBUTES:
            yield f"{where} has none of the kind {kind}"
    for element in actual:
        kind = _kind(element)
        if kind in kinds:
            place = where + ("[]" if kind is None else f"[{kind}]")
            yield from differences(kinds[kind], element, exact, besides, place)
        elif expected:
            likes = [one | {"objectType": kind} if kind else one for one in expected]
            yield from min((list(differences(like, element, exact, besides, f"{where}[]")) for like in likes), key=len)


def _kind(element: Any) -> str | None:
    """What the element says it is; None where the example leaves it open."""
    kind = element.get("objectType") if isinstance(element, dict) else None
    return None if kind is None or "<" in kind else str(kind)


def _is_like(name: str, expected: Any, actual: Any) -> bool:
    if type(expected) is not type(actual):
        return False
    if name in _SAID and "<" not in str(expected):
        return bool(expected == actual)
    if name in ("published", "updated"):
        return _TIME.fullmatch(actual) is not None
    return name != "displayName" or _is_text(actual)


def _is_text(encoded: str) -> bool:
    try:
        text_of(encoded, "displayName")
    except ChatError:
        return False
    return True
