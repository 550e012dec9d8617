"""Letters that fonts draw like those of another script: as what a word can be read in which scripts are mixed, and what
a word of one script looks like in Latin letters.

Texts are those of `chat.spelling`: small letters, composed, without marks. A word is a run of letters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

# Small letters, but alike are the capitals too: a text is compared without regard to case.
_CYRILLIC: Final = dict(zip("авекмнорстухѕіјһԁԛԝѡүӏ", "abekmhopctyxsijhdqwwyl", strict=True))
_GREEK: Final = dict(zip("αβγεζηικμνορτυχω", "abyeznikmvoptuxw", strict=True))
_LATIN: Final = _CYRILLIC | _GREEK
# A word that is of one script as a whole looks by chance like one of another script where it is short: `вот`, `bot`.
SHORTEST: Final = 4

_WORD = re.compile("([a-z\u0370-\u052f]+)")
_BORDER = re.compile("[a-z][\u0370-\u052f]|[\u0370-\u03ff][a-z\u0400-\u052f]|[\u0400-\u052f][a-z\u0370-\u03ff]")
_LETTER = r"[^\W\d_]"
_WHOLE = re.compile(f"(?<!{_LETTER})[a-z{''.join(_LATIN)}]{{{SHORTEST},}}+(?!{_LETTER})")


class _Script:
    """Reads words in letters of this script."""

    def __init__(self, letters: str, table: dict[str, str]) -> None:
        self._letters = re.compile(f"[{letters}]")
        self._all = re.compile(f"[{letters}]+")
        self._table = table

    def is_in(self, text: str) -> bool:
        """Whether there is a letter of the script."""
        return self._letters.search(text) is not None

    def has_all(self, word: str) -> bool:
        """Whether the word has no others."""
        return self._all.fullmatch(word) is not None

    def read(self, text: str) -> str:
        """The text with letters of the script for those that look like them; the others stay."""
        characters = set(text)
        if self._table.keys().isdisjoint(characters):
            return text
        # A character that the table does not have would take three times as long.
        return text.translate({ord(one): self._table.get(one, one) for one in characters})

    def read_all(self, words: Sequence[str]) -> list[str]:
        """The same of many words at once."""
        return self.read("\n".join(words)).split("\n")


def _backwards(table: dict[str, str]) -> dict[str, str]:
    """Latin letters, and those that look like them, in the letters of the table; the first that fits is taken."""
    letters = {latin: letter for letter, latin in reversed(table.items())}
    others = {one: letters[latin] for one, latin in _LATIN.items() if latin in letters and one not in table}
    return letters | others


_IN_LATIN: Final = _Script("a-z", _LATIN)
_IN_OTHERS: Final = (
    _Script("\u0400-\u052f", _backwards(_CYRILLIC)),
    _Script("\u0370-\u03ff", _backwards(_GREEK)),
)


_SCRIPTS: Final = (_IN_LATIN, *_IN_OTHERS)


def settled(text: str) -> str:
    """The text with each word in which scripts are mixed in one script, Latin if it can be; where none has letters for
    all, in as many Latin ones as possible. What is settled stays as it is.
    """
    return in_scripts(text)[0]


def in_scripts(text: str) -> tuple[str, ...]:
    """All that the text can be read as: settled, and with the words in which scripts are mixed in as many Latin letters
    as possible, and in as many of one of the others.
    """
    if not _is_mixed(text):
        return (text,)
    pieces = _WORD.split(text)
    places = [at for at in range(1, len(pieces), 2) if _BORDER.search(pieces[at])]
    readings = _readings([pieces[at] for at in places])
    return tuple(dict.fromkeys(_put(words, places, pieces) for words in readings))


def in_latin(text: str) -> str:
    """The text with Latin letters for all that look like them."""
    return _IN_LATIN.read(text)


def whole_words(text: str) -> list[str]:
    """The words of SHORTEST letters and more that look like Latin ones as a whole, in Latin letters."""
    return in_latin("\n".join(_WHOLE.findall(text))).split()


def _is_mixed(text: str) -> bool:
    """Whether scripts are mixed in a word of the text. Most texts are of one script: that is seen sooner."""
    return sum(script.is_in(text) for script in _SCRIPTS) > 1 and _BORDER.search(text) is not None


def _readings(words: Sequence[str]) -> tuple[Sequence[str], ...]:
    """The words settled, in Latin, and each in the other script that suits it best."""
    latin = _IN_LATIN.read_all(words)
    read = zip(words, *(script.read_all(words) for script in _IN_OTHERS), strict=True)
    others = [_in_other(*alike) for alike in read]
    settled_ones = [
        other if not first.isascii() and any(script.has_all(other) for script in _IN_OTHERS) else first
        for first, other in zip(latin, others, strict=True)
    ]
    return settled_ones, latin, others


def _in_other(word: str, *read: str) -> str:
    """The one of the readings that is of one script, or else the first whose script the word has letters of."""
    possible = [(script, one) for script, one in zip(_IN_OTHERS, read, strict=True) if script.is_in(word)]
    return next((one for script, one in possible if script.has_all(one)), possible[0][1])


def _put(words: Sequence[str], places: Sequence[int], pieces: Sequence[str]) -> str:
    """The pieces as a text, with the words in these places."""
    pieces = list(pieces)
    for at, word in zip(places, words, strict=True):
        pieces[at] = word
    return "".join(pieces)
