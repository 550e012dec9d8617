"""HTTP/1.1 connections of the server, whatever they ask."""

from __future__ import annotations

from typing import Any

from twisted.web.http import HTTPChannel
from twisted.web.server import Site

LENGTH_DIGITS = 18


class BoundedChannel(HTTPChannel):
    """A connection that answers 400 to a length of the body that nobody can have."""

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


class BoundedSite(Site):
    """A site whose connections are BoundedChannels, and whose requests are BoundedRequests."""

    protocol: Any = BoundedChannel

    def log(self, request: Any) -> None:
        """See `HTTPFactory`: the request was answered."""
        request.note(request.code)
