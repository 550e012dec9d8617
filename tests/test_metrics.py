"""Instruments: what they count, and what they do not take."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from chat.errors import ConfigError
from chat.lag import LOOK_EVERY_S, MISSED_LIMIT, Lag
from chat.metrics import LABELS_LIMIT, OTHER, Counts, Family, Instrument, Kind, Measured, Metrics, Timings

INFINITE = float("inf")


def test_counts() -> None:
    counts = Counts()
    for label in ("a", "b", "a"):
        counts.add(label)
    counts.add("b", 2.5)
    assert counts.read() == {"a": 2, "b": 3.5}


def test_what_was_read_stays_as_it_was() -> None:
    counts, timings = Counts(), Timings((1.0,))
    counts.add()
    timings.observe(0.5)
    before = counts.read(), timings.read()
    counts.add()
    timings.observe(0.5)
    assert before == ({"": 1}, {"": (((1.0, 1), (float("inf"), 1)), 0.5)})


@pytest.mark.parametrize("further", [1, 5])
def test_labels_are_bounded(further: int) -> None:
    counts, timings = Counts(), Timings()
    for number in range(LABELS_LIMIT + further):
        counts.add(str(number))
        timings.observe(1.0, str(number))
    assert len(counts.read()) == len(timings.read()) == LABELS_LIMIT + 1
    assert counts.read()[OTHER] == timings.measured(OTHER).total == further
    counts.add("0")
    assert counts.read()["0"] == 2


@given(st.lists(st.floats(0, 4)))
def test_buckets_say_how_many_were_not_above(times: list[float]) -> None:
    timings = Timings((0.5, 1.0, 3.0))
    for seconds in times:
        timings.observe(seconds)
    measured = timings.measured()
    assert measured.total == pytest.approx(sum(times))
    assert measured.buckets == tuple(
        (bound, sum(seconds <= bound for seconds in times)) for bound in (0.5, 1.0, 3.0, float("inf"))
    )


def test_instruments_are_shown_in_their_order() -> None:
    metrics = Metrics()
    metrics.counts("chat_polls_total", "Polls.", "kind").add("secret")
    metrics.timings("chat_poll_seconds", "How long.", bounds=(1.0,)).observe(2.0)
    metrics.show(Instrument("chat_polls", "Those that run.", Kind.GAUGE, lambda: {"": 7}))
    assert metrics.families() == [
        Family("chat_polls_total", "Polls.", Kind.COUNTER, "kind", {"secret": 1}),
        Family("chat_poll_seconds", "How long.", Kind.HISTOGRAM, "", {"": Measured(((1.0, 0), (INFINITE, 1)), 2.0)}),
        Family("chat_polls", "Those that run.", Kind.GAUGE, "", {"": 7}),
    ]


@pytest.mark.parametrize(("name", "label"), [("polls", ""), ("chat_", ""), ("chat_a b", ""), ("chat_a", "B"), ("", "")])
def test_names_that_are_none(name: str, label: str) -> None:
    with pytest.raises(ConfigError):
        Metrics().counts(name, "Polls.", label)


def test_without_a_label_there_is_a_value_from_the_begin() -> None:
    metrics = Metrics()
    metrics.counts("chat_polls_total", "Polls.")
    metrics.timings("chat_poll_seconds", "How long.", bounds=(1.0,))
    metrics.counts("chat_votes_total", "Votes.", "kind")
    values = [family.values for family in metrics.families()]
    assert values == [{"": 0}, {"": Measured(((1.0, 0), (INFINITE, 0)), 0.0)}, {}]


def test_a_name_is_taken_once() -> None:
    metrics = Metrics()
    metrics.counts("chat_polls_total", "Polls.")
    with pytest.raises(ConfigError, match="chat_polls_total exists already"):
        metrics.timings("chat_polls_total", "Polls.")


def test_lag() -> None:
    clock = Clock()
    lag = Lag(clock)
    lag.start()
    clock.advance(LOOK_EVERY_S)
    assert lag.times.measured().total == 0
    clock.advance(LOOK_EVERY_S + 0.75)
    clock.advance(LOOK_EVERY_S)
    assert lag.times.measured().total == pytest.approx(0.75 + 0.5 + 0.25)
    assert lag.times.measured().buckets[-1][1] == 5
    lag.stop()
    lag.stop()
    assert not clock.getDelayedCalls()


def test_a_stall_shows_among_many_quiet_looks() -> None:
    clock = Clock()
    lag = Lag(clock)
    lag.start()
    for _ in range(160):
        clock.advance(LOOK_EVERY_S)
    clock.advance(LOOK_EVERY_S + 4.7)
    measured = lag.times.measured()
    buckets = dict(measured.buckets)
    looks = 161 + 18
    assert measured.total == pytest.approx(sum(4.7 - number * LOOK_EVERY_S for number in range(19)))
    assert buckets[float("inf")] == looks
    assert buckets[2.5] < 0.99 * looks
    clock.advance(86_400)
    assert lag.times.measured().buckets[-1][1] == looks + MISSED_LIMIT
