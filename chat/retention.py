"""Messages are kept for so many days, if not for ever: those that are older are taken away bit by bit.

A server that was killed in between goes on with the next start: what is old is found again, and each bit is whole.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from chat.ichat import IStore
from chat.timelines import Timelines
from chat.times import rfc3339, utc_now

SWEEP_EVERY_S = 3600.0
# How many messages go in one write: whoever writes meanwhile waits for one of these at the most. And how long others
# have the store for themselves before the next.
BATCH = 200
PAUSE_S = 0.05
RETRY_AFTER_S = 60.0


class Retention:
    """Sweeps when the server starts and then every hour. With 0 days it does nothing."""

    log = Logger()

    def __init__(self, store: IStore, timelines: Timelines, clock: IReactorTime, days: int) -> None:
        self._store = store
        self._timelines = timelines
        self._clock = clock
        self._kept = timedelta(days=days)
        self._next: Any = None
        self._purged = 0
        self.runs = False

    def start(self) -> None:
        """Begin to sweep."""
        if self._kept:
            self.runs = True
            self._sweep()

    def stop(self) -> None:
        """Begin nothing more. A write that is on its way is the store's to finish."""
        self.runs = False
        if self._next is not None and self._next.active():
            self._next.cancel()

    def _sweep(self) -> None:
        """Whatever becomes of the writes: from now on nobody gets what is old from memory."""
        before = utc_now() - self._kept
        self._timelines.forget_before(before)
        self._purge(before)

    def _purge(self, before: datetime) -> None:
        purging: Deferred[int] = self._store.purge_messages(before, BATCH)
        purging.addCallbacks(self._go_on, self._failed, callbackArgs=(before,))

    def _go_on(self, purged: int, before: datetime) -> None:
        self._purged += purged
        if purged == BATCH:
            self._later(PAUSE_S, self._purge, before)
            return
        if self._purged:
            self.log.info(
                "{count} messages from before {before} are purged", count=self._purged, before=rfc3339(before)
            )
        self._purged = 0
        self._later(SWEEP_EVERY_S, self._sweep)

    def _failed(self, failure: Failure) -> None:
        self.log.error("old messages could not be purged: {reason}", reason=failure.getErrorMessage())
        self._later(RETRY_AFTER_S, self._sweep)

    def _later(self, seconds: float, act: Any, *arguments: Any) -> None:
        if self.runs:
            self._next = self._clock.callLater(seconds, act, *arguments)
