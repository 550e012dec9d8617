"""Letters that fonts draw like those of another script: as what a word can be read in which scripts are mixed, and what
a word of one script looks like in Latin letters.

Texts are those of `chat.spelling`: small letters, composed, without marks. A word is a run of letters.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

# Small letters, but alike are the capitals too: a text is compared without regard to case.
_CYRILLIC: Final = dict(zip("авекмнорстухѕіјһԁԛԝѡүӏ", "abekmhopctyxsijhdqwwyl", strict=True))
_GREEK: Final = dict(zip("αβγεζηικμνορτυχω", "abyeznikmvoptuxw", strict=True))
_LATIN: Final = _CYRILLIC | _GREEK
# A word that is of one script as a whole looks by chance like one of another script where it is short: `вот`, `bot`.
SHORTEST: Final = 4

_WORD = re.compile("[a-z\u0370-\u052f]+")
_BORDER = re.compile("[a-z][\u0370-\u052f]|[\u0370-\u03ff][a-z\u0400-\u052f]|[\u0400-\u052f][a-z\u0370-\u03ff]")
_LETTER = r"[^\W\d_]"
_WHOLE = re.compile(f"(?<!{_LETTER})[a-z{''.join(_LATIN)}]{{{SHORTEST},}}+(?!{_LETTER})")


class _Script:
    """Reads words in letters of this script."""

    def __init__(self, letters: str, table: dict[str, str]) -> None:
        self._letters = re.compile(f"[{letters}]")
        self._all = re.compile(f"[{letters}]+")
        self._table = str.maketrans(table)

    def is_in(self, word: str) -> bool:
        """Whether the word has a letter of the script."""
        return self._letters.search(word) is not None

    def has_all(self, word: str) -> bool:
        """Whether it has no others."""
        return self._all.fullmatch(word) is not None

    def read(self, word: str) -> str:
        """The word with letters of the script for those that look like them; the others stay."""
        return word.translate(self._table)


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
    return _replaced(text, _settled)


def in_scripts(text: str) -> tuple[str, ...]:
    """All that the text can be read as: settled, and with the words in which scripts are mixed in as many letters of
    one of them as possible.
    """
    if not _is_mixed(text):
        return (text,)
    others = (_replaced(text, _reader(script)) for script in _IN_OTHERS)
    return tuple(dict.fromkeys((settled(text), _replaced(text, _IN_LATIN.read), *others)))


def in_latin(text: str) -> str:
    """The text with Latin letters for all that look like them."""
    characters = set(text)
    if _LATIN.keys().isdisjoint(characters):
        return text
    # A character that the table does not have would take three times as long.
    return text.translate({ord(one): _LATIN.get(one, one) for one in characters})


def whole_words(text: str) -> list[str]:
    """The words of SHORTEST letters and more that look like Latin ones as a whole, in Latin letters."""
    return in_latin("\n".join(_WHOLE.findall(text))).split()


def _is_mixed(text: str) -> bool:
    """Whether scripts are mixed in a word of the text. Most texts are of one script: that is seen sooner."""
    return sum(script.is_in(text) for script in _SCRIPTS) > 1 and _BORDER.search(text) is not None


def _replaced(text: str, read: Callable[[str], str]) -> str:
    """The text with other words for those in which scripts are mixed."""
    if not _is_mixed(text):
        return text
    return _WORD.sub(lambda word: read(word[0]) if _BORDER.search(word[0]) else word[0], text)


def _settled(word: str) -> str:
    in_latin_letters = _IN_LATIN.read(word)
    if not _IN_LATIN.has_all(in_latin_letters):
        for script in _IN_OTHERS:
            if script.is_in(word) and script.has_all(found := script.read(word)):
                return found
    return in_latin_letters


def _reader(script: _Script) -> Callable[[str], str]:
    """Reads a word in this script if it has letters of it, else in Latin."""
    return lambda word: (script if script.is_in(word) else _IN_LATIN).read(word)
