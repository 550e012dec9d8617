"""What all events are."""

from __future__ import annotations

from typing import ClassVar

from chat.activities import Stamped
from chat.audiences import (
    Audience,
)


class Event(Stamped, frozen=True, kw_only=True):
    """A fact after its commit. `wire` is its name for clients; `audience()` who hears of it, each session once."""

    wire: ClassVar[str]

    def audience(self) -> tuple[Audience, ...]:
        """Who is told. An event without audience is for observers alone."""
        return ()
