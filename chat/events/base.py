"""What all events are."""

from __future__ import annotations

from typing import ClassVar

from chat.activities import Stamped
from chat.audiences import (
    Audience,
)


class Event(Stamped, frozen=True, kw_only=True):
    """A fact after its commit. `wire` is its name for clients; `audience()` who hears of it, each session once.

    `may_wait`: large rooms may hear of it a moment later, together with other news, but in the same order.
    """

    wire: ClassVar[str]
    may_wait: ClassVar[bool] = False

    def audience(self) -> tuple[Audience, ...]:
        """Who is told. An event without audience is for observers alone."""
        return ()
