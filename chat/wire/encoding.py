"""The ActivityStreams codec, towards clients: replies and events become JSON.

`Encoder(environment).encode(value)` gives the JSON of a reply or an event. It is compiled once per class from the `At`
declarations.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Any, get_args, get_origin

import msgspec

from chat.memos import Memo
from chat.slots import REST, Activity
from chat.texts import base64_of
from chat.times import rfc3339
from chat.wire.slots import SEGMENT, Slot, slots_of

# How much JSON of values that come again and again is remembered, about.
FRAGMENT_BYTES = 262_144
Json = dict[str, Any]
_Write = Callable[[Any], Any]
_Tree = dict[str, Any]
_NOTHING: Any = object()


class Encoder:
    """Gives the JSON of replies and events. Remembers the last one: a reply is often also the event."""

    def __init__(self, environment: str) -> None:
        self._provider = {"id": environment}
        self._last: Activity | None = None
        self._last_json = b""

    def encode(self, activity: Activity) -> bytes:
        """The JSON object of an activity."""
        if activity is not self._last:
            self._last_json = msgspec.json.encode(self.build(activity))
            self._last = activity
        return self._last_json

    def build(self, activity: Activity) -> Json:
        """The activity as a dictionary. Absent values are left out."""
        built: Json = _writer(type(activity))(activity)
        if activity.has_provider:
            built["provider"] = self._provider
        return built


@cache
def _writer(cls: type[Activity]) -> _Write:
    tree: _Tree = {}
    _plant_all(tree, cls, [], "")
    return _grow(tree)


def _plant_all(tree: _Tree, cls: type[Activity], prefix: list[tuple[str, str | None]], owner: str) -> None:
    for path, text in cls.constants.items():
        _plant(tree, [*prefix, *((key, None) for key in path.split("."))], _constant(text))
    for slot in slots_of(cls):
        place, name = [*prefix, *slot.segments], owner + slot.name
        if isinstance(slot.type, type) and issubclass(slot.type, Activity):
            _plant_all(tree, slot.type, place, name + ".")
        else:
            _plant(tree, place, _leaf(slot, name))


def _plant(tree: _Tree, place: list[tuple[str, str | None]], leaf: _Write) -> None:
    """Put a leaf into the tree. An element picked by kind lies under the key `name[kind]`."""
    *parents, (key, _) = place
    for name, kind in parents:
        tree = tree.setdefault(name if kind is None else f"{name}[{kind}]", {})
    tree[key] = leaf


def _grow(tree: _Tree) -> _Write:
    """The function that builds the dictionary of a tree."""
    rest: _Write | None = tree.get(REST)
    plain, picked = _branches(tree)

    def build(activity: Any) -> Any:
        built = {} if rest is None else dict(rest(activity))
        for key, write in plain:
            value = write(activity)
            if value is not _NOTHING:
                built[key] = value
        for key, kind, write in picked:
            value = write(activity)
            if value is not _NOTHING:
                built.setdefault(key, []).append({"objectType": kind} | value)
        return built or _NOTHING

    return build


def _branches(tree: _Tree) -> tuple[list[tuple[str, _Write]], list[tuple[str, str, _Write]]]:
    """The plain members of a tree, and those that are elements of lists, with their kinds."""
    plain: list[tuple[str, _Write]] = []
    picked: list[tuple[str, str, _Write]] = []
    for key, inside in tree.items():
        write = _grow(inside) if isinstance(inside, dict) else inside
        match = SEGMENT.fullmatch(key)
        assert match is not None
        if match[2] is not None:
            picked.append((match[1], match[2], write))
        elif key != REST:
            plain.append((key, write))
    return plain, picked


def _make_fragment(value: Activity) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(_writer(type(value))(value)))


_fragments = Memo(_make_fragment, FRAGMENT_BYTES, len)


def _constant(text: str) -> _Write:
    def write(activity: Any) -> str:
        return text

    return write


def _leaf(slot: Slot, name: str) -> _Write:
    get, convert = _getter(name), _to_wire(slot)
    if convert is None:
        return lambda activity: _NOTHING if (value := get(activity)) is None else value
    to_wire = convert
    return lambda activity: _NOTHING if (value := get(activity)) is None else to_wire(value)


def _getter(name: str) -> Callable[[Any], Any]:
    """Reads a field, or a field of a field that may be absent as a whole."""
    if "." not in name:
        return attrgetter(name)
    owner, _, inner = name.partition(".")
    outer_get, inner_get = attrgetter(owner), _getter(inner)

    def get(activity: Any) -> Any:
        outer = outer_get(activity)
        return None if outer is None else inner_get(outer)

    return get


def _to_wire(slot: Slot) -> Callable[[Any], Any] | None:
    """What turns a value into JSON's own types; None when it is one already."""
    if slot.at.text:
        return base64_of
    if slot.type is datetime:
        return rfc3339
    if get_origin(slot.type) is tuple:
        item = get_args(slot.type)[0]
        write = _writer(item)
        return _fragments.each if item.lasting else lambda values: [write(value) for value in values]
    return None
