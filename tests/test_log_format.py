"""A log event is one line, for people and for machines, whatever stands in it."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.logger import Logger, LogLevel
from twisted.python import log as older_log
from twisted.python.failure import Failure

from chat.log_format import DEEPEST, LONGEST, MOST, json_line, text_line


class Unprintable:
    """Breaks whoever wants to see it."""

    def __str__(self) -> str:
        raise ValueError("no text")

    __repr__ = __str__


def events_of(act: Any) -> list[dict[str, Any]]:
    """What `act(logger)` logs."""
    events: list[Any] = []
    keep: Any = events.append
    act(Logger("some.where", observer=keep))
    return events


def failure_of(text: str) -> Failure:
    try:
        raise ValueError(text)
    except ValueError:
        return Failure()


def test_text() -> None:
    (event,) = events_of(lambda log: log.warn("{who} came", who="alice"))
    event["log_time"] = 1_000_000_000.0625
    assert text_line(event) == "2001-09-09T01:46:40.062Z [some.where#warn] alice came\n"


def test_json() -> None:
    (event,) = events_of(lambda log: log.info("{who} came", who="älice", count=3, message="!", rooms=["a"], none=None))
    event["log_time"] = 1_000_000_000.0625
    line = json_line(event)
    assert json.loads(line) == {
        "time": "2001-09-09T01:46:40.062Z",
        "level": "info",
        "namespace": "some.where",
        "message": "älice came",
        "who": "älice",
        "count": 3,
        "message_": "!",
        "rooms": ["a"],
        "none": None,
    }
    assert line.isascii()
    assert line.endswith("}\n")


def test_nobody_begins_a_line_of_their_own() -> None:
    forged = "x\n2001-09-09T01:46:40.062Z [chat#critical] all is lost\r\x1b[31m\u2028\u0085"
    for log in (
        lambda log: log.info("{who} came", who=forged),
        lambda log: log.failure("{who} failed", failure_of(forged), who=forged),
    ):
        (event,) = events_of(log)
        first, *others, end = text_line(event).split("\n")
        assert end == ""
        assert first.isprintable()
        assert all(line.startswith("\t") and line[1:].isprintable() for line in others)
        assert json_line(event).count("\n") == 1
        assert json_line(event)[:-1].isprintable()


def test_a_failure_has_its_traceback_in_one_field() -> None:
    (event,) = events_of(lambda log: log.failure("it failed, incident {incident}", failure_of("why"), incident="i1"))
    found = json.loads(json_line(event))
    assert (found["level"], found["message"], found["incident"]) == ("critical", "it failed, incident i1", "i1")
    assert found["traceback"].startswith("Traceback (most recent call last)")
    assert found["traceback"].rstrip().endswith("builtins.ValueError: why")
    assert "\n\tbuiltins.ValueError: why\n" in text_line(event)


def test_the_older_log_is_understood() -> None:
    events: list[Any] = []
    publisher = older_log.LogPublisher(publishPublisher=events.append)
    publisher.msg("one", "two", colour="red")
    publisher.msg(failure=failure_of("why"), why="because", isError=1)
    publisher.msg(failure=failure_of("why"), isError=1)
    plain, told, untold = (json.loads(json_line(event)) for event in events)
    assert (plain["message"], plain["level"], plain["colour"]) == ("one two", "info", "red")
    assert (told["message"], told["level"]) == ("because", "critical")
    assert untold["message"] == "Unhandled Error"
    for found in (told, untold):
        assert "ValueError: why" in found["traceback"]
        assert set(found) == {"time", "level", "namespace", "message", "traceback"}


def test_fields_are_bounded() -> None:
    deep: Any = "bottom"
    for _ in range(DEEPEST + 3):
        deep = {"in": deep}
    deep["self"] = deep
    (event,) = events_of(lambda log: log.info("x", long="y" * 10_000, many=list(range(1000)), deep=deep, wide=10**5000))
    found = json.loads(json_line(event))
    assert len(found["long"]) == LONGEST + 1
    assert found["many"] == list(range(MOST))
    for _ in range(DEEPEST):
        found["deep"] = found["deep"]["in"]
    assert isinstance(found["deep"], str)
    assert isinstance(found["wide"], str)


VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(st.characters(codec=None)), st.binary(),
        st.datetimes(), st.builds(Unprintable), st.builds(failure_of, st.text()),
        st.sampled_from([ValueError, LogLevel.warn]),
    ),
    lambda inner: st.one_of(st.lists(inner), st.tuples(inner), st.dictionaries(st.text() | st.integers(), inner)),
    max_leaves=10,
)  # fmt: skip
NAMES = st.sampled_from(
    [
        "log_time",
        "log_level",
        "log_namespace",
        "log_format",
        "log_failure",
        "failure",
        "why",
        "message",
        "time",
        "isError",
    ]
)


@given(event=st.dictionaries(NAMES | st.text(st.characters(codec=None)), VALUES), older=st.booleans())
def test_any_event_is_a_line(event: dict[str, Any], older: bool) -> None:
    if older:
        event["log_namespace"] = "log_legacy"
    line = json_line(event)
    assert {"time", "level", "namespace"} <= set(json.loads(line))
    assert line[:-1].isprintable()
    first, *others, _ = text_line(event).split("\n")
    assert all(one.isprintable() for one in (first, *(other.removeprefix("\t") for other in others)))
