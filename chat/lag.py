"""How late the reactor comes to what is due: everything that holds it up shows here."""

from __future__ import annotations

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from chat.metrics import Timings
from chat.times import monotonic

LOOK_EVERY_S = 0.25


class Lag:
    """Asks every LOOK_EVERY_S to be called, and measures how much later that happens. `times` are those delays."""

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
        self.times.observe(max(0.0, self._seconds() - due_at))
        self.start()
