"""All that a user wrote is deleted: step by step, so that others have the store and the reactor for themselves in
between. Whoever asks while that goes on waits for the same; a server that was stopped or killed in between goes on when
somebody asks again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from msgspec import Struct, structs
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.python.failure import Failure

from chat.coroutines import at_most
from chat.model import UserId
from chat.plugin import Context, Outcome
from chat.requests import DeleteWritten, WrittenDeleted
from chat.slots import Activity
from chat.times import utc_now

# Whoever asks is answered by then, whether all is done or not: calls have their time.
ANSWER_WITHIN_S = 45.0
# How long others have the store for themselves after each step, and how many deletions a second a room is told of at
# the most: that is a megabyte, which clients can follow.
PAUSE_S = 0.01
TOLD_PER_S = 3_000


class Progress(Struct):
    """What has become of a user's messages. `failed`: those that the store did not take away. `is_complete`: nothing
    that was there at the beginning is left.
    """

    deleted: int = 0
    failed: int = 0
    is_complete: bool = False


class _Deletion:
    """One user's, while it goes on."""

    def __init__(self) -> None:
        self.progress = Progress()
        self.is_over = False
        self.problem: Failure | None = None
        self._waiting: list[Deferred[None]] = []

    def ended(self) -> Deferred[None]:
        """Fires when it is over, however."""
        ended: Deferred[None] = Deferred()
        self._waiting.append(ended)
        return ended

    def end(self, outcome: Any) -> None:
        """It is over."""
        self.is_over = True
        self.problem = outcome if isinstance(outcome, Failure) else None
        for waiting in self._waiting:
            waiting.callback(None)


class Deletions:
    """Goes through what users wrote from the newest on, one `DeleteWritten` after the other."""

    def __init__(self, dispatch: Callable[[Context, Activity], Awaitable[Outcome]], clock: IReactorTime) -> None:
        self._dispatch = dispatch
        self._clock = clock
        self._going_on: dict[UserId, _Deletion] = {}
        self._is_stopped = False

    async def delete_all_of(self, context: Context, user_id: UserId) -> Progress:
        """Delete everything that the user wrote so far. Returns when that is done, or with what is done by then after
        ANSWER_WITHIN_S: then it goes on. Raises what `DeleteWritten` raises.
        """
        deletion = self._going_on.get(user_id) or self._begin(context, user_id)
        if not deletion.is_over:
            await at_most(ANSWER_WITHIN_S, [deletion.ended()], self._clock)
        if deletion.problem is not None:
            deletion.problem.raiseException()
        return structs.replace(deletion.progress)

    def stop(self) -> None:
        """Begin no step any more. One that is on its way comes to its end."""
        self._is_stopped = True

    def _begin(self, context: Context, user_id: UserId) -> _Deletion:
        deletion = self._going_on[user_id] = _Deletion()
        going = Deferred.fromCoroutine(self._go_on(context, user_id, deletion.progress))
        going.addBoth(lambda outcome: self._end(user_id, outcome))
        return deletion

    def _end(self, user_id: UserId, outcome: Any) -> None:
        self._going_on.pop(user_id).end(outcome)

    async def _go_on(self, context: Context, user_id: UserId, progress: Progress) -> None:
        below: int | None = None
        while not self._is_stopped:
            request = DeleteWritten(user_id=user_id, below=below, is_noted=progress.deleted > 0)
            outcome = await self._dispatch(structs.replace(context, now=utc_now()), request)
            step = outcome.reply
            assert isinstance(step, WrittenDeleted)
            progress.deleted += step.deleted
            progress.failed += step.failed
            below = step.below
            if below is None or step.failed:
                progress.is_complete = not progress.failed
                return
            if step.deleted:
                await deferLater(self._clock, PAUSE_S + step.told / TOLD_PER_S)
