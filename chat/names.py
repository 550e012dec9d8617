"""The names that users give to rooms. Rules of the verbs `create` and `rename_room`, not of the store: other fronts
need equal, short and empty names.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from chat.config import RoomOptions
from chat.errors import ChatError, ErrorCode


def folded(name: str) -> str:
    """What two names have in common that people take for the same: case and compatible characters aside."""
    return unicodedata.normalize("NFKC", name).casefold()


class RoomNames:
    """What a room may be called. `restricted` are whole names, compared folded."""

    def __init__(self, options: RoomOptions, restricted: Iterable[str]) -> None:
        self._options = options
        self._restricted = frozenset(map(folded, restricted))

    def checked(self, name: str) -> str:
        """The name without blanks around it.

        Raises MISSING_TARGET_DISPLAY_NAME for an empty one, VALIDATION_ERROR for control characters,
        ROOM_NAME_TOO_SHORT and ROOM_NAME_TOO_LONG by the characters of `rooms.min_name` and `rooms.max_name`, and
        ROOM_NAME_RESTRICTED for a name of `content.restricted_names`.
        """
        if not name:
            raise ChatError(ErrorCode.MISSING_TARGET_DISPLAY_NAME)
        if any(unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in name):
            raise ChatError(ErrorCode.VALIDATION_ERROR, "target.displayName has a control character")
        name = name.strip()
        if len(name) < self._options.min_name or not name:
            raise ChatError(
                ErrorCode.ROOM_NAME_TOO_SHORT, f"a room name has at least {self._options.min_name} characters"
            )
        if len(name) > self._options.max_name:
            raise ChatError(
                ErrorCode.ROOM_NAME_TOO_LONG, f"a room name has at most {self._options.max_name} characters"
            )
        if folded(name) in self._restricted:
            raise ChatError(ErrorCode.ROOM_NAME_RESTRICTED)
        return name
