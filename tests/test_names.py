"""Names of rooms: what people can see and tell apart."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.config import RoomOptions
from chat.errors import ChatError, ErrorCode
from chat.names import RoomNames, folded
from chat.words import Words

OPTIONS = RoomOptions()
WORDS = Words(("verboten",))
NAMES = RoomNames(OPTIONS, ("admin",), WORDS)
BIDI = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
ODD = (
    "\u200b\u200c\u200d\u00ad\u202e\u2066\u200f\u2800\u3164\uffa0\ufe0f\u0301\u0903"
    "\U000e0067\U000e007f\U0001f3f4 a\u0345"
)
SOME_NAMES = st.text(st.sampled_from(ODD) | st.characters(codec="utf-8"), max_size=12)


def refusal(name: str) -> ErrorCode:
    with pytest.raises(ChatError) as refused:
        NAMES.checked(name)
    return refused.value.code


@pytest.mark.parametrize(
    "name",
    [
        "\u200b" * 3,
        "\u3164" * 3,
        "\u115f" * 3,
        "\u1160" * 3,
        "\uffa0" * 3,
        "\u2800" * 3,
        "\U0001d159" * 3,
        "\ue000" * 3,
        "\u0378" * 3,
        "\ud800" * 3,
        "\ufe0f" * 3,
        "\u0301abc",
        "abc \u0301",
        "ad\u200bmin",
        "General\u200b",
        "General\u200d",
        "\u200dGeneral",
        "Gen\u200d\u200deral",
        "Gen \u200d eral",
        "Gen\u00aderal",
        "Gen\u034feral",
        "\u202eabc",
        "abc\u2066def",
        "a\u2028bc",
        "a\nbc",
        "abc\U000e0067",
        "\U0001f3f4\U000e0067abc",
    ],
)
def test_what_nobody_sees_is_refused(name: str) -> None:
    assert refusal(name) is ErrorCode.VALIDATION_ERROR


@pytest.mark.parametrize(
    "name",
    [
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",
        "\u2764\ufe0f\u200d\U0001f525 ok",
        "\U0001f1e9\U0001f1ea flag",
        "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f Scots",
        "1\ufe0f\u20e32\ufe0f\u20e33\ufe0f\u20e3",
        "\U0001fae8 shaken",
        "e\u0301te\u0301",
        "राम",
        "र\u200d\u09cdযাব",
        "می\u200cخواهم",
    ],
)
def test_scripts_and_pictures_are_names(name: str) -> None:
    assert NAMES.checked(f" {name} ") == name


@pytest.mark.parametrize("name", ["a\u0301\u0301", " ab ", "\u3000ab\u3000", "   ", "x\ufe0f\ufe0e"])
def test_only_what_is_visible_counts(name: str) -> None:
    assert refusal(name) is ErrorCode.ROOM_NAME_TOO_SHORT


@pytest.mark.parametrize("name", ["a b", "a\u3000b", "1 \u2764\ufe0f"])
def test_a_blank_between_visible_characters_counts(name: str) -> None:
    assert NAMES.checked(f" {name} ") == name


def test_unseen_characters_make_no_other_name() -> None:
    assert refusal("ad\u200dmin") is refusal("ad\u200cm\ufe0fin") is ErrorCode.ROOM_NAME_RESTRICTED
    for name in ("\u0430dmin", "\u00e4dmin", "ＡDMIN", "un\u200dverbo\u0301ten", "V.E.R.B.O.T.E.N."):
        assert refusal(name) is ErrorCode.ROOM_NAME_RESTRICTED
    for name in ("GENERAL", "Gen\u00aderal", "General\u200b", "G\u200de\ufe0fneral", "\u202eGeneral", "Ｇeneral"):
        assert folded(name) == "general"


def test_every_character_is_folded_once() -> None:
    for number in range(sys.maxunicode + 1):
        once = folded(chr(number))
        assert folded(once) == once


@given(SOME_NAMES)
def test_names_that_are_accepted(name: str) -> None:
    assert folded(folded(name)) == folded(name)
    try:
        accepted = NAMES.checked(name)
    except ChatError:
        return
    assert not {unicodedata.bidirectional(one) for one in accepted} & BIDI
    seen = [one for one in accepted if unicodedata.category(one) not in ("Mn", "Me", "Cf") and folded(one)]
    assert len(seen) >= OPTIONS.min_name
    assert accepted == accepted.strip()


def test_a_name_is_restricted_as_it_looks_and_has_words_as_it_is_read() -> None:
    names = RoomNames(OPTIONS, ("cope", "хер"), Words(("hoe",)))
    for name in ("СОРЕ", "сopе", "xep"):
        with pytest.raises(ChatError) as refused:
            names.checked(name)
        assert refused.value.code is ErrorCode.ROOM_NAME_RESTRICTED
    assert names.checked("Главное") == "Главное"
