"""All that a user wrote is deleted step by step: one after the other, with pauses, once however many ask for it."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from chat.deletions import ANSWER_WITHIN_S, PAUSE_S, TOLD_PER_S, Deletions, Progress
from chat.errors import ChatError, ErrorCode
from chat.model import UserId
from chat.plugin import Context, Outcome
from chat.requests import DeleteWritten, WrittenDeleted
from chat.slots import Activity
from chat.times import utc_now

ALICE, BOB = UserId("alice"), UserId("bob")
AT_ONCE = 100
PAUSE_AFTER_ALL_S = PAUSE_S + AT_ONCE / TOLD_PER_S


class Steps:
    """What is dispatched, and the outcomes that are still to come."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.deletions = Deletions(self._dispatch, self.clock)
        self.contexts: list[Context] = []
        self.asked: list[DeleteWritten] = []
        self._outcomes: list[Deferred[Outcome]] = []

    def _dispatch(self, context: Context, request: Activity) -> Awaitable[Outcome]:
        assert isinstance(request, DeleteWritten)
        self.contexts.append(context)
        self.asked.append(request)
        self._outcomes.append(Deferred())
        return self._outcomes[-1]

    def call(self, user_id: UserId = ALICE) -> list[Any]:
        """A call, with its answer as soon as it has one."""
        answers: list[Any] = []
        calling = Deferred.fromCoroutine(self.deletions.delete_all_of(Context(utc_now(), None, None, "key"), user_id))
        calling.addBoth(answers.append)
        return answers

    def done(self, deleted: int, below: int | None, failed: int = 0, number: int = -1) -> None:
        """A step, or the one that was asked for last, is over. All that is deleted is told."""
        step = WrittenDeleted(deleted=deleted, failed=failed, told=deleted, below=below)
        self._outcomes[number].callback(Outcome(step))

    def fail(self, problem: Exception) -> None:
        self._outcomes[-1].errback(problem)


@pytest.fixture
def steps() -> Steps:
    return Steps()


def test_one_step_after_the_other_with_pauses(steps: Steps) -> None:
    call = steps.call()
    steps.done(0, below=900)
    steps.done(AT_ONCE, below=500)
    assert len(steps.asked) == 2
    steps.clock.advance(PAUSE_AFTER_ALL_S - 0.001)
    assert len(steps.asked) == 2
    steps.clock.advance(0.002)
    steps.done(3, below=None)
    assert call == [Progress(AT_ONCE + 3, 0, is_complete=True)]
    assert [(one.user_id, one.below, one.is_noted) for one in steps.asked] == [
        (ALICE, None, False), (ALICE, 900, False), (ALICE, 500, True),
    ]  # fmt: skip
    assert {context.key_name for context in steps.contexts} == {"key"}
    assert steps.clock.getDelayedCalls() == []


def test_who_asks_meanwhile_waits_for_the_same(steps: Steps) -> None:
    first, second, other = steps.call(), steps.call(), steps.call(BOB)
    assert [one.user_id for one in steps.asked] == [ALICE, BOB]
    steps.done(1, below=None)
    assert other == [Progress(1, 0, is_complete=True)]
    assert first == second == []
    steps.done(2, below=None, number=0)
    assert first == second == [Progress(2, 0, is_complete=True)]
    steps.call()
    assert [one.user_id for one in steps.asked] == [ALICE, BOB, ALICE]


def test_who_asks_is_answered_in_time_and_it_goes_on(steps: Steps) -> None:
    first = steps.call()
    steps.done(AT_ONCE, below=500)
    steps.clock.advance(PAUSE_AFTER_ALL_S)
    steps.clock.advance(ANSWER_WITHIN_S)
    assert first == [Progress(AT_ONCE, 0, is_complete=False)]
    second = steps.call()
    steps.done(AT_ONCE, below=None)
    assert second == [Progress(2 * AT_ONCE, 0, is_complete=True)]
    assert len(steps.asked) == 2


def test_what_the_store_does_not_take_away_ends_it(steps: Steps) -> None:
    call = steps.call()
    steps.done(AT_ONCE, below=500)
    steps.clock.advance(PAUSE_AFTER_ALL_S)
    steps.done(0, below=300, failed=AT_ONCE)
    assert call == [Progress(AT_ONCE, AT_ONCE, is_complete=False)]
    again = steps.call()
    assert steps.asked[-1] == DeleteWritten(user_id=ALICE)
    steps.done(0, below=None, failed=1)
    assert again == [Progress(0, 1, is_complete=False)]


def test_a_refusal_is_for_all_who_asked(steps: Steps) -> None:
    calls = [steps.call(), steps.call()]
    steps.fail(ChatError(ErrorCode.NO_SUCH_USER))
    for call in calls:
        assert [failure.value.code for failure in call] == [ErrorCode.NO_SUCH_USER]
    steps.call()
    assert len(steps.asked) == 2


@pytest.mark.parametrize("is_pausing", [True, False])
def test_who_is_stopped_begins_no_step(steps: Steps, is_pausing: bool) -> None:
    call = steps.call()
    if is_pausing:
        steps.done(AT_ONCE, below=500)
    steps.deletions.stop()
    if not is_pausing:
        steps.done(AT_ONCE, below=500)
    steps.clock.advance(PAUSE_AFTER_ALL_S)
    assert call == [Progress(AT_ONCE, 0, is_complete=False)]
    assert len(steps.asked) == 1
    assert steps.clock.getDelayedCalls() == []
