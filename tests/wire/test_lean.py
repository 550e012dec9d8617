"""An open connection keeps little, and connections that share the rest do not get into each other's way."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from chat.config import Limits
from chat.wire.lean import with_options_of
from chat.wire.websocket import WebSocketFront
from tests.frames import HANDSHAKE, frame
from tests.wire.test_inbound import Recording

MASK = b"abcd"
TEXT, START, LAST, PING, CLOSE = 0x81, 0x01, 0x80, 0x89, 0x88


class Nobody:
    """Stands for the shared parts, of which only the limits are looked at."""

    is_draining = False

    def __init__(self, frame_bytes: int) -> None:
        self.limits = Limits(frame_bytes=frame_bytes)


def make_front(frame_bytes: int = 300) -> WebSocketFront:
    front: Any = Nobody(frame_bytes)
    made = WebSocketFront(front, Clock(), ())
    made.protocol = with_options_of(made, Recording)
    return made


def opened(front: Any) -> Any:
    link = front.buildProtocol(None)
    link.makeConnection(StringTransport())
    link.dataReceived(HANDSHAKE)
    link.transport.clear()
    return link


def test_an_open_connection_keeps_what_is_its_own() -> None:
    link = opened(make_front())
    own = {
        "autoPingPendingCall", "bytes_in", "connected", "heard", "peer", "send_state", "state", "transport", "_place",
        "_steps_left",
    }  # fmt: skip
    assert vars(link).keys() == own
    assert sys.getsizeof(vars(link)) < 1000


def test_what_autobahn_decodes_is_kept_apart() -> None:
    front = make_front()
    one, other = opened(front), opened(front)
    text = "ünï".encode()
    one.dataReceived(frame(START, text[:1], MASK, False))
    other.dataReceived(frame(START, b"x", MASK, False) + frame(LAST, b"\xff", MASK, False))
    one.dataReceived(frame(LAST, text[1:], MASK, False))
    assert (one.heard, other.heard) == ([(text, False)], [])
    assert one.transport.value() == b""
    assert other.transport.value()[:4] == bytes((CLOSE, other.transport.value()[1])) + (1007).to_bytes(2, "big")


def test_the_end_of_one_connection_is_not_that_of_another() -> None:
    front = make_front()
    one, other = opened(front), opened(front)
    one.dataReceived(frame(CLOSE, b"", MASK, False))
    other.dataReceived(frame(PING, b"x", MASK, False))
    assert (one.wasClean, other.wasClean) == (True, False)
    assert other.transport.value() == b"\x8a\x01x"
    assert front.countConnections == 2


@pytest.mark.parametrize("frame_bytes", [200, 400])
def test_options_are_those_of_the_factory(frame_bytes: int) -> None:
    link = opened(make_front(frame_bytes))
    link.dataReceived(frame(TEXT, b"x" * 300, MASK, False))
    assert bool(link.heard) is (frame_bytes > 300)
    assert link.tcpNoDelay is True


def test_compression_is_refused_as_the_factory_says() -> None:
    front = make_front()
    link: Any = front.buildProtocol(None)
    link.makeConnection(StringTransport())
    link.dataReceived(HANDSHAKE[:-2] + b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n")
    assert b"101" in link.transport.value()
    assert b"deflate" not in link.transport.value()
