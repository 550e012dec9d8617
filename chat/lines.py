"""Text of others on one line, for a log or a terminal. Imports nothing of the package."""

from __future__ import annotations


def one_line(text: str) -> str:
    r"""The text with everything that is not printable written as an escape: a line end is `\n`, a colour is `\x1b[`.

    So nobody can begin a line of their own, move the cursor, or turn the direction of reading.
    """
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text)
