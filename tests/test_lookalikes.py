"""Letters of other scripts hide no word, and ordinary words of other scripts are none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.lookalikes import in_scripts, settled
from chat.words import Words

LATIN = ("hoe", "bot", "homo", "moron", "cock", "bad")


@pytest.mark.parametrize(
    "text",
    [
        "это главное",
        "вот так",
        "ВОТ",
        "много гномов",
        "Главное",
        "соски",
        "подсоск",
        "мороз",
        "сосок",
        "Το τέλος",
        "x вот y",
        "вот-вот",
    ],
)
def test_ordinary_words_of_another_script_are_left_alone(text: str) -> None:
    assert not Words(LATIN).are_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "вotов",
        "hоe",
        "ВОt",
        "Номo sapiens",
        "а cоck",
        "ты соск!",
        "СОСК",
        "moronу",
        "с.о.с.к",
        "соооооск",
        "сοсκ",
        "ςock cοck",
    ],
)
def test_words_that_mix_scripts_or_look_alike_as_a_whole_are_found(text: str) -> None:
    assert Words(LATIN).are_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "сука",
        "сyкa",
        "cyka",
        "CYKA!",
        "сукин",
        "хуй",
        "xуй",
        "xyйня",
        "ΜΑΛΆΚΑΣ",
        "μаλάκας",
        "μαλάkaς",
        "суkой",
    ],
)
def test_words_of_other_scripts_are_found(text: str) -> None:
    assert Words(("сука", "сукин", "хуй", "μαλάκας", "сукой")).are_in(text)


@pytest.mark.parametrize("text", ["cyk", "xyz", "a pot", "potato", "cykas", "mope"])
def test_latin_words_are_no_words_of_another_script(text: str) -> None:
    assert not Words(("сука", "рот", "хуй")).are_in(text)


def test_words_that_look_alike_end_one_by_one() -> None:
    words = Words()
    for word in ("cyka", "сука"):
        words.put(word)
    words.end("cyka")
    assert words.are_in("cyka")
    assert words.are_in("сука")
    words.end("сука")
    assert not words.are_in("cyka")
    assert not words.are_in("сука")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("plain вот", ("plain вот",)),
        ("вotы!", ("воты!", "botы!")),
        ("bаd xyи", ("bad хуи", "bad xyи", "ваԁ хуи")),
        ("сοсκ", ("cock", "соск")),
    ],
)
def test_words_that_mix_scripts_are_read_in_each(text: str, read: tuple[str, ...]) -> None:
    assert in_scripts(text) == read
    assert settled(text) == read[0]


@given(st.text(st.sampled_from("abcxyzавсхиοκαλ .1"), max_size=20))
def test_what_is_settled_stays_as_it_is(text: str) -> None:
    assert settled(settled(text)) == settled(text)
    assert in_scripts(text)[0] == settled(text)
