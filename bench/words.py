"""What a look at a text for words that are not to be said takes: microseconds of CPU time, by the number of words.

    python bench/words.py

The texts have none of the words, so that they are looked at to their end. docs/blacklist.md has the figures.
"""

from __future__ import annotations

import random
import time
import timeit
from collections.abc import Iterator

from chat.spelling import plain
from chat.words import Words

COUNTS = (0, 10, 1_000, 10_000)
SIZES = (100, 10_000)
ROUNDS = 5
CHARACTERS_PER_ROUND = 200_000
BEGINNINGS = [
    "b",
    "c",
    "d",
    "f",
    "g",
    "h",
    "k",
    "l",
    "m",
    "n",
    "p",
    "r",
    "s",
    "t",
    "v",
    "w",
    "sh",
    "ch",
    "th",
    "st",
    "br",
]
VOWELS = tuple("aeiou")
ENDS = ("", "n", "r", "t", "s", "ng", "l")
TEXTS = {
    "English": "the quick brown fox jumps over a lazy dog, and then he said: nothing of that kind will happen here! ",
    "Russian": "съешь же ещё этих мягких французских булок, да выпей чаю: ничего такого здесь не случится! ",
    "Chinese": "天地玄黃宇宙洪荒日月盈昃辰宿列張寒來暑往秋收冬藏閏餘成歲律呂調陽雲騰致雨露結為霜金生麗水玉出崑岡",
}


def words() -> Iterator[str]:
    """Words of three syllables, without end; always the same ones."""
    dice = random.Random(1)
    while True:
        yield "".join(dice.choice(part) for _ in range(3) for part in (BEGINNINGS, VOWELS, ENDS))


def some(count: int) -> set[str]:
    """So many words that are in none of the texts."""
    found: set[str] = set()
    readable = "".join(map(plain, TEXTS.values()))
    for word in words():
        if len(found) == count:
            return found
        if word not in readable:
            found.add(word)
    return found


def cost_us(held: Words, text: str) -> float:
    """Of one look."""
    number = max(1, CHARACTERS_PER_ROUND // len(text))
    assert not held.are_in(text)
    return 1e6 * min(timeit.repeat(lambda: held.are_in(text), time.process_time, number=number, repeat=ROUNDS)) / number


def main() -> None:
    """Print a table."""
    kinds = [(name, size) for name in TEXTS for size in SIZES]
    print("words", *(f"{name} {size:,}" for name, size in kinds), sep=" | ")
    for count in COUNTS:
        held = Words(some(count))
        texts = [(TEXTS[name] * (size // len(TEXTS[name]) + 1))[:size] for name, size in kinds]
        print(f"{count:,}", *(f"{cost_us(held, text):,.1f} µs" for text in texts), sep=" | ")


if __name__ == "__main__":
    main()
