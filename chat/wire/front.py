"""What connections of all kinds share, and what they need of the link that carries them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from twisted.internet.interfaces import IReactorTime

from chat.config import Limits
from chat.pipeline import Pipeline
from chat.sessions import Framing, Link
from chat.times import monotonic
from chat.wire.delivery import Delivery
from chat.wire.encoding import Encoder
from chat.wire.frames import ReplyId
from chat.wire.meters import Meters

if TYPE_CHECKING:
    from chat.wire.session import Connection


class ReplyFraming(Framing, Protocol):
    """A framing that can also carry replies."""

    def reply(self, event: str, body: bytes, reply_id: ReplyId) -> bytes:
        """The bytes of a reply to the request that had `reply_id`."""


class ClientLink(Link, Protocol):
    """A link that can stop reading from its client. `carrier` says what kind of connection it is, `peer` where to;
    `bytes_in` and `bytes_out` count what came and what was written.
    """

    framing: ReplyFraming
    carrier: str
    peer: str | None
    bytes_in: int
    bytes_out: int

    def pause_reading(self) -> None:
        """Read nothing more until told so."""

    def resume_reading(self) -> None:
        """Read again."""


class Front:
    """What all connections of a server share. `connections` are those whose session is not over; while the server is
    draining there is to be no new one. `meters` count what becomes of them.
    """

    def __init__(
        self, pipeline: Pipeline, delivery: Delivery, encoder: Encoder, limits: Limits, clock: IReactorTime
    ) -> None:
        self.pipeline = pipeline
        self.delivery = delivery
        self.encoder = encoder
        self.limits = limits
        self.clock = clock
        self.meters = Meters(monotonic(clock))
        self.connections: set[Connection] = set()
        self.is_draining = False
