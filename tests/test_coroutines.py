"""Coroutines that end at once, that wait, that fail, that are given up."""

from __future__ import annotations

import pytest
from twisted.internet.defer import CancelledError, Deferred, fail, succeed
from twisted.internet.task import Clock

from chat.coroutines import Ended, Turns, at_most, begin, to_its_end


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


ONE, OTHER = ("room", "one"), ("room", "other")


class Visits:
    """Those who take turns, in the order in which theirs came."""

    def __init__(self) -> None:
        self.turns = Turns()
        self.came: list[str] = []

    async def visit(self, name: str, until: Deferred[None], *keys: tuple[str, ...]) -> None:
        async with self.turns.of(keys):
            self.came.append(name)
            await until

    def begin(self, name: str, *keys: tuple[str, ...]) -> tuple[Deferred[None], Deferred[None]]:
        """Somebody comes. What ends the turn, and what fires then."""
        until: Deferred[None] = Deferred()
        return until, Deferred.fromCoroutine(self.visit(name, until, *keys))


async def test_those_about_the_same_wait_for_each_other_and_others_do_not() -> None:
    visits = Visits()
    leaves = [visits.begin(name, *keys)[0] for name, keys in (("a", [ONE]), ("b", [ONE]), ("c", [OTHER]), ("d", [ONE]))]
    for leave, came in zip(leaves, ("ac", "acb", "acbd", "acbd"), strict=True):
        assert "".join(visits.came) == came
        leave.callback(None)
    assert visits.turns._locks == {}


async def test_nobody_waits_for_ever_whatever_the_order_of_the_things() -> None:
    visits = Visits()
    (first, _), (second, ended) = visits.begin("a", ONE, OTHER, ONE), visits.begin("b", OTHER, ONE)
    second.callback(None)
    first.callback(None)
    await ended
    assert (visits.came, visits.turns._locks) == (["a", "b"], {})


async def test_a_turn_that_fails_or_is_given_up_ends_for_the_others() -> None:
    visits = Visits()
    failing, failed = visits.begin("a", ONE)
    _, waiting = visits.begin("b", OTHER, ONE)
    _, inside = visits.begin("c", OTHER, ONE)
    last, ended = visits.begin("d", ONE)
    waiting.cancel()
    failing.errback(KeyError("why"))
    assert visits.came == ["a", "c"]
    inside.cancel()
    for gone, problem in ((failed, KeyError), (waiting, CancelledError), (inside, CancelledError)):
        with pytest.raises(problem):
            await gone
    assert visits.came == ["a", "c", "d"]
    last.callback(None)
    await ended
    assert visits.turns._locks == {}


async def test_work_comes_to_its_end_whether_or_not_somebody_waits() -> None:
    first: Deferred[int] = Deferred()
    done: list[int] = []

    async def work() -> int:
        done.append(await first)
        return done[0]

    given_up = to_its_end(work())
    given_up.cancel()
    with pytest.raises(CancelledError):
        await given_up
    first.callback(5)
    assert done == [5]
    assert await to_its_end(add(1)) == 1
    with pytest.raises(ValueError, match="bad"):
        await to_its_end(add(fail(ValueError("bad"))))
