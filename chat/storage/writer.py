"""The group commit: one thread takes everything that is pending as one database transaction.

Runs of messages, and of acknowledgements, go to the database together, every other write in a SAVEPOINT of its own, so
that one failure rolls back one method. A batch that fails as a whole is retried one by one. Results come back to the
reactor in the order of the calls.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Engine
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from chat.errors import ChatError, StorageError
from chat.metrics import Timings
from chat.times import monotonic

QUEUE_LIMIT = 10_000
BATCH_LIMIT = 1_000
WRITE_TIMEOUT_S = 20.0
_WATCH_INTERVAL_S = 1.0

Method = Callable[[Connection], Any]
InTransaction = Callable[[Connection], bool]
# Writes works of one class; the results in their order.
Together = Callable[[Connection, Sequence[Any]], Sequence[Any]]


class _Write:
    """A write that waits for its commit: a method, or what is written together with others of its class."""

    __slots__ = ("asked_at", "deferred", "work")

    def __init__(self, work: Any, asked_at: float) -> None:
        self.work = work
        self.asked_at = asked_at
        self.deferred: Deferred[Any] = Deferred()


class Writer:
    """Owns the writing thread and the only connection that writes. Its methods are for the reactor's thread.

    `together` says for some classes how works of them are written together; all others are methods. `commits` are the
    times that transactions took, with what they wrote.
    """

    log = Logger()

    def __init__(
        self, engine: Engine, reactor: Any, together: Mapping[type, Together], is_in_transaction: InTransaction
    ) -> None:
        self._engine = engine
        self._is_in_transaction = is_in_transaction
        self._reactor = reactor
        self._seconds = monotonic(reactor)
        self.together = dict(together)
        self.commits = Timings()
        self._thread = threading.Thread(target=self._work, name="chat-writer", daemon=True)
        self._handed_over: deque[list[_Write] | None] = deque()
        self._available = threading.Semaphore(0)
        self._collected: list[_Write] = []
        self._waiting: deque[_Write] = deque()
        self._watch = LoopingCall(self._give_up_late_ones)
        self._watch.clock = IReactorTime(reactor)
        self._stopped: Deferred[None] | None = None

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()
        self._watch.start(_WATCH_INTERVAL_S, now=False)

    def stop(self) -> Deferred[None]:
        """Write what waits, then end. Fires when the thread is gone."""
        if self._stopped is None:
            self._stopped = Deferred()
            self._hand_over()
            self._handed_over.append(None)
            self._available.release()
        return self._stopped

    @property
    def waiting(self) -> int:
        """How many writes have not been settled."""
        return len(self._waiting)

    def write(self, work: Any) -> Deferred[Any]:
        """Do the work in its turn. The Deferred fires after the commit, or fails with StorageError or ChatError."""
        job = _Write(work, self._reactor.seconds())
        if self._stopped is not None or len(self._waiting) >= QUEUE_LIMIT:
            job.deferred.errback(StorageError("the store takes no more writes now"))
            return job.deferred
        self._waiting.append(job)
        if not self._collected:
            # What one turn of the reactor asks for goes over together: fewer wake-ups, larger commits.
            self._reactor.callLater(0, self._hand_over)
        self._collected.append(job)
        return job.deferred

    def _hand_over(self) -> None:
        if self._collected:
            self._handed_over.append(self._collected)
            self._collected = []
            self._available.release()

    def _give_up_late_ones(self) -> None:
        """Fail what has waited too long. What has begun may still be written; nobody is told then, and a retry finds
        it. What has not begun never will.
        """
        now = self._reactor.seconds()
        late = [job for job in self._waiting if now - job.asked_at > WRITE_TIMEOUT_S and not job.deferred.called]
        for job in late:
            job.deferred.errback(StorageError("the store did not answer in time"))

    def _settle(self, jobs: Sequence[_Write], results: Sequence[Any]) -> None:
        for job, result in zip(jobs, results, strict=True):
            self._waiting.popleft()
            if job.deferred.called:
                continue
            if isinstance(result, Exception):
                job.deferred.errback(Failure(result))
            else:
                job.deferred.callback(result)

    def _ended(self) -> None:
        self._thread.join()
        self._watch.stop()
        assert self._stopped is not None
        self._stopped.callback(None)

    # In the writing thread

    def _work(self) -> None:
        with self._engine.connect() as connection:
            while True:
                jobs, last = self._take()
                for start in range(0, len(jobs), BATCH_LIMIT):
                    batch = jobs[start : start + BATCH_LIMIT]
                    begun = self._seconds()
                    results = self._commit(connection, batch)
                    self.commits.observe(self._seconds() - begun)
                    self._reactor.callFromThread(self._settle, batch, results)
                if last:
                    break
        self._reactor.callFromThread(self._ended)

    def _take(self) -> tuple[list[_Write], bool]:
        """Everything that was handed over, at least one hand-over, and whether it was the last."""
        self._available.acquire()
        jobs: list[_Write] = []
        while True:
            more = self._handed_over.popleft()
            if more is None:
                return jobs, True
            jobs += more
            if not self._available.acquire(blocking=False):
                return jobs, False

    def _commit(self, connection: Connection, batch: Sequence[_Write]) -> Sequence[Any]:
        try:
            with connection.begin():
                results = self._apply(connection, batch)
                self._check_transaction(connection)
                return results
        except Exception:
            self._abandon(connection)
            if len(batch) == 1:
                self.log.failure("a write failed")
                return [StorageError("the write failed")]
            self.log.failure("a commit of {count} writes failed; they are tried one by one", count=len(batch))
            return [result for job in batch for result in self._commit(connection, [job])]

    def _apply(self, connection: Connection, batch: Sequence[_Write]) -> list[Any]:
        results: list[Any] = []
        for write, run in groupby(batch, key=self._way):
            results += write(connection, [job.work for job in run])
        return results

    def _way(self, job: _Write) -> Together:
        """What is to be done with it now."""
        return _leave if job.deferred.called else self.together.get(type(job.work), self._one_by_one)

    def _one_by_one(self, connection: Connection, methods: Sequence[Method]) -> list[Any]:
        return [self._call(connection, method) for method in methods]

    def _call(self, connection: Connection, method: Method) -> Any:
        try:
            with connection.begin_nested():
                return method(connection)
        except ChatError as refusal:
            return refusal
        except Exception:
            self._check_transaction(connection)
            self.log.failure("a write failed")
            return StorageError("the write failed")

    def _abandon(self, connection: Connection) -> None:
        """Where even the commit failed, the transaction may still be open; the next begins on a fresh connection."""
        if not connection.invalidated and self._is_in_transaction(connection):
            connection.invalidate()

    def _check_transaction(self, connection: Connection) -> None:
        """A database can roll everything back by itself (a full disk): then nothing of the batch may count."""
        if not self._is_in_transaction(connection):
            raise StorageError("the database gave the transaction up")


def _leave(connection: Connection, works: Sequence[Any]) -> list[None]:
    """Nobody waits for these any more."""
    return [None] * len(works)
