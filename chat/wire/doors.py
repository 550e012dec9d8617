"""The public endpoint's doors: how many connections an address may have, and how long a request may take to come.

WebSockets are counted by address, and one too many is refused when it asks for the upgrade. Connections that are no
WebSocket, among them those that never finish to ask, are counted apart: of too many, the one that has been quiet
longest makes room, so that nobody is kept from the page. The backend endpoint has none of this.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

import msgspec
from autobahn.twisted.resource import WebSocketResource
from twisted.internet.protocol import connectionDone
from twisted.protocols.haproxy._wrapper import HAProxyProtocolWrapper
from twisted.python.failure import Failure
from twisted.web.server import Request

from chat.errors import ErrorCode
from chat.web.addresses import Place, place_of
from chat.web.channel import BoundedChannel, BoundedSite

_TOO_MANY: Final = 429
_CLOSING: Final = b"\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_TOO_LATE: Final = b"HTTP/1.1 408 Request Timeout" + _CLOSING
_CROWDED: Final = b"HTTP/1.1 429 Too Many Requests" + _CLOSING


class Addresses:
    """The connections of an endpoint by address: at most `limit` WebSockets each, and as many others."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._sockets: Counter[bytes] = Counter()
        self._others: dict[bytes, dict[PublicChannel, None]] = {}

    def has_room(self, place: Place) -> bool:
        """Whether one more WebSocket may come from there."""
        return place is None or self._sockets[place] < self._limit

    def came(self, place: Place) -> None:
        """A WebSocket is there."""
        if place is not None:
            self._sockets[place] += 1

    def went(self, place: Place) -> None:
        """A WebSocket has ended."""
        if place is not None:
            self._sockets[place] -= 1
            if not self._sockets[place]:
                del self._sockets[place]

    def stirred(self, channel: PublicChannel, place: Place) -> None:
        """A connection that is no WebSocket is there or has asked something. It may cost the quietest its place."""
        if place is None:
            return
        channels = self._others.setdefault(place, {})
        channels.pop(channel, None)
        channels[channel] = None
        if len(channels) > self._limit:
            quietest = next(iter(channels))
            self.left(quietest, place)
            quietest.make_room()

    def left(self, channel: PublicChannel, place: Place) -> None:
        """The connection has ended, or is a WebSocket now. Harmless the second time."""
        channels = None if place is None else self._others.get(place)
        if place is not None and channels is not None:
            channels.pop(channel, None)
            if not channels:
                del self._others[place]


class PublicChannel(BoundedChannel):
    """An HTTP connection of a PublicSite. The head of a request has to be there `timeOut` seconds after the connection,
    or after the answer before, however slowly it comes; a body may not pause for longer.
    """

    site: PublicSite
    _place: Place = None
    _is_counted = _has_asked = False

    def connectionMade(self) -> None:
        """See `IProtocol`. Behind a proxy, the client's address comes with the first bytes."""
        super().connectionMade()
        if not isinstance(self.transport, HAProxyProtocolWrapper):
            self._count()

    def dataReceived(self, data: bytes) -> None:
        """See `IProtocol`."""
        if not self._is_counted:
            self._count()
        super().dataReceived(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """See `IProtocol`."""
        self.leave()
        super().connectionLost(reason)

    def allContentReceived(self) -> None:
        """A request is complete."""
        self._has_asked = True
        self.site.addresses.stirred(self, self._place)
        super().allContentReceived()

    def resetTimeout(self) -> None:
        """Bytes came: that counts for a body, not for a head."""
        if not self.line_mode:
            super().resetTimeout()

    def timeoutConnection(self) -> None:
        """A request, or the next one, is too late."""
        self._end(_TOO_LATE)

    def make_room(self) -> None:
        """Others need the place."""
        self._end(_CROWDED)

    def _end(self, answer: bytes) -> None:
        """Close, with an answer unless there was one already: a client takes it for that to what it is about to ask."""
        if not self._handlingRequest and (self.requests or not self._has_asked):
            self.transport.write(answer)
        self.give_up()

    def leave(self) -> None:
        """Not counted any more."""
        self.site.addresses.left(self, self._place)

    def _count(self) -> None:
        self._is_counted = True
        self._place = place_of(self.transport.getPeer())
        self.site.addresses.stirred(self, self._place)


class PublicSite(BoundedSite):
    """A site whose connections are counted in `addresses`, which are set before it serves."""

    protocol: Any = PublicChannel
    addresses: Addresses

    def log(self, request: Any) -> None:
        """A line for a request; none for those who are turned away, of which there could be any number."""
        if request.code != _TOO_MANY:
            super().log(request)


class WebSocketDoor(WebSocketResource):
    """The leaf of the web tree that upgrades to WebSocket, as long as there is room for one more."""

    def render(self, request: Request) -> Any:
        """See `IResource`."""
        if not self._factory.addresses.has_room(place_of(request.getClientAddress())):
            return _refusal(request)
        if isinstance(request.channel, PublicChannel):
            request.channel.leave()
        return super().render(request)


def _refusal(request: Request) -> bytes:
    request.setResponseCode(_TOO_MANY)
    request.setHeader("Content-Type", "application/json")
    code = ErrorCode.RATE_LIMITED.wire
    return msgspec.json.encode({"status_code": code, "message": "too many connections from this address"})
