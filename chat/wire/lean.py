"""Autobahn's protocol of the server's side without what it keeps for every connection: most of 6 KB.

Options are those of the factory and need no copy in each connection. What the handshake leaves behind is of no use
after it, and most of the rest is as every connection begins; that much stands in the class.
"""

from __future__ import annotations

from typing import Any

from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from autobahn.websocket.protocol import TrafficStats
from autobahn.websocket.utf8validator import Utf8Validator

_LEFTOVERS = frozenset(
    {
        "http_headers", "http_request_data", "http_request_host", "http_request_params", "http_request_path",
        "http_request_uri", "http_response_data", "http_status_line", "is_open", "websocket_extensions",
        "websocket_extensions_in_use", "websocket_origin", "websocket_protocols", "_results", "_transport_details",
        "_valid_events", "_wskey",
    }
)  # fmt: skip
# As Autobahn begins every connection.
_AT_FIRST = dict.fromkeys(
    (
        "autoPingPending", "autoPingPendingSent", "autoPingTimeoutCall", "closeHandshakeTimeoutCall", "current_frame",
        "localCloseCode", "localCloseReason", "openHandshakeTimeoutCall", "remoteCloseCode", "remoteCloseReason",
        "trackedTimings", "wasNotCleanReason", "websocket_protocol_in_use", "_perMessageCompress",
    )
) | dict.fromkeys(
    (
        "closedByMe", "droppedByMe", "failedByMe", "inside_message", "triggered", "wasClean",
        "wasCloseHandshakeTimeout", "wasMaxFramePayloadSizeExceeded", "wasMaxMessagePayloadSizeExceeded",
        "wasOpenHandshakeTimeout", "wasServerConnectionDropTimeout", "wasServingFlashSocketPolicyFile",
    ),
    False,
) | {"autoPingPendingSeq": 0, "data": b"", "websocket_version": 13}  # fmt: skip


class _Unheard:
    """Instead of a Deferred that nobody waits for, and that would hold its connection."""

    def callback(self, result: object) -> None:
        """Nobody hears."""


class _MadeWhenNeeded:
    """The attribute of that name is made when it is asked for, and is an ordinary attribute then."""

    def __init__(self, name: str, make: Any) -> None:
        self._name = name
        self._make = make

    def __get__(self, owner: Any, cls: Any) -> Any:
        if owner is None:
            return self
        made = vars(owner)[self._name] = self._make()
        return made


# Nobody asks what was sent and received, and writes in pieces alone would need a queue.
_INSTEAD = {
    "is_closed": _Unheard(),
    "send_queue": (),
    "trafficStats": TrafficStats(),
    "utf8validator": _MadeWhenNeeded("utf8validator", Utf8Validator),
}


_GONE = _LEFTOVERS | _INSTEAD.keys()


class LeanProtocol(WebSocketServerProtocol):
    """One connection, which is small once it is open."""

    def succeedHandshake(self, res: Any) -> None:
        """The handshake is over; the connection is open, unless there was something to refuse after all."""
        super().succeedHandshake(res)
        if self.state == self.STATE_OPEN:
            self.__dict__ = {name: value for name, value in vars(self).items() if self._is_own(name, value)}

    def _is_own(self, name: str, value: object) -> bool:
        return name not in _GONE and getattr(type(self), name, self) is not value


for _name, _value in (_AT_FIRST | _INSTEAD).items():
    setattr(LeanProtocol, _name, _value)


def with_options_of(factory: WebSocketServerFactory, protocol: type[LeanProtocol]) -> type[LeanProtocol]:
    """The protocol with the factory and its options in the class, but for those that the protocol sets itself."""
    names = [name for name in protocol.CONFIG_ATTRS if not hasattr(protocol, name)]
    options = {name: _as_it_is(getattr(factory, name)) for name in names}
    return type(protocol.__name__, (protocol,), options | {"CONFIG_ATTRS": (), "factory": factory})


def _as_it_is(option: Any) -> Any:
    """What gives the option itself from a class; a function would become a method."""
    return staticmethod(option) if callable(option) else option
