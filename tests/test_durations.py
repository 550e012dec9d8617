"""Durations: what is one, and when it ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.durations import end_of
from chat.errors import ChatError, ErrorCode

NOW = datetime(2026, 1, 1, tzinfo=UTC)
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@given(st.integers(1, 20_000), st.sampled_from("smhd"))
def test_the_end(number: int, unit: str) -> None:
    assert end_of(f"{number}{unit}", NOW) == NOW + timedelta(**{UNITS[unit]: number})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "s",
        "0s",
        "-1s",
        "+5m",
        "05m",
        "1.5h",
        "5w",
        "5 m",
        "5M",
        " 5m",
        "5m\n",
        "٥m",
        "3000000d",
        "9" * 30 + "d",
    ],
)
def test_what_is_none(text: str) -> None:
    with pytest.raises(ChatError) as refused:
        end_of(text, NOW)
    assert refused.value.code is ErrorCode.INVALID_BAN_DURATION


@given(st.text(max_size=8))
def test_any_text_is_a_duration_or_refused(text: str) -> None:
    try:
        assert end_of(text, NOW) > NOW
    except ChatError as refused:
        assert refused.code is ErrorCode.INVALID_BAN_DURATION
