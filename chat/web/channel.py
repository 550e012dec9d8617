"""HTTP/1.1 connections of the server, whatever they ask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.web.http import HTTPChannel
from twisted.web.server import Site

LENGTH_DIGITS = 18
_TOO_LATE = 408


class BoundedChannel(HTTPChannel):
    """A connection that answers 400 to a length of the body that nobody can have."""

    transport: Any

    def headerReceived(self, line: bytes) -> bool:
        """One header. Python does not read a number of thousands of digits, and Twisted does not expect that."""
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length" and len(value.strip()) > LENGTH_DIGITS:
            line = b"Content-Length: too long"
        is_good: bool = super().headerReceived(line)
        return is_good

    @property
    def asked(self) -> tuple[bytes, bytes]:
        """Method and path, without the query, of a request that is not complete yet."""
        return self._command, self._path.partition(b"?")[0]

    def give_up(self) -> None:
        """Close, and do not wait for long until the other side has taken what is left to send."""
        self.setTimeout(None)
        self._abortingCall = self.callLater(self.abortTimeout, self.forceAbortClient)
        self.loseConnection()

    def forceAbortClient(self) -> None:
        """It does not take what is left to send. No line in the log, of which there could be any number."""
        self._abortingCall = None
        self.transport.abortConnection()


class PromptChannel(BoundedChannel):
    """A connection on which a request is complete, its body included, `timeOut` seconds after its first byte, however
    slowly it comes: else it is answered with 408. Between requests it may be quiet for as long, and is then closed.
    """

    _is_asking = False

    def dataReceived(self, data: bytes) -> None:
        """See `IProtocol`."""
        if not (self._is_asking or self._handlingRequest):
            self._is_asking = True
            self.setTimeout(self.timeOut)
        super().dataReceived(data)

    def resetTimeout(self) -> None:
        """That bytes come is not enough."""

    def allContentReceived(self) -> None:
        """A request is complete."""
        self._is_asking = False
        super().allContentReceived()

    def timeoutConnection(self) -> None:
        """The request, or the next one, is too late."""
        for request in self.requests:
            request.turn_away(_TOO_LATE, f"the request was not complete after {self.timeOut} s")
        self.give_up()


class BoundedSite(Site):
    """A site whose connections are BoundedChannels, and whose requests are BoundedRequests."""

    protocol: Any = BoundedChannel

    def log(self, request: Any) -> None:
        """See `HTTPFactory`: the request was answered."""
        request.note(request.code)

    def turned_away(self, status: int) -> int:
        """A request is answered with this HTTP status before it has come as a whole; or with the one returned."""
        return status


class PromptSite(BoundedSite):
    """A site whose connections are PromptChannels. `counted`, set before it serves, is told the status of each request
    that is turned away, and returns the one to answer with.
    """

    protocol: Any = PromptChannel
    counted: Callable[[int], int]

    def turned_away(self, status: int) -> int:
        """See `BoundedSite`."""
        return self.counted(status)
