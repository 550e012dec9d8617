"""What connections of all kinds share, and what they need of the link that carries them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from twisted.internet.interfaces import IReactorTime

from chat.config import Limits
from chat.pipeline import Pipeline
from chat.presence import Framing, Link
from chat.wire.activity import Encoder
from chat.wire.delivery import Delivery
from chat.wire.frames import ReplyId

if TYPE_CHECKING:
    from chat.wire.session import Connection


class ReplyFraming(Framing, Protocol):
    """A framing that can also carry replies."""

    def reply(self, event: str, body: bytes, reply_id: ReplyId) -> bytes:
        """The bytes of a reply to the request that had `reply_id`."""


class ClientLink(Link, Protocol):
    """A link that can stop reading from its client."""

    framing: ReplyFraming

    def pause_reading(self) -> None:
        """Read nothing more until told so."""

    def resume_reading(self) -> None:
        """Read again."""


class Counters:
    """What a session did, for its one log line."""

    __slots__ = ("commands", "refusals")

    def __init__(self) -> None:
        self.commands = 0
        self.refusals = 0


class Front:
    """What all connections of a server share. `connections` are those whose session is not over."""

    def __init__(
        self, pipeline: Pipeline, delivery: Delivery, encoder: Encoder, limits: Limits, clock: IReactorTime
    ) -> None:
        self.pipeline = pipeline
        self.delivery = delivery
        self.encoder = encoder
        self.limits = limits
        self.clock = clock
        self.connections: set[Connection] = set()
