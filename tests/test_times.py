"""Clocks."""

from __future__ import annotations

import time

import pytest
from twisted.internet import reactor
from twisted.internet.task import Clock

from chat.times import lasting, monotonic

HOUR_S = 3_600


def test_seconds_never_go_back() -> None:
    """Twisted's own reactors tell the wall clock's time."""
    assert monotonic(reactor) is time.monotonic


def test_the_seconds_of_a_clock_that_tests_turn() -> None:
    clock = Clock()
    for of in (monotonic, lasting):
        assert of(clock) == clock.seconds


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="the system has no clock that goes on in its sleep")
def test_what_lasts_is_told_by_seconds_that_go_on_while_the_machine_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = lasting(reactor)
    assert abs(seconds() - time.clock_gettime(time.CLOCK_BOOTTIME)) < HOUR_S
    monkeypatch.setattr(time, "clock_gettime", {time.CLOCK_BOOTTIME: 5.0}.__getitem__)
    assert seconds() == 5
