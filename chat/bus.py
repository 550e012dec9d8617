"""The event bus: from a verb's outcome to the clients and the observers.

Clients come first and at once, so that events leave in the order of their commits. Each observer has a queue of its
own: a slow or broken one harms nobody else.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.defer import TimeoutError as TwistedTimeoutError
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from chat.coroutines import at_most
from chat.events import Event
from chat.ichat import IObserver

QUEUE_LIMIT = 1000
OBSERVE_TIMEOUT_S = 30.0


class _Queue:
    """One observer with the events that wait for it."""

    log = Logger()

    def __init__(self, observer: IObserver, clock: IReactorTime) -> None:
        self.observer = observer
        self.failures = 0
        self.dropped = 0
        self._clock = clock
        self._events: deque[Event] = deque()
        self._running = False
        self._idle: list[Deferred[None]] = []

    def put(self, event: Event) -> None:
        """Observe the event when its turn comes; drop it when too many wait."""
        if len(self._events) >= QUEUE_LIMIT:
            self.dropped += 1
            self.log.warn("observer {name} is too slow: {event} dropped", name=self.observer.name, event=_name(event))
            return
        self._events.append(event)
        if not self._running:
            self._running = True
            Deferred.fromCoroutine(self._run()).addErrback(self._crashed)

    async def _observe(self, event: Event) -> None:
        await self.observer.observe(event)

    async def _run(self) -> None:
        while self._events:
            observing = Deferred.fromCoroutine(self._observe(self._events.popleft()))
            observing.addTimeout(OBSERVE_TIMEOUT_S, self._clock)
            observing.addErrback(self._crashed)
            await observing
        self._running = False
        waiting, self._idle = self._idle, []
        for idle in waiting:
            idle.callback(None)

    def _crashed(self, failure: Failure) -> None:
        self.failures += 1
        if failure.check(TwistedTimeoutError, CancelledError):
            self.log.error("observer {name} took too long", name=self.observer.name)
        else:
            self.log.failure("observer {name} crashed", failure, name=self.observer.name)

    @property
    def is_busy(self) -> bool:
        """Whether something waits or is being observed."""
        return self._running

    def idle(self) -> Deferred[None]:
        """Of a busy queue: fires when nothing waits any more."""
        idle: Deferred[None] = Deferred()
        self._idle.append(idle)
        return idle


class Bus:
    """Hands events to `deliver` at once and to the subscribed observers in their own time."""

    log = Logger()

    def __init__(self, clock: IReactorTime, deliver: Callable[[Event], None]) -> None:
        self._clock = clock
        self._deliver = deliver
        self._queues: list[_Queue] = []
        self._wanted: dict[type[Event], tuple[_Queue, ...]] = {}

    def subscribe(self, observer: IObserver) -> None:
        """Call the observer for the events that it names."""
        self._queues.append(_Queue(observer, self._clock))
        self._wanted.clear()

    def publish(self, events: Iterable[Event]) -> None:
        """Tell everybody. The events are facts: their commit is done. Never raises."""
        for event in events:
            try:
                self._deliver(event)
            except Exception:
                self.log.failure("delivery of {event} failed", event=_name(event))
            for queue in self._queues_for(type(event)):
                queue.put(event)

    def _queues_for(self, kind: type[Event]) -> tuple[_Queue, ...]:
        queues = self._wanted.get(kind)
        if queues is None:
            queues = tuple(queue for queue in self._queues if issubclass(kind, tuple(queue.observer.events)))
            self._wanted[kind] = queues
        return queues

    def failures(self) -> Mapping[str, int]:
        """How often each observer crashed or took too long, by its name."""
        return {queue.observer.name: queue.failures for queue in self._queues}

    def dropped(self) -> Mapping[str, int]:
        """How many events each observer was too slow for, by its name."""
        return {queue.observer.name: queue.dropped for queue in self._queues}

    def idle(self) -> Deferred[None]:
        """Fires when every observer has seen what was published, by observers too."""
        return Deferred.fromCoroutine(self._come_to_rest())

    async def _come_to_rest(self) -> None:
        while busy := next((queue for queue in self._queues if queue.is_busy), None):
            await busy.idle()

    def drain(self, timeout_s: float) -> Deferred[bool]:
        """Fires when every observer has seen what was published, at the latest after `timeout_s`."""
        return at_most(timeout_s, [self.idle()], self._clock)


def _name(event: Event) -> str:
    """What an event is called in logs. Its class always has a name, what is on the wire a plugin can forget."""
    return type(event).__name__
