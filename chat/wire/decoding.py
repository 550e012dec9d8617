"""The ActivityStreams codec, towards us: dictionaries become requests.

`read(cls, data)` fills a request from a decoded JSON object. It is compiled once per class from the `At` declarations.
Unknown keys are ignored.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any, TypeVar, get_args, get_origin

import msgspec

from chat.errors import ChatError, ErrorCode
from chat.ichat import IVerb
from chat.requests import Disconnect
from chat.slots import DEPTH_LIMIT, INTEGERS, REST, Activity, At
from chat.texts import text_of
from chat.wire.frames import Command
from chat.wire.slots import Slot, slots_of

Json = dict[str, Any]
Request = TypeVar("Request", bound=Activity)


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
        if value == "" and (at.text or at.blank):
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


def requested(verb: IVerb, command: Command | None) -> Activity:
    """The request of a command for this verb; None is that of a connection that is gone. Raises ChatError as `read`,
    and MISSING_VERB or INVALID_VERB.
    """
    if command is None:
        return Disconnect()
    _check_word(verb, command.data)
    request: Activity = read(verb.request, command.data)
    return request


def _check_word(verb: IVerb, body: Json) -> None:
    """Raise MISSING_VERB or INVALID_VERB unless the body's `verb` is one that this verb accepts."""
    if not verb.verbs:
        return
    word = body.get("verb")
    if word is None or word == "":
        raise ChatError(ErrorCode.MISSING_VERB)
    if type(word) is not str or word not in verb.verbs:
        raise ChatError(ErrorCode.INVALID_VERB, f"the verb of {verb.event} is {' or '.join(verb.verbs)}")
