"""The Autobahn adapter: WebSocket connections of `/ws` become `Connection`s.

Outbound bytes are bounded here: while a write has not finished, frames wait in this object; too many of them, or too
long a wait, and the client is cut with 4008. So are the frames that are no commands: pings, pongs and fragments.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from autobahn.twisted.websocket import WebSocketServerFactory
from autobahn.websocket.types import ConnectionDeny, ConnectionRequest
from twisted.internet.interfaces import IDelayedCall, IPushProducer
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from chat.buckets import Rate, TokenBucket
from chat.times import monotonic
from chat.web.addresses import Place, place_of
from chat.wire.bounded import CLOSE_HANDSHAKE_S
from chat.wire.doors import Addresses
from chat.wire.ending import Ending
from chat.wire.frames import CloseCode, JsonArrayFraming, Malformed, parse
from chat.wire.front import Front, ReplyFraming
from chat.wire.lean import with_options_of
from chat.wire.pacing import PacedProtocol
from chat.wire.session import Connection

STALL_S = 30.0
REASON_BYTES = 123
# How many frames that are no whole message a client may send for each command that it may send.
FRAMES_PER_COMMAND = 5
_TEXT, _BINARY, _CLOSE = 1, 2, 8
_FORBIDDEN, _UNAVAILABLE = 403, 503
_log = Logger()


@implementer(IPushProducer)
class WebSocketLink(PacedProtocol):
    """One client of `/ws`. Also the producer of its transport, which tells when a write has not finished."""

    tcpNoDelay = True
    framing: ReplyFraming = JsonArrayFraming()
    carrier = "websocket"
    bytes_out = 0

    factory: WebSocketFront
    chat: Connection | None = None
    _held: list[bytes] | None = None
    _held_bytes = 0
    _stall: IDelayedCall | None = None
    _pinged: bytes | None = None
    _is_deaf = False
    _frames: TokenBucket | None = None
    _place: Place = None

    # What Autobahn says

    def onConnect(self, request: ConnectionRequest) -> None:
        """Refuse pages of other origins, and everybody while the server is about to stop."""
        if self.factory.front.is_draining:
            raise ConnectionDeny(_UNAVAILABLE, "the server restarts, come back")
        if not self.factory.allows(request.headers.get("origin"), request.headers["host"]):
            raise ConnectionDeny(_FORBIDDEN, "origin not allowed")

    def onOpen(self) -> None:
        """The handshake is done."""
        try:
            self.transport.unregisterProducer()
            self.transport.registerProducer(self, True)
            self.chat = Connection(self.factory.front, self)
            self.chat.opened()
        except Exception:
            self._broke()

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        """A whole message."""
        chat = self.chat
        if chat is None or self.state != self.STATE_OPEN:
            return
        try:
            if isBinary:
                chat.close(CloseCode.NOT_TEXT, "text frames only")
            else:
                chat.command(parse(payload))
        except Malformed as problem:
            chat.malformed(problem)
        except Exception:
            self._broke()

    def onPing(self, payload: bytes) -> None:
        """Answer; while a write has not finished, only the newest is answered afterwards (RFC 6455, section 5.5.3)."""
        if self._held is None:
            self.sendPong(payload)
        else:
            self._pinged = payload

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
        """The connection is gone; without a handshake there is nothing to end."""
        self._stop_stall_timer()
        chat, self.chat = self.chat, None
        if chat is not None:
            chat.closed(self._ending(code, reason))

    def onFrameBegin(self) -> None:
        """A frame begins that does not take the short cut. Too many that are no whole messages are a flood."""
        super().onFrameBegin()
        frame = self.current_frame
        is_whole = frame.fin and frame.opcode in (_TEXT, _BINARY)
        if self.state == self.STATE_OPEN and not is_whole and frame.opcode != _CLOSE and not self._may_have_frame():
            self.close(CloseCode.FLOOD, "flood")

    def connectionMade(self) -> None:
        """The upgrade is asked for."""
        super().connectionMade()
        self._place = place_of(self.transport.getPeer())
        self.factory.addresses.came(self._place)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The transport is gone."""
        self.factory.addresses.went(self._place)
        self._place = None
        super().connectionLost(reason)

    def _may_have_frame(self) -> bool:
        now = self.factory.seconds()
        if self._frames is None:
            self._frames = TokenBucket(self.factory.frame_rate)
        if self._frames.wait_s(now) > 0:
            return False
        self._frames.take(now)
        return True

    def _ending(self, code: int | None, reason: str | None) -> Ending:
        if self.closedByMe:
            return Ending("server", self.localCloseCode, (self.localCloseReason or b"").decode("utf-8", "replace"))
        if self.wasClean:
            return Ending("client", code, reason or "")
        return Ending("server" if self.droppedByMe else "network", code, str(self.wasNotCleanReason))

    def _broke(self) -> None:
        _log.failure("a connection broke")
        self.close(CloseCode.BUG, "internal error")

    # What the conversation wants

    @property
    def is_behind(self) -> bool:
        """See `Link`."""
        return self._held is not None

    def write(self, frames: bytes) -> None:
        """See `Link`."""
        if self.state != self.STATE_OPEN:
            return
        self.bytes_out += len(frames)
        if self._held is None:
            self.transport.write(frames)
            return
        self._held.append(frames)
        self._held_bytes += len(frames)
        if self._held_bytes > self.factory.front.limits.outbound_bytes:
            self._cut(f"{self._held_bytes} bytes wait")

    def close(self, code: int, reason: str) -> None:
        """See `Link`. What waits goes out before the close frame."""
        if self.state != self.STATE_OPEN:
            return
        if self._held:
            self.transport.write(b"".join(self._held))
            self._held, self._held_bytes = [], 0
        self._stop_stall_timer()
        self.sendCloseFrame(code, reason.encode()[:REASON_BYTES])
        if code == CloseCode.FLOOD:
            self._turn_deaf()

    def resume_reading(self) -> None:
        """See `ClientLink`."""
        if not self._is_deaf:
            super().resume_reading()

    def _turn_deaf(self) -> None:
        """What a flood still brings costs time, also that of looking for the answer to the close among it."""
        self._is_deaf = True
        self.pause_reading()
        self.abort_soon()

    # What the transport says

    def pauseProducing(self) -> None:
        """A write has not finished: hold back."""
        if self._held is None:
            self._held = []
            self._stall = self.factory.reactor.callLater(STALL_S, self._cut, f"nothing for {STALL_S:g} s")

    def resumeProducing(self) -> None:
        """Everything written is with the kernel."""
        self._stop_stall_timer()
        held, self._held, self._held_bytes = self._held, None, 0
        if held and self.state == self.STATE_OPEN:
            self.transport.write(b"".join(held))
        pinged, self._pinged = self._pinged, None
        if pinged is not None:
            self.onPing(pinged)

    def stopProducing(self) -> None:
        """The transport is gone; `onClose` follows."""

    def _cut(self, why: str) -> None:
        """The client does not read: end it."""
        _log.info("{peer} does not read: {why}", peer=self.peer, why=why)
        self._held, self._held_bytes = [], 0
        self.close(CloseCode.SLOW_CONSUMER, "too slow")

    def _stop_stall_timer(self) -> None:
        stall, self._stall = self._stall, None
        if stall is not None and stall.active():
            stall.cancel()


