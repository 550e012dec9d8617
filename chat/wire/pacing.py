"""Takes in what a client sent in portions, so that nobody who sends much keeps the others waiting.

One read of a socket brings up to 64 KiB, which can be thousands of small frames. Only so many are handled in a turn of
the reactor; the rest waits for a later one, and nothing is read meanwhile. Reading that is paused stops with the
portion, also for what has been read.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from chat.wire.bounded import BoundedProtocol
from chat.wire.inbound import whole_text_frames

# Between portions of what a client sends after the server has closed: only its own close matters then.
CLOSING_PAUSE_S = 0.1


class PacedProtocol(BoundedProtocol):
    """Autobahn's protocol of the server's side, in portions, and with a short cut for whole text frames."""

    # How much is a portion: frames that take the short cut, fewer from clients that had to be paused; and steps of
    # Autobahn, of which two make a frame.
    frames_at_once = 64
    frames_once_paused = 8
    steps_at_once = 32

    transport: Any
    factory: Any
    maxFramePayloadSize: int

    bytes_in = 0
    _is_held = False
    _is_cut_short = False
    _steps_left = 0
    _next: IDelayedCall | None = None

    def pause_reading(self) -> None:
        """See `ClientLink`."""
        self._is_held = True
        self.frames_at_once = self.frames_once_paused
        self.transport.pauseProducing()

    def resume_reading(self) -> None:
        """See `ClientLink`."""
        self._is_held = False
        if self._next is None:
            self._go_on_later()

    def dataReceived(self, data: bytes) -> None:
        """Bytes of the client."""
        self.bytes_in += len(data)
        if self._is_held or self._next is not None:
            self._put_off(data)
        else:
            self._take(data)
            if self._is_cut_short:
                self._go_on_later()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The transport is gone."""
        if self._next is not None:
            self._next.cancel()
            self._next = None
        super().connectionLost(reason)

    def processData(self) -> bool:
        """One step of Autobahn. Whether there is another one now."""
        self._steps_left -= 1
        if self._steps_left < 0:
            self._is_cut_short = True
            return False
        more: bool = super().processData()
        return more

    def _put_off(self, data: bytes) -> None:
        self.data += data
        self._is_cut_short = True

    def _take(self, data: bytes) -> None:
        """One portion. Whole text frames take the short cut when Autobahn is not in the middle of something."""
        if self._may_take_short_cut():
            payloads, taken = whole_text_frames(data, self.maxFramePayloadSize, self.frames_at_once)
            for payload in payloads:
                self.onMessage(payload, False)
            if payloads and self.autoPingTimeoutCall:
                self._cancelAutoPingTimeoutCall()
            data = data[taken:]
            if not data:
                return
            if len(payloads) == self.frames_at_once:
                self._put_off(data)
                return
        self._steps_left = self.steps_at_once
        self._dataReceived(data)

    def _may_take_short_cut(self) -> bool:
        is_open = self.state in (self.STATE_OPEN, self.STATE_CLOSING)
        return is_open and not self.data and self.current_frame is None and not self.inside_message

    def _go_on_later(self) -> None:
        """What has been read has a turn of its own; when there is nothing more, the transport reads on."""
        if self._is_held or self.state == self.STATE_CLOSED:
            return
        if self._is_cut_short:
            self.transport.pauseProducing()
            pause_s = 0 if self.state == self.STATE_OPEN else CLOSING_PAUSE_S
            self._next = self.factory.reactor.callLater(pause_s, self._go_on)
        else:
            self.transport.resumeProducing()

    def _go_on(self) -> None:
        self._next = None
        if not self._is_held:
            data, self.data, self._is_cut_short = self.data, b"", False
            self._take(data)
            self._go_on_later()
