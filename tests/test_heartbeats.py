"""How long beats last, and that their end comes bit by bit, with one timer."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.task import Clock

from chat.heartbeats import BATCH, Heartbeats
from chat.model import UserId
from chat.occupancy import DEPARTURES_AT_ONCE

KEPT_S = 60.0


class Ended:
    """Heartbeats on a clock, and whose ended, call by call."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.rooms: dict[UserId, int] = {}
        self.beats = Heartbeats(self.clock, KEPT_S, lambda user_id: self.rooms.get(user_id, 0))
        self.calls: list[tuple[UserId, ...]] = []
        self.beats.at_the_end(self._note)

    async def _note(self, user_ids: tuple[UserId, ...]) -> None:
        self.calls.append(user_ids)


@pytest.fixture
def ended() -> Ended:
    return Ended()


def ids(*names: str) -> tuple[UserId, ...]:
    return tuple(map(UserId, names))


def test_the_latest_beat_counts(ended: Ended) -> None:
    ended.beats.beat(ids("alice", "bob"))
    ended.clock.advance(KEPT_S - 1)
    ended.beats.beat(ids("alice"))
    ended.clock.advance(1)
    assert ended.calls == [ids("bob")]
    ended.clock.advance(KEPT_S - 2)
    assert ended.calls == [ids("bob")]
    ended.clock.advance(1)
    assert ended.calls == [ids("bob"), ids("alice")]
    assert not ended.clock.getDelayedCalls()


def test_many_end_in_turns(ended: Ended) -> None:
    everybody = ids(*(str(number) for number in range(2 * BATCH + 1)))
    ended.beats.beat(everybody)
    assert len(ended.clock.getDelayedCalls()) == 1
    ended.clock.advance(KEPT_S)
    assert [len(call) for call in ended.calls] == [BATCH, BATCH, 1]
    assert tuple(one for call in ended.calls for one in call) == everybody


def test_those_who_are_in_many_rooms_end_in_more_turns(ended: Ended) -> None:
    half = DEPARTURES_AT_ONCE // 2
    ended.rooms = {UserId("a"): half, UserId("b"): half, UserId("c"): 10 * half, UserId("e"): half}
    ended.beats.beat(ids("a", "b", "c", "d", "e", "f"))
    ended.clock.advance(KEPT_S)
    assert ended.calls == [ids("a", "b"), ids("c"), ids("d", "e", "f")]


def test_nobody_ends_after_a_stop(ended: Ended) -> None:
    ended.beats.beat(ids("alice"))
    ended.beats.stop()
    ended.beats.beat(ids("bob"))
    assert not ended.clock.getDelayedCalls()


def test_an_end_that_fails_is_logged_and_does_not_stop_the_others(ended: Ended, failures: list[Any]) -> None:
    async def fail(user_ids: tuple[UserId, ...]) -> None:
        raise ValueError(user_ids)

    ended.beats.at_the_end(fail)
    ended.beats.beat(ids("alice"))
    ended.clock.advance(1)
    ended.beats.beat(ids("bob"))
    ended.clock.advance(KEPT_S - 1)
    ended.clock.advance(1)
    assert ended.calls == [ids("alice"), ids("bob")]
    assert len(failures) == 2