class WebSocketFront(WebSocketServerFactory):
    """The `/ws` of one server. `origins` are the pages that may connect, next to those of the same host."""

    def __init__(self, front: Front, reactor: Any, origins: tuple[str, ...]) -> None:
        super().__init__(reactor=reactor)
        self.front = front
        self._origins = {origin.rstrip("/").lower() for origin in origins}
        self.seconds = monotonic(reactor)
        limits = front.limits
        self.addresses = Addresses(limits.connections_per_address)
        self.frame_rate = Rate(FRAMES_PER_COMMAND * limits.commands_per_s, FRAMES_PER_COMMAND * limits.burst)
        self.setProtocolOptions(
            maxFramePayloadSize=limits.frame_bytes,
            maxMessagePayloadSize=limits.frame_bytes,
            autoPingInterval=limits.ping_interval_s,
            autoPingTimeout=limits.ping_timeout_s,
            closeHandshakeTimeout=CLOSE_HANDSHAKE_S,
            openHandshakeTimeout=limits.login_timeout_s,
            failByDrop=False,
            allowNullOrigin=True,
            serveFlashSocketPolicy=False,
            webStatus=False,
        )
        self.protocol = with_options_of(self, WebSocketLink)

    def allows(self, origin: str | None, host: str) -> bool:
        """Whether a page of `origin` may connect to `host`. Clients that are no browsers send no origin."""
        if origin is None or "*" in self._origins or origin.lower() in self._origins:
            return True
        return urlsplit(origin).netloc.lower() == host.strip().lower()
