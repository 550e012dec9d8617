"""Messages, and the rows of the audit log, are kept for so many days, if not for ever: those that are older are taken
away bit by bit.

A server that was killed in between goes on with the next start: what is old is found again, and each bit is whole.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from chat.times import rfc3339, utc_now

SWEEP_EVERY_S = 3600.0
# How many go in one write: whoever writes meanwhile waits for one of these at the most. And how long others
# have the store for themselves before the next.
BATCH = 200
PAUSE_S = 0.05
RETRY_AFTER_S = 60.0


class Kept(NamedTuple):
    """What is kept for so many days. `purge(before, limit)` takes the oldest away; fires with how many."""

    what: str
    days: int
    purge: Callable[[datetime, int], Deferred[int]]


class Retention:
    """Sweeps when the server starts and then every hour. With 0 days it does nothing. `forget_before` lets memory go of
    what is old.
    """

    log = Logger()

    def __init__(
        self, kept: Kept, clock: IReactorTime, forget_before: Callable[[datetime], object] = lambda before: None
    ) -> None:
        self._kept = kept
        self._clock = clock
        self._forget_before = forget_before
        self._next: Any = None
        self._purged = 0
        self.runs = False

    def start(self) -> None:
        """Begin to sweep."""
        if self._kept.days:
            self.runs = True
            self._sweep()

    def stop(self) -> None:
        """Begin nothing more. A write that is on its way is the store's to finish."""
        self.runs = False
        if self._next is not None and self._next.active():
            self._next.cancel()

    def _sweep(self) -> None:
        """Whatever becomes of the writes: from now on nobody gets what is old from memory."""
        before = utc_now() - timedelta(days=self._kept.days)
        self._forget_before(before)
        self._purge(before)

    def _purge(self, before: datetime) -> None:
        purging = self._kept.purge(before, BATCH)
        purging.addCallbacks(self._go_on, self._failed, callbackArgs=(before,))

    def _go_on(self, purged: int, before: datetime) -> None:
        self._purged += purged
        if purged == BATCH:
            self._later(PAUSE_S, self._purge, before)
            return
        if self._purged:
            self.log.info(
                "{count} {what} from before {before} are purged",
                count=self._purged,
                what=self._kept.what,
                before=rfc3339(before),
            )
        self._purged = 0
        self._later(SWEEP_EVERY_S, self._sweep)

    def _failed(self, failure: Failure) -> None:
        reason = failure.getErrorMessage()
        self.log.error("old {what} could not be purged: {reason}", what=self._kept.what, reason=reason)
        self._later(RETRY_AFTER_S, self._sweep)

    def _later(self, seconds: float, act: Any, *arguments: Any) -> None:
        if self.runs:
            self._next = self._clock.callLater(seconds, act, *arguments)
