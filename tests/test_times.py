"""Clocks."""

from __future__ import annotations

import time

from twisted.internet import reactor
from twisted.internet.task import Clock

from chat.times import monotonic


def test_seconds_never_go_back() -> None:
    """Twisted's own reactors tell the wall clock's time."""
    assert monotonic(reactor) is time.monotonic


def test_the_seconds_of_a_clock_that_tests_turn() -> None:
    clock = Clock()
    seconds = monotonic(clock)
    clock.advance(5)
    assert seconds() == 5
