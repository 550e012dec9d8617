"""The event bus: order, isolation, bounds, drain."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import capturedLogs, formatEvent
from zope.interface import implementer

from chat import bus
from chat.bus import Bus
from chat.events import Event, UserJoined, UserLeft
from chat.ichat import IObserver
from chat.times import utc_now
from tests.happenings import left


class Followed(Event, frozen=True, kw_only=True):
    """What an observer publishes itself."""

    wire = "gn_followed"


@implementer(IObserver)
class Recorder:
    """Keeps what it sees; `answers` are the Deferreds to wait for, or exceptions to raise, one per event."""

    name = "recorder"

    def __init__(self, *events: type[Event], answers: list[Any] | None = None) -> None:
        self.events = events
        self.seen: list[Event] = []
        self.answers = answers or []

    async def observe(self, event: Event) -> None:
        self.seen.append(event)
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        if answer is not None:
            await answer


def test_observers_get_the_classes_they_name() -> None:
    delivered: list[Event] = []
    one, other, every = Recorder(UserLeft), Recorder(UserJoined), Recorder(Event)
    subject = Bus(Clock(), delivered.append)
    for observer in (one, other, every):
        subject.subscribe(observer)
    events = [left(name="a"), left(name="b")]
    subject.publish(events)
    assert delivered == one.seen == every.seen == events
    assert other.seen == []


def test_a_crash_harms_nobody(failures: list[Any]) -> None:
    broken = Recorder(UserLeft, answers=[ValueError("no")])
    sound = Recorder(UserLeft)

    def deliver(event: Event) -> None:
        raise RuntimeError("no delivery")

    subject = Bus(Clock(), deliver)
    subject.subscribe(broken)
    subject.subscribe(sound)
    subject.publish([left(name="a"), left(name="b")])
    assert len(broken.seen) == len(sound.seen) == 2
    assert [queue.failures for queue in subject._queues] == [1, 0]
    crashes = ["delivery of {event} failed", "observer {name} crashed", "delivery of {event} failed"]
    assert [failure["log_format"] for failure in failures] == crashes


def test_an_observer_that_is_no_coroutine_is_broken_and_goes_on() -> None:
    plain = Recorder(UserLeft)
    seen: list[Event] = []
    plain.observe = seen.append  # type: ignore[assignment]
    subject = Bus(Clock(), lambda event: None)
    subject.subscribe(plain)
    events = [left(name="a"), left(name="b")]
    subject.publish(events)
    assert seen == events
    assert subject._queues[0].failures == 2
    assert subject.drain(5).called


def test_a_slow_observer_waits_in_a_bounded_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bus, "QUEUE_LIMIT", 2)
    gate: Deferred[None] = Deferred()
    slow, quick = Recorder(UserLeft, answers=[gate]), Recorder(UserLeft)
    subject = Bus(Clock(), lambda event: None)
    subject.subscribe(slow)
    subject.subscribe(quick)
    events = [left(name=str(number)) for number in range(5)]
    subject.publish(events)
    assert len(slow.seen) == 1
    assert quick.seen == events
    gate.callback(None)
    assert slow.seen == events[:3]
    assert subject._queues[0].dropped == 2


def test_an_observation_that_never_ends_is_cancelled(failures: list[Any]) -> None:
    clock = Clock()
    slow = Recorder(UserLeft, answers=[Deferred()])
    subject = Bus(clock, lambda event: None)
    subject.subscribe(slow)
    subject.publish([left(name="a"), left(name="b")])
    with capturedLogs() as logged:
        clock.advance(bus.OBSERVE_TIMEOUT_S + 1)
    assert [formatEvent(one) for one in logged] == ["observer recorder took too long"]
    assert len(slow.seen) == 2
    assert subject._queues[0].failures == 1
    assert failures == []


def test_what_an_observer_publishes_is_waited_for_too() -> None:
    """The first observer ends when the second is looking at what it published."""
    subject = Bus(Clock(), lambda event: None)
    gate, second_gate = Deferred[None](), Deferred[None]()
    second = Recorder(Followed, answers=[second_gate])
    gate.addCallback(lambda result: subject.publish([Followed(published=utc_now())]))
    subject.subscribe(second)
    subject.subscribe(Recorder(UserLeft, answers=[gate]))
    subject.publish([left()])
    idle = subject.idle()
    gate.callback(None)
    assert len(second.seen) == 1
    assert not idle.called
    second_gate.callback(None)
    assert idle.called


async def test_drain_waits_and_is_bounded() -> None:
    clock = Clock()
    gate: Deferred[None] = Deferred()
    slow = Recorder(UserLeft, answers=[gate, Deferred()])
    subject = Bus(clock, lambda event: None)
    subject.subscribe(slow)
    assert subject.drain(5).called
    subject.publish([left()])
    drained = subject.drain(5)
    assert not drained.called
    gate.callback(None)
    assert drained.called
    assert await drained
    subject.publish([left()])
    late = subject.drain(5)
    clock.advance(6)
    assert late.called
    assert not await late
