"""What is to be done at a time, whoever runs then: kept in the store, and in memory for those that are due next."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from chat.agenda import Agenda
from chat.ichat import IStore
from chat.times import utc_now
from chat.world import Timer

# The wall clock may be set while one waits: it is looked at this often at the least.
LOOK_EVERY_S = 30.0
REMOVE_ROOM = "remove-room"
RETRY_AFTER = timedelta(seconds=10)

Act = Callable[[str], Awaitable[None]]


class Timers:
    """The timers of a server, one for each kind and subject. What is late at the start is done at the start.

    `runs` is true from the start to the stop. An act that fails is tried again after RETRY_AFTER. It is the act that
    takes its timer out of the store, in the transaction of what it does.
    """

    log = Logger()

    def __init__(self, store: IStore, clock: IReactorTime) -> None:
        self._store = store
        self._clock = clock
        self._acts: dict[str, Act] = {}
        self._agenda: Agenda[tuple[str, str], datetime] = Agenda()
        self._next: Any = None
        self.runs = False

    def add_kind(self, kind: str, act: Act) -> None:
        """Let `act(subject)` be what is done when a timer of this kind is due."""
        self._acts[kind] = act

    def load(self, timers: Iterable[Timer]) -> None:
        """Take those that the store holds."""
        for timer in timers:
            self.note(timer)

    def start(self) -> None:
        """Begin to act."""
        self.runs = True
        self._wait()

    def stop(self) -> None:
        """Act no more; what is set stays in the store."""
        self.runs = False
        self._wait()

    def is_set(self, kind: str, subject: str) -> bool:
        """Whether there is such a timer."""
        return self.due(kind, subject) is not None

    def due(self, kind: str, subject: str) -> datetime | None:
        """When the timer is due; None without one."""
        return self._agenda.get((kind, subject))

    def note(self, timer: Timer) -> None:
        """A timer was set in the store by somebody else's transaction."""
        self._agenda.put((timer.kind, timer.subject), timer.due)
        if self._agenda.first() == timer.due:
            self._wait()

    def set(self, timer: Timer) -> Deferred[None]:
        """Set a timer, in place of the one of the same kind and subject. Fires when that will survive."""
        self.note(timer)
        kept: Deferred[None] = self._store.set_timer(timer)
        return kept

    def cancel(self, kind: str, subject: str) -> Deferred[None]:
        """Forget a timer. Fires when that will survive."""
        self._agenda.take_off((kind, subject))
        forgotten: Deferred[None] = self._store.cancel_timer(kind, subject)
        return forgotten

    def forget(self, subject: str) -> None:
        """The subject is gone, and its timers with it, in the store already."""
        for kind in self._acts:
            self._agenda.take_off((kind, subject))

    def _wait(self) -> None:
        if self._next is not None and self._next.active():
            self._next.cancel()
        self._next = None
        first = self._agenda.first()
        if self.runs and first is not None:
            wait_s = (first - utc_now()).total_seconds()
            self._next = self._clock.callLater(min(max(wait_s, 0), LOOK_EVERY_S), self._look)

    def _look(self) -> None:
        for kind, subject in self._agenda.take_due(utc_now()):
            Deferred.fromCoroutine(self._act(kind, subject)).addErrback(self._failed, kind, subject)
        self._wait()

    async def _act(self, kind: str, subject: str) -> None:
        act = self._acts.get(kind)
        if act is None:
            self.log.warn("nothing knows what to do about the timer {kind} of {subject}", kind=kind, subject=subject)
        else:
            await act(subject)

    def _failed(self, failure: Failure, kind: str, subject: str) -> None:
        self.log.failure("the timer {kind} of {subject} failed", failure, kind=kind, subject=subject)
        self.note(Timer(kind, subject, utc_now() + RETRY_AFTER))
