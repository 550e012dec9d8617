"""The words in force: found in texts, however many there are, until they are set no more."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.errors import ChatError, ErrorCode
from chat.lookalikes import in_latin, whole_words
from chat.spelling import plain, readings
from chat.words import GIVEN_LENGTH, WORD_LENGTH, Words, checked_word

LETTERS = st.sampled_from("abcасd ")
SOME_WORDS = st.lists(st.text(LETTERS, max_size=6).filter(str.strip), max_size=12)


def test_none_are_in_force_at_first() -> None:
    assert not Words().are_in("anything")


@pytest.mark.parametrize("word", ["x", "ab", "abc", "abcd", "two words", "💩", "ハゲ"])
def test_a_word_is_found_in_a_text(word: str) -> None:
    words = Words()
    words.put(word)
    for text in (word, f"{word} and more", f"more and {word}", f"a{word.upper()}z"):
        assert words.are_in(text), text
    for text in ("", "-", word[:-1], "nothing of it: quite other letters, long"[: 5 * len(word)].replace("x", "")):
        assert not words.are_in(text), text


def test_words_that_come_to_the_same_are_one() -> None:
    words = Words()
    for word in ("Bad", "bad", "bàd"):
        words.put(word)
    assert sorted(words.given("BAD")) == ["Bad", "bad", "bàd"]
    words.end("b\u200bad")
    assert words.given("bad") == ()
    assert not words.are_in("bad")


def test_the_words_of_the_configuration_are_in_force_besides() -> None:
    words = Words(("bad", "worse"))
    words.load(("worse", "worst"))
    words.declare(("evil", "worst"))
    assert [words.are_in(word) for word in ("bad", "worse", "worst", "evil")] == [False, True, True, True]
    assert [words.is_declared(word) for word in ("bad", "worse", "WORST", "Évil")] == [False, False, True, True]
    for word in ("worse", "worst", "evil", "unknown"):
        words.end(word)
    assert [words.are_in(word) for word in ("worse", "worst", "evil")] == [False, True, True]
    words.declare(())
    assert not words.are_in("worst evil")


@pytest.mark.parametrize(
    "word", ["", "  ", "\u200b", "\u0301", "\u00ad\ufe0f", "x" * (WORD_LENGTH + 1), "x\u200b" * GIVEN_LENGTH]
)
def test_what_is_no_word_is_refused(word: str) -> None:
    with pytest.raises(ChatError) as refused:
        checked_word(word)
    assert refused.value.code is ErrorCode.VALIDATION_ERROR


def test_a_word_is_kept_as_it_was_given() -> None:
    assert checked_word(" Bàd ") == "Bàd"
    assert checked_word("x\u0301" * WORD_LENGTH) == "x\u0301" * WORD_LENGTH


@given(SOME_WORDS, SOME_WORDS, SOME_WORDS, st.lists(st.text(LETTERS, max_size=30), max_size=5))
def test_as_if_each_word_were_looked_for(
    declared: list[str], put: list[str], ended: list[str], texts: list[str]
) -> None:
    words = Words(declared[:3])
    words.load(put)
    for word in ended:
        words.end(word)
    words.declare(declared)
    ended_plain = set(map(plain, ended))
    in_force = {plain(one) for one in declared} | {plain(one) for one in put} - ended_plain
    for text in texts:
        expected = any(
            word in reading or in_latin(word) in whole_words(reading) for reading in readings(text) for word in in_force
        )
        assert words.are_in(text) is expected, (in_force, text)


def calls_of(act: Callable[[], object]) -> int:
    """How many functions of Python and C it calls."""
    calls = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        act()
    finally:
        sys.setprofile(None)
    return calls


def test_with_no_words_nothing_is_compared() -> None:
    words = Words()
    words.put("bad")
    words.end("bad")
    assert calls_of(lambda: words.are_in("x" * 10_000)) < 10


def test_a_latin_text_costs_less_when_no_words_of_other_scripts_are_left() -> None:
    words, text = Words(("badly",)), "nothing of the kind"
    least = calls_of(lambda: words.are_in(text))
    words.put("сука")
    assert calls_of(lambda: words.are_in(text)) > least
    words.end("сука")
    assert calls_of(lambda: words.are_in(text)) == least


@pytest.mark.parametrize("pattern", ["word {:05}", "http://www.site{:05}.example/", "{:05}"])
def test_a_look_costs_the_same_however_many_words_there_are(pattern: str) -> None:
    """Also in a text of nothing but what all of the words have."""
    one, many = Words([pattern.format(0)]), Words(pattern.format(number) for number in range(10_000))
    text = (pattern.format(0)[:-1] + "~") * 300
    assert not one.are_in(text)
    assert not many.are_in(text)
    assert calls_of(lambda: many.are_in(text)) <= 3 * calls_of(lambda: one.are_in(text))
