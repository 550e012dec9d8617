"""REST: GET /lag, how long the reactor was kept from a timer at the most since the last call, in ms, and how long its
thread was at work meanwhile: the rest was that of other threads, and of other processes. For measurements alone.
"""

from __future__ import annotations

import time

from msgspec import Struct
from twisted.internet.task import LoopingCall
from zope.interface import implementer

from chat.ichat import IEndpoint, IStarted
from chat.plugin import Context, Contribution, NoOptions, Plugin, Scope, Services

EVERY_S = 0.002


class Nothing(Struct, frozen=True):
    """The call says nothing."""


@implementer(IEndpoint, IStarted)
class GetLag:
    """Looks at the time at every tick."""

    method = "GET"
    path = "lag"
    scope = Scope.ADMIN
    body = Nothing

    def __init__(self, services: Services) -> None:
        self._seconds = services.seconds
        self._due_s = self._worked_s = 0.0
        self._longest: tuple[float, ...] = (0.0, 0.0)

    def start(self) -> None:
        """See `IStarted`."""
        self._due_s = self._seconds()
        LoopingCall(self._tick).start(EVERY_S)

    def _tick(self) -> None:
        now_s, worked_s = self._seconds(), time.thread_time()
        latest = (now_s - self._due_s, worked_s - self._worked_s)
        self._longest = tuple(map(max, self._longest, latest))
        self._due_s, self._worked_s = now_s + EVERY_S, worked_s

    async def call(self, caller: Context, body: Nothing) -> list[float]:
        """See `IEndpoint`."""
        longest, self._longest = self._longest, (0.0, 0.0)
        return [seconds * 1000 for seconds in longest]


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    lag = GetLag(services)
    return Contribution(endpoints=(lag,), started=(lag,))


plugin = Plugin("lag", build)
