"""Whether a connection is read: not while too much waits, not for a while when its client asks above its rate, and not
any more when it is drained.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IReactorTime

from chat.wire.front import ClientLink

# So many commands above the rate are answered; then the connection is not read for a while.
EXCESS_LIMIT, EXCESS_PAUSE_S = 32, 0.25


class Intake:
    """Has a link pause and resume its reading."""

    # There are many connections.
    __slots__ = ("_excess", "_is_ended", "_is_slowed", "_link", "is_paused")

    def __init__(self, link: ClientLink) -> None:
        self._link = link
        self.is_paused = self._is_slowed = self._is_ended = False
        self._excess = 0

    def pause(self) -> None:
        """Read nothing until `resume`."""
        if not self.is_paused:
            self.is_paused = True
            self._link.pause_reading()

    def resume(self) -> None:
        """Read again, unless there is another reason not to."""
        if not self._is_ended and not self._is_slowed:
            self.is_paused = False
            self._link.resume_reading()

    def end(self) -> None:
        """Never resume."""
        self._is_ended = True
        self._link.pause_reading()

    def slow_down(self, clock: IReactorTime, then: Callable[[], None]) -> None:
        """The client sends above its rate. However fast it is, its refusals are not to cost the others time: after some
        of them pause, and call `then` when that is over.
        """
        self._excess += 1
        if self._excess >= EXCESS_LIMIT and not self._is_slowed:
            self._excess, self._is_slowed = 0, True
            self.pause()
            clock.callLater(EXCESS_PAUSE_S, self._speed_up, then)

    def _speed_up(self, then: Callable[[], None]) -> None:
        self._is_slowed = False
        then()
