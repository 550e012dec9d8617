"""Running a coroutine without a Deferred as long as it does not wait (most commands never do), or to its end whoever
waits for it; bounded waits, and turns.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine, Generator, Iterable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from msgspec import Struct
from twisted.internet.defer import Deferred, DeferredList, DeferredLock
from twisted.internet.interfaces import IReactorTime

Result = TypeVar("Result")


class Ended(Struct, frozen=True):
    """The coroutine came to its end without a wait."""

    result: Any


def begin(coroutine: Coroutine[Any, Any, Result]) -> Ended | Deferred[Result]:
    """Run the coroutine until it ends or first waits; for the rest there is a Deferred, which can be cancelled.

    Raises what the coroutine raises before its first wait.
    """
    try:
        waited = coroutine.send(None)
    except StopIteration as end:
        return Ended(end.value)
    return Deferred.fromCoroutine(_go_on(coroutine, waited))


def to_its_end(coroutine: Coroutine[Any, Any, Result]) -> Deferred[Result]:
    """Run the coroutine to its end, also when whoever waits for it gives up: to cancel the Deferred ends the wait."""
    waited: Deferred[Result] = Deferred()
    Deferred.fromCoroutine(coroutine).chainDeferred(waited)
    return waited


def at_most(seconds: float, waited: Iterable[Deferred[Any]], clock: IReactorTime) -> Deferred[bool]:
    """Wait for all of them, whatever becomes of each, and not longer. Fires with whether all came to their end; those
    that did not are cancelled.
    """
    done: Deferred[Any] = DeferredList(list(waited), consumeErrors=True)
    # A list that is cancelled fires with the failures of what it waited for: that looks like an end in good time.
    done.addTimeout(seconds, clock, onTimeoutCancel=lambda results, seconds: None)
    return done.addCallback(lambda results: results is not None)


class Turns:
    """Lets those wait for each other who are about the same things; all others go on at once."""

    def __init__(self) -> None:
        self._locks: dict[tuple[str, ...], DeferredLock] = {}

    @asynccontextmanager
    async def of(self, keys: Iterable[tuple[str, ...]]) -> AsyncIterator[None]:
        """Have all of these to oneself, in the order in which they were asked for. Who is cancelled waits no more."""
        held = []
        try:
            # In one order: nobody waits for somebody who waits for him.
            for key in sorted(set(keys)):
                lock = self._locks.setdefault(key, DeferredLock())
                await lock.acquire()
                held.append(key)
            yield
        finally:
            for key in held:
                self._release(key)

    def _release(self, key: tuple[str, ...]) -> None:
        lock = self._locks[key]
        if not lock.waiting:
            del self._locks[key]
        lock.release()


async def _go_on(coroutine: Coroutine[Any, Any, Result], waited: Any) -> Result:
    return await _Rest(coroutine, waited)  # type: ignore[no-any-return]


class _Rest:
    """What is left of a coroutine that waits for `waited`."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], waited: Any) -> None:
        self._coroutine = coroutine
        self._waited = waited

    def __await__(self) -> Generator[Any, Any, Any]:
        try:
            while True:
                try:
                    value = yield self._waited
                except Exception as problem:
                    self._waited = self._coroutine.throw(problem)
                else:
                    self._waited = self._coroutine.send(value)
        except StopIteration as end:
            return end.value
