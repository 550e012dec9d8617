"""Questions to other servers over HTTP. Bounded in time, and in what is taken of an answer."""

from __future__ import annotations

from io import BytesIO
from typing import Any, NoReturn
from urllib.parse import urlsplit

import msgspec
from twisted.internet.defer import Deferred, DeferredSemaphore
from twisted.internet.defer import TimeoutError as TwistedTimeoutError
from twisted.internet.error import ConnectError, ConnectionClosed, DNSLookupError
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.client import (
    Agent,
    FileBodyProducer,
    HTTPConnectionPool,
    RequestTransmissionFailed,
    ResponseDone,
    ResponseFailed,
)
from twisted.web.http import PotentialDataLoss
from twisted.web.http_headers import Headers

from chat.errors import OK, ChatError, ErrorCode

ANSWER_LIMIT_BYTES = 65_536
QUESTIONS_AT_ONCE = 100
_PROBLEMS = (
    ConnectError,
    ConnectionClosed,
    DNSLookupError,
    RequestTransmissionFailed,
    ResponseFailed,
    TwistedTimeoutError,
    ValueError,  # a host that is none
)
_HEADERS = Headers({"Content-Type": ["application/json"], "Accept-Encoding": ["identity"]})


class Asker:
    """Asks other servers, QUESTIONS_AT_ONCE at once; the others wait. Every question has a connection of its own.
    Redirects are not followed, cookies not kept, and nothing is inflated.
    """

    log = Logger()

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._agent = Agent(reactor, pool=HTTPConnectionPool(reactor, persistent=False))
        self._turns = DeferredSemaphore(QUESTIONS_AT_ONCE)

    async def ask(self, url: str, question: object, timeout_s: float) -> bytes:
        """POST the question as JSON, and return the body of the answer, which is to be a 200.

        Raises REMOTE_ERROR for another answer, for one of more than ANSWER_LIMIT_BYTES, and for none within the time,
        which the wait for a turn is part of.
        """
        asking = Deferred.fromCoroutine(self._ask(url, msgspec.json.encode(question)))
        try:
            return await asking.addTimeout(timeout_s, self._reactor, _too_late)
        except _PROBLEMS as problem:
            host, reason = urlsplit(url).hostname, type(problem).__name__
            self.log.warn("{host} did not answer: {reason}", host=host, reason=reason)
            raise ChatError(ErrorCode.REMOTE_ERROR) from None

    async def _ask(self, url: str, question: bytes) -> bytes:
        async with self._turns:
            content = FileBodyProducer(BytesIO(question))
            response: Any = await self._agent.request(b"POST", url.encode("ascii"), _HEADERS, content)
            body = _Body()
            response.deliverBody(body)
            received = await body.received
        if response.code != OK:
            raise ResponseFailed([Failure(ChatError(ErrorCode.REMOTE_ERROR))])
        return received


def _too_late(result: object, timeout_s: float) -> NoReturn:
    """Whatever the question ended with when its time was up: a connection that is given up has an error of its own."""
    raise TwistedTimeoutError(timeout_s)


class _Body(Protocol):
    """Collects a body that is not too large. `received` fires with it; nobody wants more when it is cancelled."""

    def __init__(self) -> None:
        self.received: Deferred[bytes] = Deferred(lambda cancelled: self._stop())
        self._bytes = b""

    def dataReceived(self, data: bytes) -> None:
        """See `Protocol`."""
        self._bytes = (self._bytes + data)[: ANSWER_LIMIT_BYTES + 1]
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
