"""Reads in threads of their own, on connections that cannot write; bounded in number and in time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from threading import Thread
from typing import Any

from sqlalchemy import Connection, Engine
from twisted.internet.defer import CancelledError, Deferred, fail
from twisted.internet.defer import TimeoutError as TwistedTimeoutError
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

from chat.errors import StorageError

READERS = 2
READ_LIMIT = 1_000
READ_TIMEOUT_S = 10.0

Query = Callable[[Connection], Any]


class Readers:
    """Owns the reading threads. Its methods are for the reactor's thread."""

    log = Logger()

    def __init__(self, engine: Engine, reactor: Any) -> None:
        self._engine = engine
        self._reactor = reactor
        self._pool = ThreadPool(0, READERS, "chat-readers")
        # A read that never ends must not keep the process from ending.
        self._pool.threadFactory = partial(Thread, daemon=True)  # type: ignore[assignment]
        # Those that a thread has not done yet, also when nobody waits for them any more.
        self._undone = 0
        self._stopped: Deferred[None] | None = None

    def start(self) -> None:
        """Begin to read."""
        self._pool.start()

    def stop(self) -> Deferred[None]:
        """Do what waits, then end. Fires when no thread is left."""
        if self._stopped is None:
            self._stopped = Deferred()
            self._check_stopped()
        return self._stopped

    def read(self, query: Query) -> Deferred[Any]:
        """Ask the database. The Deferred fails with StorageError.

        A read that was given up before a thread came to it is not begun.
        """
        if self._stopped is not None or self._undone >= READ_LIMIT:
            return fail(StorageError("the store takes no more reads now"))
        self._undone += 1
        result: Deferred[Any] = Deferred()
        self._pool.callInThreadWithCallback(partial(self._hand_back, result), self._run, query, result)
        return result.addTimeout(READ_TIMEOUT_S, self._reactor).addErrback(self._failed)

    def _done(self, result: Deferred[Any], outcome: Any) -> None:
        self._undone -= 1
        if not result.called:
            result.callback(outcome)
        self._check_stopped()

    def _failed(self, failure: Failure) -> Failure:
        if failure.check(TwistedTimeoutError, CancelledError):
            return Failure(StorageError("the store did not answer in time"))
        self.log.failure("a read failed", failure)
        return Failure(StorageError("the read failed"))

    def _check_stopped(self) -> None:
        if self._stopped is not None and not self._undone and not self._stopped.called:
            self._pool.stop()
            self._stopped.callback(None)

    # In the reading threads

    def _run(self, query: Query, result: Deferred[Any]) -> Any:
        if result.called:
            return None
        with self._engine.begin() as connection:
            return query(connection)

    def _hand_back(self, result: Deferred[Any], success: bool, outcome: Any) -> None:
        self._reactor.callFromThread(self._done, result, outcome)
