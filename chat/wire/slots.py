"""The declared slots of a class, as the codec and the documents need them."""

from __future__ import annotations

import re
import types
from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct

from chat.errors import ErrorCode
from chat.slots import REST, Activity, At

SEGMENT = re.compile(r"(\*|\w+)(?:\[(\w+)\])?")


class Slot(Struct, frozen=True):
    """One field: its place, its name in the class, its bare type and whether it has a default."""

    at: At
    name: str
    type: Any
    optional: bool
    default: Any

    @property
    def segments(self) -> list[tuple[str, str | None]]:
        """The path as pairs of a key and the `objectType` that picks a list's element."""
        return [(match[1], match[2]) for match in SEGMENT.finditer(self.at.path)]


@cache
def slots_of(cls: type[Activity]) -> tuple[Slot, ...]:
    """The slots of a class, in the order of its fields."""
    hints = get_type_hints(cls, include_extras=True)
    return tuple(_slots_among(cls, hints))


def _slots_among(cls: type[Activity], hints: dict[str, Any]) -> Iterator[Slot]:
    for fields in msgspec.structs.fields(cls):
        hint = hints[fields.name]
        at = next((extra for extra in get_args(hint) if isinstance(extra, At)), None)
        if get_origin(hint) is Annotated and at is not None:
            optional = fields.default is not msgspec.NODEFAULT
            yield Slot(at, fields.name, _bare(get_args(hint)[0]), optional, fields.default)


def _bare(hint: Any) -> Any:
    """The type without `| None`, and without a NewType around it."""
    if get_origin(hint) in (Union, types.UnionType):
        hint = next(part for part in get_args(hint) if part is not type(None))
    return getattr(hint, "__supertype__", hint)


def slot_table(cls: type[Activity]) -> list[tuple[str, ...]]:
    """The slots of a request as rows for documents: path, what it is, and the codes when it is missing, when it is
    malformed, and when it is longer than its limit.
    """
    return [(slot.at.path, _kind(slot), *_codes(slot)) for slot in slots_of(cls)]


def _kind(slot: Slot) -> str:
    if slot.at.text:
        return "base64"
    if get_origin(slot.type) is tuple:
        return f"list of {get_args(slot.type)[0].__name__}"
    return getattr(slot.type, "__name__", str(slot.type))


def _codes(slot: Slot) -> tuple[str, str, str]:
    at = slot.at
    malformed = at.invalid or at.missing or ErrorCode.VALIDATION_ERROR
    missing = "" if slot.optional or at.path.endswith(REST) else str((at.missing or ErrorCode.VALIDATION_ERROR).wire)
    too_long = "" if at.limit is None else str((at.too_many or malformed).wire)
    return missing, str(malformed.wire), too_long


def slot_codes(cls: type[Activity]) -> set[ErrorCode]:
    """The codes that a request of this class is refused with because of its slots."""
    codes: set[ErrorCode | None] = set()
    for slot in slots_of(cls):
        at = slot.at
        codes |= {at.missing, at.absent_parent, at.invalid, at.too_many, ErrorCode.NOT_BASE64 if at.text else None}
        if get_origin(slot.type) is tuple:
            codes |= slot_codes(get_args(slot.type)[0])
    return {code for code in codes if code is not None}
