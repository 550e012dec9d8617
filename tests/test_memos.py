"""What is remembered of immutable values: made once, bounded, never mistaken."""

from __future__ import annotations

from chat.memos import Memo


class Thing:
    """Something with an identity."""


class Making:
    """Counts how often something was made."""

    def __init__(self) -> None:
        self.made: list[tuple[object, ...]] = []

    def __call__(self, *values: object) -> tuple[object, ...]:
        self.made.append(values)
        return values


def test_a_result_is_made_once_for_each_object_and_what_else_is_given() -> None:
    making, one, other = Making(), Thing(), Thing()
    memo = Memo(making, 100)
    for _ in range(3):
        assert memo(one) == (one,)
        assert memo(other, "a") == (other, "a")
        assert memo(other, "b") == (other, "b")
    assert making.made == [(one,), (other, "a"), (other, "b")]


def test_an_object_is_not_taken_for_one_that_is_gone() -> None:
    memo = Memo(lambda things: len(things), 100)
    for size in range(1000):
        assert memo([None] * (size % 7)) == size % 7


def test_many_at_once_are_as_one_by_one() -> None:
    making, things = Making(), [Thing() for _ in range(5)]
    memo = Memo(making, 3)
    for _ in range(3):
        assert memo.each(things) == [(thing,) for thing in things]
    before = len(making.made)
    assert memo.each(things[-2:]) == [(thing,) for thing in things[-2:]]
    assert len(making.made) == before


def test_what_is_used_stays_and_what_is_remembered_has_a_bound() -> None:
    making, often = Making(), Thing()
    memo = Memo(making, 10, lambda made: 2)
    for _ in range(100):
        memo(often)
        memo(Thing())
        assert len(memo._recent) + len(memo._older) <= 10
    assert making.made.count((often,)) == 1
