"""Questions to other servers over HTTP. Bounded in time, and in what is taken of an answer."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from treq.client import HTTPClient
from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as TwistedTimeoutError
from twisted.internet.error import ConnectError, ConnectionClosed, DNSLookupError
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.client import Agent, HTTPConnectionPool, ResponseDone, ResponseFailed
from twisted.web.http import PotentialDataLoss

from chat.errors import OK, ChatError, ErrorCode

ANSWER_LIMIT_BYTES = 65_536
_PROBLEMS = (ConnectError, ConnectionClosed, DNSLookupError, ResponseFailed, TwistedTimeoutError)


class Asker:
    """Asks other servers. Every question has a connection of its own."""

    log = Logger()

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor

    async def ask(self, url: str, question: object, timeout_s: float) -> bytes:
        """POST the question as JSON, and return the body of the answer, which is to be a 200.

        Raises REMOTE_ERROR for another answer, for one of more than ANSWER_LIMIT_BYTES, and for none within the time.
        """
        asking = Deferred.fromCoroutine(self._ask(url, question))
        try:
            return await asking.addTimeout(timeout_s, self._reactor)
        except _PROBLEMS as problem:
            host, reason = urlsplit(url).hostname, type(problem).__name__
            self.log.warn("{host} did not answer: {reason}", host=host, reason=reason)
            raise ChatError(ErrorCode.REMOTE_ERROR) from None

    async def _ask(self, url: str, question: object) -> bytes:
        client = HTTPClient(Agent(self._reactor, pool=HTTPConnectionPool(self._reactor, persistent=False)))
        response: Any = await client.post(url, json=question, allow_redirects=False, unbuffered=True)
        body = _Body()
        response.deliverBody(body)
        received = await body.received
        if response.code != OK:
            raise ResponseFailed([Failure(ChatError(ErrorCode.REMOTE_ERROR))])
        return received


class _Body(Protocol):
    """Collects a body that is not too large. `received` fires with it; nobody wants more when it is cancelled."""

    def __init__(self) -> None:
        self.received: Deferred[bytes] = Deferred(lambda cancelled: self._stop())
        self._bytes = b""

    def dataReceived(self, data: bytes) -> None:
        """See `Protocol`."""
        self._bytes += data
        if len(self._bytes) > ANSWER_LIMIT_BYTES:
            self._stop()

    def _stop(self) -> None:
        if self.transport is not None:
            self.transport.loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """See `Protocol`."""
        if self.received.called:
            return
        if reason.check(ResponseDone, PotentialDataLoss) and len(self._bytes) <= ANSWER_LIMIT_BYTES:
            self.received.callback(self._bytes)
        else:
            self.received.errback(Failure(ResponseFailed([reason])))
