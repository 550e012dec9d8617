"""Autobahn's server side of WebSocket, without the places where a client alone decides how much is kept or how long."""

from __future__ import annotations

from typing import Any

from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from chat.wire.lean import LeanProtocol

CLOSE_HANDSHAKE_S = 5.0
CONTROL_BYTES = 125
_FIRST_CONTROL_OPCODE, _PONG = 8, 10


class BoundedProtocol(LeanProtocol):
    """A connection that keeps no more of its client than one message of the allowed size, and ends when it shall."""

    factory: Any
    transport: Any
    _last_call: IDelayedCall | None = None

    def onFrameData(self, payload: bytes) -> bool | None:
        """A part of a frame. Of a control frame that is too long nothing is kept: it is refused already, and what
        comes of it is only read until the connection is closed.
        """
        if self.current_frame.opcode >= _FIRST_CONTROL_OPCODE and self.current_frame.length > CONTROL_BYTES:
            return True
        go_on: bool | None = super().onFrameData(payload)
        return go_on

    def processControlFrame(self) -> bool:
        """A whole control frame. A pong that was not asked for is passed over: Autobahn would log each of them."""
        if self.current_frame.opcode == _PONG and b"".join(self.control_frame_data) != self.autoPingPending:
            self.control_frame_data = []
            return True
        go_on: bool = super().processControlFrame()
        return go_on

    def onMessageFrameData(self, payload: bytes) -> None:
        """A part of a message. An empty one is not kept: there may be any number of them."""
        if payload:
            super().onMessageFrameData(payload)

    def _closeConnection(self, abort: bool = False) -> None:
        """Close the TCP connection after what is still to be sent, which a client that does not read would put off
        for ever. Where both sides have said that they close it is not torn down either: our close frame may be on its
        way yet, and a reset would overtake it.
        """
        abort = abort and not self.wasClean
        super()._closeConnection(abort)
        if not abort:
            self.abort_soon()

    def abort_soon(self) -> None:
        """End the TCP connection in due time, whatever the client does."""
        if self._last_call is None:
            self._last_call = self.factory.reactor.callLater(CLOSE_HANDSHAKE_S, self._abort)

    def _abort(self) -> None:
        self._last_call = None
        self.transport.abortConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The TCP connection is gone, and with it all that was still to be waited for."""
        if self._last_call is not None:
            self._last_call.cancel()
            self._last_call = None
        if self.closeHandshakeTimeoutCall is not None:
            self.closeHandshakeTimeoutCall.cancel()
            self.closeHandshakeTimeoutCall = None
        super().connectionLost(reason)
