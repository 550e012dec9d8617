"""Coroutines that end at once, that wait, that fail, that are given up."""

from __future__ import annotations

import pytest
from twisted.internet.defer import CancelledError, Deferred, fail, succeed
from twisted.internet.task import Clock

from chat.coroutines import Ended, at_most, begin


async def add(*parts: Deferred[int] | int) -> int:
    total = 0
    for part in parts:
        try:
            total += part if isinstance(part, int) else await part
        except KeyError:
            total += 100
    return total


def test_without_a_wait_there_is_no_deferred() -> None:
    assert begin(add(1, 2)) == Ended(3)


def test_an_early_error_is_raised() -> None:
    with pytest.raises(TypeError):
        begin(add(1, "x"))  # type: ignore[arg-type]


async def test_the_rest_comes_through_a_deferred() -> None:
    first: Deferred[int] = Deferred()
    second: Deferred[int] = Deferred()
    third: Deferred[int] = Deferred()
    begun = begin(add(1, first, second, third))
    assert isinstance(begun, Deferred)
    first.callback(2)
    second.errback(KeyError())
    assert not begun.called
    third.callback(3)
    assert await begun == 106


async def test_a_late_error_fails_the_deferred() -> None:
    first: Deferred[int] = Deferred()
    begun = begin(add(first))
    assert isinstance(begun, Deferred)
    first.errback(ValueError("late"))
    with pytest.raises(ValueError, match="late"):
        await begun


async def test_what_waits_can_be_cancelled() -> None:
    first: Deferred[int] = Deferred()
    begun = begin(add(first))
    assert isinstance(begun, Deferred)
    begun.cancel()
    with pytest.raises(CancelledError):
        await begun
    assert first.called


async def test_a_bounded_wait_that_all_came_to_the_end_of() -> None:
    assert await at_most(5, [succeed(None), fail(KeyError())], Clock())
    assert await at_most(5, [], Clock())


async def test_a_bounded_wait_that_one_did_not_come_to_the_end_of() -> None:
    clock = Clock()
    waiting = at_most(5, [succeed(None), Deferred()], clock)
    clock.advance(4)
    assert not waiting.called
    clock.advance(1)
    assert not await waiting
