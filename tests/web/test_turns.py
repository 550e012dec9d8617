"""How many calls begin in one turn of the reactor."""

from __future__ import annotations

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock

from chat.web.turns import CALLS_A_TURN, Turns


class Reactor(Clock):
    """Like a real one, and unlike its parent, it leaves for the next turn what is asked for in this one."""

    def turn(self) -> None:
        """See to what is due by now."""
        due, self.calls = self.calls, []
        for call in due:
            call.func(*call.args, **call.kw)


class Queue:
    """Calls that came in their order, and which of them have begun."""

    def __init__(self) -> None:
        self.reactor = Reactor()
        self._turns = Turns(self.reactor)
        self.begun: list[int] = []
        self.calls: list[Deferred[None]] = []

    def come(self, count: int) -> None:
        for number in range(len(self.calls), len(self.calls) + count):
            self.calls.append(Deferred.fromCoroutine(self._call(number)))

    async def _call(self, number: int) -> None:
        await self._turns.wait()
        self.begun.append(number)


def test_so_many_a_turn_in_their_order() -> None:
    queue = Queue()
    queue.come(2 * CALLS_A_TURN + 1)
    assert queue.begun == list(range(CALLS_A_TURN))
    queue.reactor.turn()
    assert queue.begun == list(range(2 * CALLS_A_TURN))
    queue.come(1)
    assert len(queue.begun) == 2 * CALLS_A_TURN
    queue.reactor.turn()
    assert queue.begun == list(range(2 * CALLS_A_TURN + 2))


def test_whoever_comes_alone_does_not_wait() -> None:
    queue = Queue()
    for number in range(3):
        queue.come(1)
        assert len(queue.begun) == number + 1
        queue.reactor.turn()
    assert not queue.reactor.calls


def test_a_call_that_is_given_up_takes_nobodys_turn() -> None:
    queue = Queue()
    queue.come(2 * CALLS_A_TURN + 1)
    for call in queue.calls[CALLS_A_TURN : 2 * CALLS_A_TURN]:
        call.addErrback(lambda failure: failure.trap(CancelledError))
        call.cancel()
    queue.reactor.turn()
    assert queue.begun == [*range(CALLS_A_TURN), 2 * CALLS_A_TURN]
