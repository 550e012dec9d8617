"""What was made of a value is remembered as long as the very same value comes again. For values that never change."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

Made = TypeVar("Made")


class Memo(Generic[Made]):
    """Calls `make(value, *more)`, at most once for the same object `value` and equal others while it is remembered.

    A result weighs `weigh(result)`, at least the last `limit` in weight are remembered and not more than twice as much.
    There is nothing to invalidate: who has changed is another object.
    """

    __slots__ = ("_limit", "_make", "_older", "_recent", "_weigh", "_weight")

    def __init__(self, make: Callable[..., Made], limit: int, weigh: Callable[[Made], int] = lambda made: 1) -> None:
        self._make = make
        self._weigh = weigh
        self._limit = limit
        self._weight = 0
        # With each result its value: as long as it is there no other object has its id.
        self._recent: dict[Any, tuple[Any, Made]] = {}
        self._older: dict[Any, tuple[Any, Made]] = {}

    def __call__(self, value: Any, *more: Any) -> Made:
        """The result, made now or remembered."""
        key = (id(value), *more) if more else id(value)
        kept = self._recent.get(key)
        if kept is None:
            kept = self._older.get(key) or (value, self._make(value, *more))
            self._keep(key, kept)
        return kept[1]

    def each(self, values: Iterable[Any]) -> list[Made]:
        """The results for several values."""
        recent = self._recent
        try:
            return [recent[id(value)][1] for value in values]
        except KeyError:
            return [self(value) for value in values]

    def _keep(self, key: Any, kept: tuple[Any, Made]) -> None:
        self._weight += self._weigh(kept[1])
        if self._weight > self._limit:
            self._older, self._recent = self._recent, {}
            self._weight = self._weigh(kept[1])
        self._recent[key] = kept
