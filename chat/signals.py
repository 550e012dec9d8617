"""What signals do to a running server: SIGTERM and SIGINT drain it, a second one ends it, SIGHUP reloads."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from twisted.internet.error import ReactorNotRunning
from twisted.logger import Logger

# How long the end may take when the drain is over: the store finishes what it was given.
OVERTIME_S = 5
_TOO_LATE = 1
_BY_SIGNAL = 128


class Signals:
    """The signals of one process. An orderly stop ends with exit status 0.

    A second SIGTERM or SIGINT ends the process at once, with 128 and the signal's number: nothing that was answered is
    lost, since it is on disk. So does, with 1, a stop that is not over OVERTIME_S after `drain_s`.
    """

    log = Logger()

    def __init__(self, reactor: Any, drain_s: float, reload: Callable[[], None]) -> None:
        self._reactor = reactor
        self._drain_s = drain_s
        self._reload = reload
        self._is_stopping = False

    def install(self) -> None:
        """Take SIGHUP now, which would end the process otherwise, and the others when the reactor has taken them."""
        signal.signal(signal.SIGHUP, lambda number, frame: self._reactor.callFromThread(self._hung_up))
        self._reactor.callWhenRunning(self._install_stops)

    def _install_stops(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._asked_to_stop)
        signal.signal(signal.SIGALRM, self._too_late)

    def _hung_up(self) -> None:
        if self._is_stopping:
            self.log.info("not reloaded: the server is about to stop")
        else:
            self._reload()

    def _asked_to_stop(self, number: int, frame: object) -> None:
        """In whatever the main thread is doing, which may be writing a line of the log."""
        name = signal.Signals(number).name
        if self._is_stopping:
            with suppress(Exception):
                self.log.critical("ended at once by a second signal, {name}", name=name)
            os._exit(_BY_SIGNAL + number)
        self._is_stopping = True
        signal.setitimer(signal.ITIMER_REAL, self._drain_s + OVERTIME_S)
        self._reactor.callFromThread(self._stop, name)

    def _stop(self, name: str) -> None:
        self.log.info("{name}: the server stops, within {drain_s} s", name=name, drain_s=self._drain_s)
        try:
            self._reactor.stop()
        except ReactorNotRunning:
            self.log.info("the server is about to stop already")

    def _too_late(self, number: int, frame: object) -> None:
        with suppress(Exception):
            self.log.critical("the stop is not over in time: ended at once")
        os._exit(_TOO_LATE)
