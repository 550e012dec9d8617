"""The ActivityStreams codec: the only place where slots become dictionaries and dictionaries become requests.

`read(cls, data)` fills a request from a decoded JSON object; `Encoder(environment).encode(value)` gives the JSON of a
reply or an event. Both are compiled once per class from the `At` declarations. Unknown keys are ignored.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar, get_args, get_origin

import msgspec

from chat.errors import ChatError, ErrorCode
from chat.ichat import IVerb
from chat.memos import Memo
from chat.slots import DEPTH_LIMIT, INTEGERS, REST, Activity, At
from chat.texts import base64_of, text_of
from chat.times import rfc3339
from chat.wire.slots import SEGMENT, Slot, slots_of

# How much JSON of values that come again and again is remembered, about.
FRAGMENT_BYTES = 262_144
Json = dict[str, Any]
Request = TypeVar("Request", bound=Activity)


# Reading


def read(cls: type[Request], data: Json) -> Request:
    """The request in `data`. Slots are looked at in the order of their fields; the first that is missing or malformed
    decides the code of the ChatError.
    """
    return cls(**{name: take(data) for name, take in _readers(cls)})


def prepare(cls: type[Activity]) -> None:
    """Make ready to read requests of this class. Raises TypeError, or what its annotations raise, if that cannot be."""
    _readers(cls)


@cache
def _readers(cls: type[Activity]) -> tuple[tuple[str, Callable[[Json], Any]], ...]:
    return tuple((slot.name, _reader(slot)) for slot in slots_of(cls))


def _reader(slot: Slot) -> Callable[[Json], Any]:
    if slot.segments[-1][0] == REST:
        return _rest_reader(slot)
    at, convert = slot.at, _converter(slot)
    *parents, (key, _) = slot.segments
    missing = at.missing or ErrorCode.VALIDATION_ERROR

    def take(data: Json) -> Any:
        around = _walk(data, parents)
        value = around.get(key) if type(around) is dict else None
        if value is not None and value != "":
            return convert(value)
        if slot.optional:
            return slot.default
        if value == "" and at.text:
            return ""
        if at.absent_parent is not None and type(around) is not dict:
            raise ChatError(at.absent_parent)
        raise ChatError(missing)

    return take


def _rest_reader(slot: Slot) -> Callable[[Json], Any]:
    at, parents = slot.at, slot.segments[:-1]

    def take(data: Json) -> Json:
        around = _walk(data, parents)
        rest = {name: value for name, value in around.items() if name not in at.besides} if type(around) is dict else {}
        if rest and not _is_relayable(rest, DEPTH_LIMIT):
            problem = f"{at.path} is nested too deep or has a number of more than 64 bits"
            raise ChatError(at.invalid or ErrorCode.VALIDATION_ERROR, problem)
        return rest

    return take


def _is_relayable(value: Any, depth: int) -> bool:
    if type(value) is dict:
        value = value.values()
    elif type(value) is not list:
        return type(value) is not int or value in INTEGERS
    return depth > 0 and all(_is_relayable(inside, depth - 1) for inside in value)


def _walk(data: Json, path: list[tuple[str, str | None]]) -> Any:
    around: Any = data
    for name, kind in path:
        around = _step(around, name, kind)
    return around


def _step(around: Any, name: str, kind: str | None) -> Any:
    if type(around) is not dict:
        return None
    inside = around.get(name)
    if kind is None:
        return inside
    elements = inside if type(inside) is list else ()
    return next((one for one in elements if type(one) is dict and one.get("objectType") == kind), None)


def _converter(slot: Slot) -> Callable[[Any], Any]:
    at = slot.at
    malformed = at.invalid or at.missing or ErrorCode.VALIDATION_ERROR
    if slot.type is str:
        return _text_converter(at, malformed) if at.text else _string_converter(at, malformed)
    if slot.type is int:
        return _integer_converter(at, malformed)
    if slot.type is datetime:
        return _time_converter(at, malformed)
    if get_origin(slot.type) is tuple:
        return _list_converter(at, malformed, get_args(slot.type)[0])
    raise TypeError(f"no way to read {slot.type} from {at.path}")


def _string_converter(at: At, malformed: ErrorCode) -> Callable[[Any], str]:
    limit = at.limit

    def convert(value: Any) -> str:
        if type(value) is not str:
            raise ChatError(malformed, f"{at.path} is not a string")
        if limit is not None and len(value) > limit:
            raise ChatError(at.too_many or malformed, f"{at.path} has more than {limit} characters")
        if "\0" in value or (at.pattern is not None and at.pattern.fullmatch(value) is None):
            raise ChatError(malformed, f"{at.path} has a character or a length that is not allowed")
        return value

    return convert


def _text_converter(at: At, malformed: ErrorCode) -> Callable[[Any], str]:
    string = _string_converter(at, malformed)

    def convert(value: Any) -> str:
        return text_of(string(value), at.path)

    return convert


def _integer_converter(at: At, malformed: ErrorCode) -> Callable[[Any], int]:
    def convert(value: Any) -> int:
        if type(value) is not int or not 0 <= value < 2**53:
            raise ChatError(malformed, f"{at.path} is not a whole number from 0")
        return value

    return convert


def _time_converter(at: At, malformed: ErrorCode) -> Callable[[Any], datetime]:
    def convert(value: Any) -> datetime:
        try:
            moment = msgspec.convert(value, datetime)
        except (msgspec.ValidationError, ValueError, OverflowError):
            moment = None
        if moment is None or moment.tzinfo is None:
            raise ChatError(malformed, f"{at.path} is not an RFC 3339 time with a zone")
        return moment

    return convert


def _list_converter(at: At, malformed: ErrorCode, item: type[Activity]) -> Callable[[Any], tuple[Activity, ...]]:
    def convert(value: Any) -> tuple[Activity, ...]:
        if type(value) is not list or any(type(one) is not dict for one in value):
            raise ChatError(malformed, f"{at.path} is not a list of objects")
        if at.limit is not None and len(value) > at.limit:
            raise ChatError(at.too_many or malformed, f"{at.path} has more than {at.limit} elements")
        return tuple(read(item, one) for one in value)

    return convert


def check_word(verb: IVerb, body: Json) -> None:
    """Raise MISSING_VERB or INVALID_VERB unless the body's `verb` is one that this verb accepts."""
    if not verb.verbs:
        return
    word = body.get("verb")
    if word is None or word == "":
        raise ChatError(ErrorCode.MISSING_VERB)
    if type(word) is not str or word not in verb.verbs:
        raise ChatError(ErrorCode.INVALID_VERB, f"the verb of {verb.event} is {' or '.join(verb.verbs)}")


# Writing

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
