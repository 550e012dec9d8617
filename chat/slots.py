"""How a value lies in an ActivityStreams object, declared once beside its type.

A request, reply or event says of each field where it stands, what it is called there and which code answers when it
is missing: `room_id: Annotated[RoomId, At("target.id", missing=ErrorCode.MISSING_TARGET_ID)]`. The codec in
`chat.wire.decoding` and `chat.wire.encoding` read these declarations; nothing here touches a wire.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

from msgspec import Struct

from chat.errors import ErrorCode

REST = "*"
DEPTH_LIMIT = 16
# Whole numbers that clients of all kinds can read.
INTEGERS = range(-(2**63), 2**63)


class At(Struct, frozen=True):
    """The place and the rules of one slot.

    `path`: dotted names; `name[kind]` is the element of the list `name` whose `objectType` is `kind`; a last `*` stands
    for what else the object holds, besides the names `besides`: any JSON, nested at most DEPTH_LIMIT
    deep, with whole numbers out of INTEGERS.
    `missing`: the code when the slot is not there or of the wrong type; without one, a field needs a default and a
    wrong type is VALIDATION_ERROR. `absent_parent`: the code when the object around the slot is not there.
    `invalid`: the code for a value of the right type that is not one of those allowed (default: `missing`).
    `text`: base64 of UTF-8 on the wire, plain inside. `limit`: characters of a string as sent, items of a list.
    `too_many`: the code above `limit` (default: `invalid`). `pattern`: what a string must match as a whole.
    `blank`: an empty string is a value, and not as if the slot were not there.
    A field whose type has slots of its own is laid under `path`.
    """

    path: str
    missing: ErrorCode | None = None
    absent_parent: ErrorCode | None = None
    invalid: ErrorCode | None = None
    text: bool = False
    limit: int | None = None
    too_many: ErrorCode | None = None
    pattern: re.Pattern[str] | None = None
    besides: frozenset[str] = frozenset()
    blank: bool = False


class Activity(Struct, frozen=True, kw_only=True):
    """A value with slots. Class attributes add what is the same in all of them.

    `constants` maps a path to a fixed string. `has_provider` adds `provider.id`, the configured environment. `lasting`:
    the very same values come in many lists; their JSON may be remembered.
    """

    constants: ClassVar[Mapping[str, str]] = {}
    has_provider: ClassVar[bool] = False
    lasting: ClassVar[bool] = False
