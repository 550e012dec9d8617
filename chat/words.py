"""Words that are not to be said, and whether a text has one. In memory; what is kept of them is in the store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final, TypeVar

from chat.errors import ChatError, ErrorCode
from chat.lookalikes import in_latin, whole_words
from chat.spelling import plain, readings

# Characters of a word, as it is compared. What is given may have marks and unseen characters besides.
WORD_LENGTH: Final = 100
GIVEN_LENGTH: Final = 10 * WORD_LENGTH
# How many words may be set at run time, and how many in the configuration.
WORDS_LIMIT: Final = 10_000

Gram = tuple[str, str, str]
Key = TypeVar("Key")
_SHORT: Final = (1, 2)


def checked_word(word: str) -> str:
    """The word without blanks around it. Raises VALIDATION_ERROR unless it has 1 to WORD_LENGTH characters that are
    compared.
    """
    if len(word) > GIVEN_LENGTH or not 0 < len(plain(word)) <= WORD_LENGTH:
        raise ChatError(ErrorCode.VALIDATION_ERROR, f"a word has 1 to {WORD_LENGTH} characters that can be seen")
    return word.strip()


class Words:
    """The words in force: those of the configuration, and those that were set at run time.

    They are compared plain (`chat.spelling`), as parts of a text, and as they look with whole words of another script
    (`chat.lookalikes`). With no words nothing is compared.
    """

    def __init__(self, declared: Iterable[str] = ()) -> None:
        self._finder = _Finder()
        self._declared: frozenset[str] = frozenset()
        # As they are compared, and as they were given: some that differ may come to the same.
        self._given: dict[str, set[str]] = {}
        self.declare(declared)

    def declare(self, words: Iterable[str]) -> None:
        """Have these words of the configuration in force, and of them no others."""
        former, self._declared = self._declared, frozenset(map(plain, words))
        for one in former - self._declared - self._given.keys():
            self._finder.discard(one)
        for one in self._declared - former - self._given.keys():
            self._finder.add(one)

    def load(self, words: Iterable[str]) -> None:
        """Take those that the store holds."""
        for word in words:
            self.put(word)

    def put(self, word: str) -> None:
        """Have a word in force."""
        compared = plain(word)
        if compared not in self._given and compared not in self._declared:
            self._finder.add(compared)
        self._given.setdefault(compared, set()).add(word)

    def end(self, word: str) -> None:
        """Have a word, and all that come to the same, in force no more, unless it is declared."""
        compared = plain(word)
        if self._given.pop(compared, None) is not None and compared not in self._declared:
            self._finder.discard(compared)

    def is_declared(self, word: str) -> bool:
        """Whether the configuration has the word, or one that comes to the same."""
        return plain(word) in self._declared

    def given(self, word: str) -> tuple[str, ...]:
        """The words set at run time that come to the same as this one, as the store holds them."""
        return tuple(self._given.get(plain(word), ()))

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._finder)

    def are_in(self, text: str) -> bool:
        """Whether the text has one of the words, however it is spelled."""
        return bool(self) and any(map(self._finder.finds, readings(text)))


class _Finder:
    """Finds out whether a text has one of many words.

    A word is looked up by three letters that stand side by side in it, those that the fewest words have, by where in it
    they stand and how long it is. So three letters of a text lead to few places where a word may be, however many words
    there are and whatever they have in common. Words of one and two letters are looked up as a whole.
    """

    def __init__(self) -> None:
        self._short: dict[int, set[tuple[str, ...]]] = {size: set() for size in _SHORT}
        # The longer words, each with the three letters that it is looked up by.
        self._long: dict[str, Gram] = {}
        # By three letters, the letters before them and all letters of words, with the number of such words.
        self._places: dict[Gram, Counter[tuple[int, int]]] = {}
        # How many words have these three letters.
        self._frequencies: Counter[Gram] = Counter()
        self._alike = _Alike()

    def __bool__(self) -> bool:
        return bool(self._long) or any(self._short.values())

    def add(self, word: str) -> None:
        """Look for this word too, which is not looked for yet."""
        if len(word) in self._short:
            self._short[len(word)].add(tuple(word))
            return
        self._alike.add(word)
        grams = list(_grams(word))
        self._frequencies.update(set(grams))
        rarest = self._long[word] = min(grams, key=self._frequencies.__getitem__)
        self._places.setdefault(rarest, Counter())[grams.index(rarest), len(word)] += 1

    def discard(self, word: str) -> None:
        """Look no more for this word, which is looked for."""
        if len(word) in self._short:
            self._short[len(word)].discard(tuple(word))
            return
        self._alike.discard(word)
        grams = list(_grams(word))
        for gram in set(grams):
            _take_one(self._frequencies, gram)
        gram = self._long.pop(word)
        _take_one(self._places[gram], (grams.index(gram), len(word)))
        if not self._places[gram]:
            del self._places[gram]

    def finds(self, text: str) -> bool:
        """Whether the text has one of the words."""
        return any(
            words and not words.isdisjoint(zip(*(text[start:] for start in range(size)), strict=False))
            for size, words in self._short.items()
        ) or bool(self._long and (self._finds_long(text) or self._alike.finds(text)))

    def _finds_long(self, text: str) -> bool:
        for at, places in enumerate(map(self._places.get, _grams(text))):
            if places is not None:
                for before, length in places:
                    # What begins before the text does is nothing, or another part of it, which may be a word as well.
                    if text[at - before : at - before + length] in self._long:
                        return True
        return False


class _Alike:
    """Finds out whether a text has a whole word that looks like one of many words, be it of another script."""

    def __init__(self) -> None:
        # Words in Latin letters where they look like them, and how many words come to the same.
        self._looks: Counter[str] = Counter()
        # How many of the words have others than Latin letters: a text of Latin letters is compared with those alone.
        self._foreign = 0

    def add(self, word: str) -> None:
        """Look for this word too, if it is long enough to look like another by design."""
        if whole_words(word) == [in_latin(word)]:
            self._looks[in_latin(word)] += 1
            self._foreign += not word.isascii()

    def discard(self, word: str) -> None:
        """Look no more for this word, which is looked for."""
        if whole_words(word) == [in_latin(word)]:
            _take_one(self._looks, in_latin(word))
            self._foreign -= not word.isascii()

    def finds(self, text: str) -> bool:
        """Whether the text has a word that looks like one of them."""
        if not self._looks or (text.isascii() and not self._foreign):
            return False
        return not self._looks.keys().isdisjoint(whole_words(text))


def _take_one(counts: Counter[Key], key: Key) -> None:
    """Count one less, and what there is none of no more."""
    counts[key] -= 1
    if not counts[key]:
        del counts[key]


def _grams(text: str) -> Iterator[Gram]:
    return zip(text, text[1:], text[2:], strict=False)
