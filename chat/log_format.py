"""One log event as one line, for people or for machines. Never raises, whatever stands in an event.

Text: `2026-01-31T12:00:00.000Z [namespace#level] message`, and the lines of a traceback behind it, each after a tab.
JSON: one object with `time`, `level`, `namespace`, `message`, `traceback` where there is one, and the event's fields.
Nothing that a client wrote can begin a line, in either form.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from math import isfinite
from typing import Any

from twisted.logger import LogEvent, LogLevel, formatEvent
from twisted.python.failure import Failure
from twisted.python.reflect import safe_str

from chat.lines import one_line

# Bounds of a field: characters of a text, items of a collection, collections in collections, bits of a number.
LONGEST, MOST, DEEPEST, WIDEST = 4_000, 100, 4, 64
# What the older log of Twisted puts into an event beside its fields.
_LEGACY = frozenset({"message", "time", "system", "isError", "failure", "why", "format", "logLevel"})
_LEVELS = tuple(LogLevel.iterconstants())
_OWN = ("time", "level", "namespace", "message", "traceback")


def text_line(event: LogEvent) -> str:
    """The event for people, with a line end behind."""
    traceback = "".join(f"\n\t{one_line(line)}" for line in _traceback(event).splitlines())
    where = one_line(f"{_namespace(event)}#{level_of(event).name}")
    return f"{_time(event)} [{where}] {one_line(_message(event)).rstrip()}{traceback}\n"


def json_line(event: LogEvent) -> str:
    """The event for machines. A field with a name that the line has itself gets a `_` behind its name."""
    own = (_time(event), level_of(event).name, _namespace(event), _message(event), _traceback(event))
    line: dict[str, Any] = dict(zip(_OWN, own, strict=True))
    if not line["traceback"]:
        del line["traceback"]
    hidden = _LEGACY if _is_legacy(event) else ()
    for name, value in event.items():
        if not name.startswith("log_") and name not in hidden:
            line[f"{name}_" if name in _OWN else name] = _plain(value, DEEPEST)
    return json.dumps(line) + "\n"


def level_of(event: LogEvent) -> Any:
    """How important the event is, a constant of LogLevel. One that does not say so is an info."""
    level = event.get("log_level")
    return level if any(level is one for one in _LEVELS) else LogLevel.info


def _is_legacy(event: LogEvent) -> bool:
    return event.get("log_namespace") == "log_legacy"


def _time(event: LogEvent) -> str:
    try:
        moment = datetime.fromtimestamp(event["log_time"], UTC)
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return "-"
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _namespace(event: LogEvent) -> str:
    return safe_str(event.get("log_namespace", "-"))


def _message(event: LogEvent) -> str:
    """What happened. The older log has the traceback in the text: then what its caller said of it."""
    if _is_legacy(event) and _failure(event) is not None:
        return safe_str(event.get("why") or "Unhandled Error")
    return formatEvent(event)


def _traceback(event: LogEvent) -> str:
    failure = _failure(event)
    return "" if failure is None else failure.getTraceback()


def _failure(event: LogEvent) -> Failure | None:
    failure = event.get("failure" if _is_legacy(event) else "log_failure")
    return failure if isinstance(failure, Failure) else None


def _plain(value: Any, depth: int) -> Any:
    """The value as JSON has it, within bounds; what JSON has not, as a text."""
    if value is None or isinstance(value, bool):
        return value
    if (isinstance(value, int) and value.bit_length() <= WIDEST) or (isinstance(value, float) and isfinite(value)):
        return value
    if depth and isinstance(value, Mapping):
        return {_text(key): _plain(inside, depth - 1) for key, inside in list(value.items())[:MOST]}
    if depth and isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(inside, depth - 1) for inside in list(value)[:MOST]]
    return _text(value)


def _text(value: Any) -> str:
    text = safe_str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
