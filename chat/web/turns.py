"""Keeps many callers from holding up everybody else: only so many calls begin in one turn of the reactor."""

from __future__ import annotations

from collections import deque

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

CALLS_A_TURN = 4


class Turns:
    """Lets CALLS_A_TURN calls begin at once, and as many in each turn of the reactor from then on; others wait in the
    order in which they came. In between the reactor sees to what clients sent.
    """

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._begun = 0
        self._waiting: deque[Deferred[None]] = deque()

    async def wait(self) -> None:
        """Return when the call may begin. One that is cancelled meanwhile takes nobody's turn."""
        if self._begun < CALLS_A_TURN and not self._waiting:
            self._count()
            return
        turn: Deferred[None] = Deferred()
        self._waiting.append(turn)
        await turn

    def _count(self) -> None:
        if not self._begun:
            self._clock.callLater(0, self._next)
        self._begun += 1

    def _next(self) -> None:
        """A turn begins."""
        self._begun = 0
        while self._waiting and self._begun < CALLS_A_TURN:
            turn = self._waiting.popleft()
            if not turn.called:
                self._count()
                turn.callback(None)
