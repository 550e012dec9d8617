"""A client of a server in this process: the bytes of its connection go through memory."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from chat.wire.session import Connection
from chat.wire.websocket import WebSocketFront
from tests.frames import CLOSE, HANDSHAKE, PING, PONG, TEXT, frame, split
from tests.hostile.oracle import check_text

ANSWER_TIMEOUT_S = 60.0
NO_CODE = 1005


class Attacker(StringTransport):
    """One connection: the client, and the transport of the server's side.

    `said` is what the server wrote, whole frames in order, as pairs of the first byte and the payload; `parts` what was
    in its text frames. `close_code` is that of the server's close frame.
    """

    def __init__(self, front: WebSocketFront, reactor: Any) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.said: list[tuple[int, bytes]] = []
        self.parts: list[list[Any]] = []
        self.close_code: int | None = None
        self.is_lost = False
        self._problem: Failure | None = None
        self._reactor = reactor
        self._outbound: list[bytes] = []
        self._awaited: dict[Any, Deferred[Any]] = {}
        self._calls = 0
        link: Any = front.buildProtocol(None)
        self.link = link
        self.link.makeConnection(self)
        self.send(HANDSHAKE)
        # The server's side of the conversation; the link forgets it at the end.
        self.chat: Connection = self.link.chat

    @property
    def is_open(self) -> bool:
        """Whether the server has neither closed nor lost the connection."""
        return self.close_code is None and not self.is_lost

    # The client

    def send(self, data: bytes) -> None:
        """Put bytes on the wire. The server gets them when it reads."""
        self._outbound.append(data)
        self._transmit()

    def ask(self, event: str, body: str) -> Deferred[Any]:
        """Send a command that is meant well. Fires with the body of the reply, or None when the connection is lost."""
        self._calls += 1
        name = f"call-{self._calls}"
        reply = self._awaited[name] = Deferred()
        self.send(frame(TEXT, f'["{event}",{body},"{name}"]'.encode()))
        if self.is_lost or self._problem:
            self._give_up()
        return reply.addTimeout(ANSWER_TIMEOUT_S, self._reactor)

    def vanish(self) -> None:
        """Break the connection."""
        if not self.is_lost:
            self.loseConnection()

    # The server's transport

    def write(self, data: bytes) -> None:
        """The server writes: its answer to the handshake, then whole frames."""
        if data.startswith(b"HTTP/1.1 101 "):
            return
        frames, rest = split(data)
        assert not rest
        for first, payload in frames:
            self.said.append((first, payload))
            if first == TEXT:
                self._hear(payload)
            elif first == CLOSE:
                self.close_code = int.from_bytes(payload[:2], "big") if payload else NO_CODE
                self._reactor.callLater(0, self.send, frame(CLOSE, b""))
            elif first == PING:
                self._reactor.callLater(0, self.send, frame(PONG, payload))

    def _hear(self, payload: bytes) -> None:
        """What is wrong with a frame is for who asks next to know: the server's own code is below this call."""
        try:
            parts = check_text(payload)
        except (AssertionError, ValueError, RecursionError):
            self._problem = Failure()
            self._give_up()
            return
        self.parts.append(parts)
        reply = self._awaited.pop(parts[2], None) if len(parts) > 2 and isinstance(parts[2], str) else None
        if reply is not None:
            self._reactor.callLater(0, reply.callback, parts[1])

    def loseConnection(self) -> None:
        """The end of the connection, from whichever side."""
        if not self.is_lost:
            self.is_lost = True
            self._outbound.clear()
            self._reactor.callLater(0, self._lost)

    def abortConnection(self) -> None:
        """The end of the connection, at once."""
        self.loseConnection()

    def unregisterProducer(self) -> None:
        """The server does not want to be told any more when it may write."""
        self.producer = None

    def resumeProducing(self) -> None:
        """The server reads again."""
        if not self.is_lost:
            super().resumeProducing()  # type: ignore[no-untyped-call]
            self._reactor.callLater(0, self._transmit)

    def _transmit(self) -> None:
        while self._outbound and self.producerState == "producing" and not self.is_lost:
            self.link.dataReceived(self._outbound.pop(0))

    def _lost(self) -> None:
        self.link.connectionLost(Failure(ConnectionDone()))
        self._give_up()

    def _give_up(self) -> None:
        awaited, self._awaited = self._awaited, {}
        for reply in awaited.values():
            self._reactor.callLater(0, reply.callback, self._problem)
