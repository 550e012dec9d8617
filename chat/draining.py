"""An orderly stop: what was asked is answered, everybody is sent away, observers see what happened.

All of it takes `drain_s` at the most, so that whoever supervises the process knows when it has to be gone. Each step
has to be over by a part of that time; what is not done by then is left behind, and the log says so.

1. Nothing more is read; commands that were received are answered, REST calls that run finish: half of the time.
2. Connections are closed with 1012, spread evenly: CLOSES_PER_S while that suffices, more where there are many, so that
   the last close frame is sent at three quarters of the time. Their clients come back within the `reconnect_jitter_s`
   of their login reply. What remains are the closing handshakes: nine tenths of the time.
3. Sessions of clients that do not answer are ended without them; observers see the last events.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from chat.bus import Bus
from chat.coroutines import at_most
from chat.web.backend import Backend
from chat.wire.ending import Ending
from chat.wire.frames import CloseCode
from chat.wire.front import Front

CLOSES_PER_S = 200
ANSWERED_BY, SENT_AWAY_BY, ENDED_BY, SEEN_BY = 0.5, 0.75, 0.9, 1.0
COME_BACK = "the server restarts, come back"


class Drain:
    """One orderly stop. `front` and `backend` take nothing new any more."""

    log = Logger()

    def __init__(self, front: Front, backend: Backend, bus: Bus, clock: IReactorTime, drain_s: float) -> None:
        self._front = front
        self._backend = backend
        self._bus = bus
        self._clock = clock
        self._drain_s = drain_s
        self._start = clock.seconds()

    async def run(self) -> None:
        """Return when everything is done, at the latest when `drain_s` are over."""
        connections = list(self._front.connections)
        answered = [*(one.drain() for one in connections), *self._backend.drained()]
        self._note(await at_most(self._left_s(ANSWERED_BY), answered, self._clock), "what was asked before")
        self._front.delivery.flush()
        ended = self._send_away()
        self._note(await at_most(self._left_s(ENDED_BY), ended, self._clock), "clients to leave")
        for connection in list(self._front.connections):
            connection.closed(Ending("server", CloseCode.RESTART, COME_BACK))
        self._note(await self._bus.drain(self._left_s(SEEN_BY)), "observers")
        if self._front.connections:
            self.log.warn("{count} sessions are left behind", count=len(self._front.connections))

    def _note(self, in_time: bool, what: str) -> None:
        if not in_time:
            self.log.warn("the stop does not wait any longer for {what}", what=what)

    def _left_s(self, part: float) -> float:
        """How long it is until this part of the time is over."""
        return max(self._start + part * self._drain_s - self._clock.seconds(), 0)

    def _send_away(self) -> list[Deferred[None]]:
        """Close every connection in its turn. Each fires when a session is over."""
        connections = list(self._front.connections)
        pause_s = pause_between(len(connections), self._left_s(SENT_AWAY_BY))
        for number, connection in enumerate(connections):
            self._clock.callLater(number * pause_s, connection.send_away, CloseCode.RESTART, COME_BACK)
        return [connection.ended() for connection in connections]


def pause_between(count: int, within_s: float) -> float:
    """The seconds between two of `count` closes that have to be sent `within_s`."""
    return min(1 / CLOSES_PER_S, within_s / max(count, 1))
