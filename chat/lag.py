"""How late the reactor comes to what is due: everything that holds it up shows here."""

from __future__ import annotations

from math import ceil

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from chat.metrics import Timings
from chat.times import monotonic

LOOK_EVERY_S = 0.25
# Ten minutes: a machine that was stopped for a day is not to be counted for long.
MISSED_LIMIT = 2_400


class Lag:
    """Asks every LOOK_EVERY_S to be called, and measures how much later that happens. `times` are those delays: of a
    stall those of all looks that were due within it, at most MISSED_LIMIT. As one delay among the many of a quiet time
    it would be in no percentile, however long it kept everybody waiting.
    """

    def __init__(self, clock: IReactorTime) -> None:
        self.times = Timings()
        self._clock = clock
        self._seconds = monotonic(clock)
        self._next: IDelayedCall | None = None

    def start(self) -> None:
        """Begin to look."""
        self._next = self._clock.callLater(LOOK_EVERY_S, self._look, self._seconds() + LOOK_EVERY_S)

    def stop(self) -> None:
        """Look no more. Harmless when it does not."""
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def _look(self, due_at: float) -> None:
        late_s = max(0.0, self._seconds() - due_at)
        self.times.observe(late_s)
        for missed in range(1, min(ceil(late_s / LOOK_EVERY_S), MISSED_LIMIT)):
            self.times.observe(late_s - missed * LOOK_EVERY_S)
        self.start()
