"""Text of others stays on its line."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chat.errors import ConfigError
from chat.lines import one_line


def test_what_is_not_printable_is_escaped() -> None:
    assert one_line("grün 中 😀 a\\b") == "grün 中 😀 a\\b"
    assert one_line("a\r\nb\tc\0\x1b[2J\x85\u2028\u202e\ud800") == r"a\r\nb\tc\x00\x1b[2J\x85\u2028\u202e\ud800"


@given(st.text(st.characters(codec=None)))
def test_any_text_is_one_line(text: str) -> None:
    line = one_line(text)
    assert line.isprintable()
    assert line.encode("utf-8").decode("utf-8") == line
    assert str(ConfigError(text)) == line
