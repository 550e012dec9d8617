"""Users whom backends keep online without a connection, by beats: how long those last. In memory: after a restart they
have to come again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from chat.model import UserId
from chat.occupancy import DEPARTURES_AT_ONCE
from chat.times import monotonic

# How many users go in one turn of the reactor.
BATCH = 100

Act = Callable[[tuple[UserId, ...]], Awaitable[None]]
# In how many rooms a user is.
CountRooms = Callable[[UserId], int]


class Heartbeats:
    """The latest beat of each user counts for `kept_s`. A beat costs the same however many there are, and one timer
    waits for the end of the oldest.
    """

    log = Logger()

    def __init__(self, clock: IReactorTime, kept_s: float, count_rooms: CountRooms) -> None:
        self._clock = clock
        self._seconds = monotonic(clock)
        self._kept_s = kept_s
        self._count_rooms = count_rooms
        # The oldest first.
        self._beats: OrderedDict[UserId, float] = OrderedDict()
        self._acts: list[Act] = []
        self._timer: Any = None
        self._is_stopped = False

    def at_the_end(self, act: Act) -> None:
        """Let `act(user_ids)` be called for those whose beats have stopped: at most BATCH in one turn of the reactor,
        and no more once they have DEPARTURES_AT_ONCE rooms to leave.
        """
        self._acts.append(act)

    def beat(self, user_ids: Iterable[UserId]) -> None:
        """The beats of these users count from now on."""
        now = self._seconds()
        for user_id in user_ids:
            self._beats[user_id] = now
            self._beats.move_to_end(user_id)
        self._wait()

    def stop(self) -> None:
        """Nobody's beats end any more."""
        self._is_stopped = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait(self) -> None:
        if self._timer is None and self._beats and not self._is_stopped:
            wait_s = self._oldest() + self._kept_s - self._seconds()
            self._timer = self._clock.callLater(max(wait_s, 0), self._sweep)

    def _oldest(self) -> float:
        return next(iter(self._beats.values()))

    def _sweep(self) -> None:
        self._timer = None
        over = tuple(self._take_ended())
        for act in self._acts if over else ():
            Deferred.fromCoroutine(_run(act, over)).addErrback(self._failed)
        self._wait()

    def _take_ended(self) -> Iterator[UserId]:
        """Those whose turn it is now."""
        now, users, rooms = self._seconds(), 0, 0
        while self._beats and self._oldest() + self._kept_s <= now:
            if users == BATCH or rooms >= DEPARTURES_AT_ONCE:
                return
            user_id = self._beats.popitem(last=False)[0]
            users += 1
            rooms += self._count_rooms(user_id)
            yield user_id

    def _failed(self, failure: Failure) -> None:
        self.log.failure("the end of beats failed", failure)


async def _run(act: Act, user_ids: tuple[UserId, ...]) -> None:
    await act(user_ids)
