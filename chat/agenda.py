"""What is due when. Knows no clock: the time is an argument, be it a wall clock's or seconds that only go on."""

from __future__ import annotations

import heapq
from datetime import datetime
from typing import Generic, TypeVar

# What was moved or taken off stays in the heap until it would have been due, or until there is so much more of it.
_SLACK = 100

Key = TypeVar("Key", bound=tuple[str, ...])
Time = TypeVar("Time", datetime, float)


class Agenda(Generic[Key, Time]):
    """One time for each key. Takes memory in proportion to what is on it, whatever was moved and taken off."""

    __slots__ = ("_heap", "_times")

    def __init__(self) -> None:
        self._times: dict[Key, Time] = {}
        self._heap: list[tuple[Time, Key]] = []

    def get(self, key: Key) -> Time | None:
        """When it is due; None when it is not on the agenda."""
        return self._times.get(key)

    def put(self, key: Key, at: Time) -> None:
        """It is due then, and not when it was due before."""
        self._times[key] = at
        heapq.heappush(self._heap, (at, key))
        if len(self._heap) > 2 * len(self._times) + _SLACK:
            self._heap = [(at, key) for key, at in self._times.items()]
            heapq.heapify(self._heap)

    def take_off(self, key: Key) -> None:
        """It is not due any more, if it was."""
        self._times.pop(key, None)

    def first(self) -> Time | None:
        """When the next one is due; None when nothing is."""
        while self._heap and self._times.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def take_due(self, now: Time, limit: int | None = None) -> list[Key]:
        """Those that are due, or the first `limit`, in the order of their times. They are off the agenda then."""
        due: list[Key] = []
        while len(due) != limit and (first := self.first()) is not None and first <= now:
            _, key = heapq.heappop(self._heap)
            del self._times[key]
            due.append(key)
        return due
