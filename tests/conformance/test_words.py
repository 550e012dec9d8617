"""Words that are not to be said: kept as they were given, once each, not without bound, with the acts that did it."""

from __future__ import annotations

import pytest
from twisted.internet.defer import gatherResults

from chat.errors import ChatError
from chat.words import WORDS_LIMIT

from .opened import Opened, audit

# What a store takes in time whatever else goes on.
AT_ONCE = 500


def acts(opened: Opened) -> list[str]:
    return [row[2] for row in opened.case.audits()]


async def test_words_are_there_after_opening_again(opened: Opened) -> None:
    assert opened.world.words == ()
    for word in ("Wörter", "bad", "b\u200bad", "x" * 100):
        assert await opened.store.put_word(word, audit(word)) is True
    assert (await opened.reopen()).words == ("Wörter", "bad", "b\u200bad", "x" * 100)
    assert acts(opened) == ["Wörter", "bad", "b\u200bad", "x" * 100]


async def test_a_word_is_kept_once(opened: Opened) -> None:
    assert await opened.store.put_word("bad", audit("first")) is True
    assert await opened.store.put_word("bad", audit("second")) is False
    assert (await opened.reopen()).words == ("bad",)
    assert acts(opened) == ["first"]


async def test_words_are_kept_no_more(opened: Opened) -> None:
    for word in ("bad", "Bad", "worse"):
        await opened.store.put_word(word, audit("put"))
    assert await opened.store.end_words(["bad", "Bad", "unknown"], audit("first")) is True
    assert await opened.store.end_words(["bad", "Bad"], audit("second")) is False
    assert await opened.store.end_words([], audit("third")) is False
    assert (await opened.reopen()).words == ("worse",)
    assert acts(opened) == ["put", "put", "put", "first"]


async def test_there_is_a_bound(opened: Opened) -> None:
    words = [f"word {number}" for number in range(WORDS_LIMIT - 1)]
    for first in range(0, len(words), AT_ONCE):
        await gatherResults([opened.store.put_word(word, audit("put")) for word in words[first : first + AT_ONCE]])
    assert await opened.store.put_word("the last", audit("put")) is True
    with pytest.raises(ChatError) as refused:
        await opened.store.put_word("one more", audit("more"))
    assert refused.value.code.wire == 706
    assert await opened.store.put_word("the last", audit("again")) is False
    assert await opened.store.end_words(["the last"], audit("end")) is True
    assert await opened.store.put_word("one more", audit("more")) is True
    assert acts(opened)[-2:] == ["end", "more"]
