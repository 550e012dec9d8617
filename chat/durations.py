"""Durations of bans and mutes: `30s`, `5m`, `2h`, `7d` (seed 000, "ban"). Imports only the error table."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from chat.errors import ChatError, ErrorCode

DURATION: Final = re.compile(r"([1-9][0-9]{0,11})([dhms])", re.ASCII)
_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_LAST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


def end_of(duration: str, start: datetime) -> datetime:
    """The moment at which `duration` is over when it begins at `start`.

    Raises INVALID_BAN_DURATION unless it is a positive integer with one of d, h, m, s and ends before the year 10000.
    """
    match = DURATION.fullmatch(duration)
    if match is None:
        raise ChatError(ErrorCode.INVALID_BAN_DURATION, "a duration is a positive integer and one of d, h, m, s")
    seconds = int(match[1]) * _UNITS[match[2]]
    if seconds > (_LAST - start).total_seconds():
        raise ChatError(ErrorCode.INVALID_BAN_DURATION, "a duration ends before the year 10000")
    return start + timedelta(seconds=seconds)
