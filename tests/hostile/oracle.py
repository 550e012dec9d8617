"""What must hold whatever a client sends: of every frame that the server writes, and of its log."""

from __future__ import annotations

import json
import re
import resource
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from twisted.logger import ILogObserver, LogLevel, formatEvent, globalLogPublisher
from zope.interface import provider

from chat.errors import OK, ErrorCode
from chat.model import ID_LENGTH
from chat.slots import INTEGERS
from chat.wire.frames import CloseCode

# Beside those of the server: the codes with which a WebSocket endpoint refuses bytes.
CLOSE_CODES = {code.value for code in CloseCode} - {CloseCode.BUG} | {1000, 1002, 1007, 1009}
STATUS_CODES = {code.wire for code in ErrorCode} - {ErrorCode.UNKNOWN_ERROR.wire} | {OK}
# They have no reply of their own: they are acknowledged where an id was given.
SILENT = ("received", "read", "report")
LEAK = re.compile(
    r"(?i)Traceback|Exception|Error\b|incident|\b(SELECT .* FROM|INSERT INTO|UPDATE \w+ SET|DELETE FROM)\b|"
    r"sqlite|twisted|autobahn|\.py\b|/(tmp|home|root|usr|var)/"
)
BAD_LOG = re.compile(r"Traceback|Unhandled|incident|Unexpected exception|#(error|critical)\]")


def strict_json(text: str) -> Any:
    """What every client can read: no NaN, no infinity, whole numbers of at most 64 bits, no lone surrogates."""
    text.encode()
    value = json.loads(text, parse_constant=_refuse, parse_int=_integer, parse_float=_float)
    json.dumps(value, ensure_ascii=False).encode()
    return value


def _refuse(text: str) -> NoReturn:
    raise AssertionError(f"not every client can read {text[:40]}")


def _integer(text: str) -> int:
    if len(text) > 20 or int(text) not in INTEGERS:
        _refuse(text)
    return int(text)


def _float(text: str) -> float:
    number = float(text)
    if number - number != 0:
        _refuse(text)
    return number


def check_text(payload: bytes) -> list[Any]:
    """The parts of a text frame of the server, which must be well made and tell nothing of the inside."""
    parts = strict_json(payload.decode())
    assert isinstance(parts, list)
    assert len(parts) in {2, 3}
    assert isinstance(parts[0], str)
    assert isinstance(parts[1], dict)
    if "status_code" in parts[1]:
        check_answer(parts[1])
    return parts


def check_reply_id(payload: bytes, answers: list[list[Any]]) -> None:
    """The answers to the text frame `payload`: one, with the id that the client gave, if it gave a good one.

    What is no JSON has none; some verbs answer nothing without one.
    """
    event, given = _asked(payload)
    if event in SILENT and given is None and not answers:
        return
    (answer,) = answers
    assert answer[2:] in ([], [given])
    assert answer[0] == "gn_error" or given is None or answer[2:] == [given]


def _asked(payload: bytes) -> tuple[Any, Any]:
    """The event and the id in a frame, as far as they can be made out."""
    try:
        frame = json.loads(payload)
    except (ValueError, RecursionError):
        return None, None
    if not isinstance(frame, list) or len(frame) not in {2, 3}:
        return None, None
    given = frame[2] if len(frame) == 3 else None
    is_good = (isinstance(given, str) and len(given) <= ID_LENGTH) or (type(given) is int and given in INTEGERS)
    return frame[0], given if is_good else None


def check_answer(body: dict[str, Any]) -> None:
    """A reply: a known code, and a text that betrays nothing."""
    assert body["status_code"] in STATUS_CODES, body
    assert not LEAK.search(body.get("message", "")), body


@contextmanager
def quiet_log() -> Iterator[None]:
    """Fails at its end when anything was logged as an error meanwhile."""
    bad: list[str] = []

    @provider(ILogObserver)
    def watch(event: Any) -> None:
        text = formatEvent(event) or ""
        if event["log_level"] >= LogLevel.error or "log_failure" in event or BAD_LOG.search(text):
            bad.append(text + (event["log_failure"].getTraceback() if "log_failure" in event else ""))

    globalLogPublisher.addObserver(watch)
    try:
        yield
    finally:
        globalLogPublisher.removeObserver(watch)
    assert not bad, "\n".join(bad[:5])


class Tally:
    """What came of it all: how often each status code and each close code was seen."""

    def __init__(self) -> None:
        self.statuses: Counter[int] = Counter()
        self.closes: Counter[int | None] = Counter()
        self.frames = 0

    def until(self, more: int) -> Callable[[], bool]:
        """Whether so many more frames have been sent than now."""
        enough = self.frames + more
        return lambda: self.frames >= enough

    def __str__(self) -> str:
        statuses = " ".join(f"{code}:{count}" for code, count in sorted(self.statuses.items()))
        closes = " ".join(f"{code}:{count}" for code, count in sorted(self.closes.items(), key=str))
        return f"{self.frames} frames; status codes {statuses}; close codes {closes}"


def memory_kib(pid: int) -> int:
    """What a process has in memory now."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() // 1024
