"""The names that users give to rooms. Rules of the verbs `create` and `rename_room`, not of the store: other fronts
need equal, short and empty names.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from chat.config import RoomOptions
from chat.errors import ChatError, ErrorCode
from chat.lookalikes import in_latin
from chat.spelling import UNSEEN, plain
from chat.words import Words

_SELECTORS = re.compile("[\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_JOINERS = "\u200c\u200d"
# The flags of England, Scotland, Wales: a black flag, and letters that nobody sees.
_TAGGED_FLAG = re.compile("\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,6}\U000e007f")
# Kept for pictures: newer systems have some that this Python does not know.
_PICTURES = range(0x1F300, 0x1FB00)
# In the letters of `_kind`: marks and selectors follow something visible, a joiner stands between two such things.
_READABLE = re.compile("(?: |v[cm]*(?:j[cm]*(?=v))?)*")


def folded(name: str) -> str:
    """What names have in common that people take for the same: case, compatible and unseen characters aside.

    What is folded already stays as it is.
    """
    former = None
    while name != former:
        former, name = name, unicodedata.normalize("NFKC", UNSEEN.sub("", name)).casefold()
    return name


def _kind(character: str) -> str:
    """A letter: v(isible), c (a mark that takes room), m(ark), j(oiner), a blank, or x for what is refused."""
    category = unicodedata.category(character)
    if character in _JOINERS:
        return "j"
    if _SELECTORS.match(character):
        return "m"
    if category[0] == "C":
        return "v" if category == "Cn" and ord(character) in _PICTURES else "x"
    if UNSEEN.match(character) or category in ("Zl", "Zp"):
        return "x"
    return {"Zs": " ", "Mc": "c", "Mn": "m", "Me": "m"}.get(category, "v")


def _look(name: str) -> str:
    return in_latin(plain(name))


def is_readable(name: str) -> bool:
    """Whether the name is of characters that are seen, and of those that nobody sees only where they mean something."""
    return _READABLE.fullmatch(_kinds(name)) is not None


def _kinds(name: str) -> str:
    return "".join(map(_kind, _TAGGED_FLAG.sub("\U0001f3f4", name)))


class RoomNames:
    """What a room may be called. `restricted` are whole names, compared as they look, in whatever script; `words` are
    in none.
    """

    def __init__(self, options: RoomOptions, restricted: Iterable[str], words: Words) -> None:
        self._options = options
        self._restricted = frozenset(map(_look, restricted))
        self._words = words

    def checked(self, name: str) -> str:
        """The name without blanks around it.

        Raises MISSING_TARGET_DISPLAY_NAME for an empty one, VALIDATION_ERROR for characters that nobody sees where
        they mean nothing, ROOM_NAME_TOO_SHORT by the visible characters with the blanks between them
        (`rooms.min_name`, and at least one), ROOM_NAME_TOO_LONG by all characters (`rooms.max_name`), and
        ROOM_NAME_RESTRICTED for a name of `content.restricted_names` and for one with a word that is not to be said.
        """
        if not name:
            raise ChatError(ErrorCode.MISSING_TARGET_DISPLAY_NAME)
        name = name.strip()
        least, most = max(1, self._options.min_name), self._options.max_name
        if len(name) > most:
            raise ChatError(ErrorCode.ROOM_NAME_TOO_LONG, f"a room name has at most {most} characters")
        if not is_readable(name):
            raise ChatError(ErrorCode.VALIDATION_ERROR, "target.displayName has characters that nobody sees")
        if sum(map(_kinds(name).count, "vc ")) < least:
            raise ChatError(ErrorCode.ROOM_NAME_TOO_SHORT, f"a room name has at least {least} characters")
        if _look(name) in self._restricted or self._words.are_in(name):
            raise ChatError(ErrorCode.ROOM_NAME_RESTRICTED)
        return name
