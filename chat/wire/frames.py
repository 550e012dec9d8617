"""The JSON-array framing of `/ws`: text frames that hold `[event, data]` or `[event, data, id]`. Sans I/O."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import msgspec
from msgspec import Struct

from chat.model import ID_LENGTH
from chat.slots import INTEGERS

ReplyId = int | str | None
_WITHOUT_ID, _WITH_ID = 2, 3


class CloseCode(IntEnum):
    """Why the server ends a connection."""

    NORMAL = 1000
    NOT_TEXT = 1003
    BUG = 1011
    RESTART = 1012
    LOGIN_FAILED = 4001
    BANNED = 4003
    MALFORMED = 4007
    SLOW_CONSUMER = 4008
    FLOOD = 4029


class Command(Struct, frozen=True):
    """What a client asks: the event, its data, and the id under which it waits for the reply."""

    event: str
    data: dict[str, Any]
    reply_id: ReplyId = None


class Malformed(Exception):
    """A frame that is no command. The text says what is wrong; `reply_id` is the frame's id where it has a good one."""

    def __init__(self, detail: str, reply_id: ReplyId = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.reply_id = reply_id


def parse(payload: bytes) -> Command:
    """The command in a text frame. Raises Malformed."""
    try:
        parts = msgspec.json.decode(payload)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise Malformed("the frame is not JSON") from None
    if type(parts) is not list or len(parts) not in (_WITHOUT_ID, _WITH_ID):
        raise Malformed("the frame is not an array [event, data] or [event, data, id]")
    reply_id = parts[2] if len(parts) == _WITH_ID else None
    if not _is_reply_id(reply_id):
        raise Malformed(f"the id is not an integer of at most 64 bits or a string of at most {ID_LENGTH} characters")
    event, data = parts[0], parts[1]
    if type(event) is not str:
        raise Malformed("the event is not a string", reply_id)
    if type(data) is not dict:
        raise Malformed("the data is not an object", reply_id)
    return Command(event, data, reply_id)


def _is_reply_id(value: Any) -> bool:
    if type(value) is int:
        return value in INTEGERS
    return value is None or (type(value) is str and len(value) <= ID_LENGTH)


def text_frame(payload: bytes) -> bytes:
    """An unmasked WebSocket text frame (RFC 6455, section 5.2)."""
    size = len(payload)
    if size < 126:
        return bytes((0x81, size)) + payload
    if size < 65536:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload


class JsonArrayFraming:
    """Whole WebSocket frames, the same bytes for every member of a room."""

    def frame(self, event: str, activity: bytes) -> bytes:
        """`[event, activity]`."""
        return text_frame(b'["%b",%b]' % (event.encode(), activity))

    def reply(self, event: str, body: bytes, reply_id: ReplyId) -> bytes:
        """`[event, body]`, with the request's id where it had one."""
        if reply_id is None:
            return self.frame(event, body)
        return text_frame(b'["%b",%b,%b]' % (event.encode(), body, msgspec.json.encode(reply_id)))
