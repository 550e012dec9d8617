"""The little language of custom access rules: `(age=35:|gender=f),membership=!normal`.

    rule       = all, { "|", all }
    all        = part, { ",", part }
    part       = "(", rule without parentheses, ")" | comparison
    comparison = type, "=", [ "!" ], value
    type       = letter or "_", one or more
    value      = letter, digit, "_" or ":", one or more

Letters are small. `|` is or, `,` is and and binds tighter, `!` negates its comparison.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from chat.errors import ChatError, ErrorCode

LENGTH_LIMIT = 500
_TYPE = re.compile(r"[a-z_]+")
_VALUE = re.compile(r"[a-z0-9_:]+")

Condition = Callable[[Any], bool]
Compare = Callable[[str, str, bool], Condition]


class _Any(Struct, frozen=True):
    parts: tuple[Condition, ...]

    def __call__(self, subject: Any) -> bool:
        return any(part(subject) for part in self.parts)


class _All(Struct, frozen=True):
    parts: tuple[Condition, ...]

    def __call__(self, subject: Any) -> bool:
        return all(part(subject) for part in self.parts)


def parse(text: str, compare: Compare) -> Condition:
    """What a custom rule asks; `compare(type, value, is_negated)` makes the condition of one comparison.

    Raises INVALID_ACL_VALUE that says at which character, counted from 1, something else was expected; what `compare`
    refuses is refused with its reason.
    """
    if len(text) > LENGTH_LIMIT:
        raise ChatError(ErrorCode.INVALID_ACL_VALUE, f"a custom rule has at most {LENGTH_LIMIT} characters")
    return _Parser(text, compare).whole()


class _Parser:
    def __init__(self, text: str, compare: Compare) -> None:
        self._text = text
        self._compare = compare
        self._at = 0

    def whole(self) -> Condition:
        condition = self._rule(is_inside=False)
        if self._at < len(self._text):
            self._fail("| or , or the end")
        return condition

    def _rule(self, *, is_inside: bool) -> Condition:
        either = [self._all(is_inside)]
        while self._takes("|"):
            either.append(self._all(is_inside))
        return either[0] if len(either) == 1 else _Any(tuple(either))

    def _all(self, is_inside: bool) -> Condition:
        both = [self._part(is_inside)]
        while self._takes(","):
            both.append(self._part(is_inside))
        return both[0] if len(both) == 1 else _All(tuple(both))

    def _part(self, is_inside: bool) -> Condition:
        if is_inside or not self._takes("("):
            return self._comparison()
        condition = self._rule(is_inside=True)
        if not self._takes(")"):
            self._fail("| or , or )")
        return condition

    def _comparison(self) -> Condition:
        start = self._at
        kind = self._word(_TYPE, "a type")
        if not self._takes("="):
            self._fail("=")
        is_negated = self._takes("!")
        value = self._word(_VALUE, "a value")
        try:
            return self._compare(kind, value, is_negated)
        except ChatError as refusal:
            raise ChatError(refusal.code, f"at character {start + 1}: {refusal.detail}") from None

    def _takes(self, character: str) -> bool:
        if not self._text.startswith(character, self._at):
            return False
        self._at += 1
        return True

    def _word(self, pattern: re.Pattern[str], what: str) -> str:
        match = pattern.match(self._text, self._at)
        if match is None:
            self._fail(what)
        assert match is not None
        self._at = match.end()
        return match[0]

    def _fail(self, expected: str) -> None:
        raise ChatError(ErrorCode.INVALID_ACL_VALUE, f"at character {self._at + 1}: expected {expected}")
