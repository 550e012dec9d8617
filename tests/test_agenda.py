"""What is due when: in order, once, and no more memory than what is on the agenda."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from chat import agenda
from chat.agenda import Agenda

START = datetime(2030, 1, 1, tzinfo=UTC)
CALLS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(0, 5), st.integers(0, 20)),
        st.tuples(st.just("take off"), st.integers(0, 5), st.just(0)),
        st.tuples(st.just("look"), st.integers(0, 5), st.integers(0, 20)),
        st.tuples(st.just("look at all"), st.just(0), st.integers(0, 20)),
    ),
    max_size=60,
)


def at(seconds: int) -> datetime:
    return START + timedelta(seconds=seconds)


@given(CALLS)
def test_it_does_what_a_plain_dictionary_would(calls: list[tuple[str, int, int]]) -> None:
    subject: Agenda[tuple[str, str], datetime] = Agenda()
    plain: dict[tuple[str, str], datetime] = {}
    for call, number, seconds in calls:
        key = ("kind", str(number))
        if call == "put":
            subject.put(key, at(seconds))
            plain[key] = at(seconds)
        elif call == "take off":
            subject.take_off(key)
            plain.pop(key, None)
        else:
            limit = number if call == "look" else None
            due = sorted((time, key) for key, time in plain.items() if time <= at(seconds))[:limit]
            assert subject.take_due(at(seconds), limit) == [key for _, key in due]
            for _, taken in due:
                del plain[taken]
        assert subject.first() == min(plain.values(), default=None)
        assert subject.get(key) == plain.get(key)


def test_what_was_moved_or_taken_off_takes_no_memory_for_long() -> None:
    subject: Agenda[tuple[str, str], datetime] = Agenda()
    for number in range(10_000):
        subject.put(("kind", "moved"), at(number))
        subject.put(("kind", str(number)), at(number))
        subject.take_off(("kind", str(number)))
        assert len(subject._heap) <= 2 * len(subject._times) + agenda._SLACK
    assert subject.take_due(at(20_000)) == [("kind", "moved")]
    assert subject.first() is None
