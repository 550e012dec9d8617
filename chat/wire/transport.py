"""A TCP transport that sends at once what the kernel takes, for every protocol above it.

Twisted's own `write` waits for the next turn of the reactor and costs two calls of epoll_ctl and an event each time;
that is most of the price of a small message to many. What the kernel does not take goes the usual way. A producer is
paused as soon as anything is left over, so that whoever writes knows at once.
"""

from __future__ import annotations

from typing import Any

from twisted.internet import tcp


class PromptServer(tcp.Server):
    """A server-side connection; set as `Port.transport`."""

    def write(self, data: bytes) -> None:
        """Send, or queue what cannot be sent now. An error shows up as the loss of the connection, later."""
        idle = not self._tempDataBuffer and self.offset == len(self.dataBuffer)
        if idle and not self.TLS and self.connected and not self.disconnecting and not self._writeDisconnected:
            try:
                sent = self.socket.send(data)
            except OSError:
                sent = 0
            if sent == len(data):
                return
            data = data[sent:]
        super().write(data)

    def _maybePauseProducer(self) -> None:
        """Pause a producer once, though several writes wait: some count their pauses, and are resumed once."""
        if not self.producerPaused:
            super()._maybePauseProducer()

    def _isSendBufferFull(self) -> bool:
        """Whether producers are to pause: as soon as something waits."""
        return bool(self._tempDataBuffer) or len(self.dataBuffer) > self.offset


def make_prompt(port: Any) -> None:
    """Let the connections that a listening TCP port accepts from now on be PromptServers."""
    if isinstance(port, tcp.Port) and port.transport is tcp.Server:
        port.transport = PromptServer
