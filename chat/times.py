"""The one place that reads clocks: the wall clock, with its integer form for the store, and two that only go on."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from twisted.internet.base import ReactorBase
from twisted.internet.interfaces import IReactorTime

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
# On Linux the monotonic clock stands still while the machine sleeps, and this one does not.
_AWAKE_OR_NOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def utc_now() -> datetime:
    """The time now, aware, in UTC, in whole milliseconds: what the store can keep."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970 UTC."""
    return (moment - _EPOCH) // _MILLISECOND


def from_ms(milliseconds: int) -> datetime:
    """The aware UTC time of a number of milliseconds since 1970."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


def rfc3339(moment: datetime) -> str:
    """UTC, whole seconds, `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")[:19] + "Z"


def monotonic(reactor: IReactorTime) -> Callable[[], float]:
    """The seconds that go by for a reactor. A real one tells the wall clock's, which somebody may set back."""
    return time.monotonic if isinstance(reactor, ReactorBase) else reactor.seconds


def lasting(reactor: IReactorTime) -> Callable[[], float]:
    """The same for what lasts hours and days: these seconds go on while the machine sleeps, where it can tell."""
    return _boot_seconds if isinstance(reactor, ReactorBase) else reactor.seconds


def _boot_seconds() -> float:
    return time.clock_gettime(_AWAKE_OR_NOT)
