"""What a client alone decides about is bounded: over a transport in memory, with a clock that the tests move."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.logger import LogLevel, capturedLogs
from twisted.python.failure import Failure

from chat.config import Limits
from chat.wire.bounded import CLOSE_HANDSHAKE_S, CONTROL_BYTES
from chat.wire.websocket import WebSocketFront, WebSocketLink
from tests.frames import CLOSE, HANDSHAKE, NO_MASK, PING, PONG, UNFINISHED_CONTINUATION, UNFINISHED_TEXT, frame


class Bare(WebSocketLink):
    """A link without a conversation behind it."""

    def onOpen(self) -> None:
        self.transport.registerProducer(self, True)


class Shared:
    """What the links of a server share, as far as they look at it here."""

    limits = Limits(commands_per_s=1_000_000, burst=1_000_000)
    is_draining = False


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def transport() -> StringTransport:
    return StringTransport()


@pytest.fixture
def link(clock: Clock, transport: StringTransport) -> Any:
    shared: Any = Shared()
    factory = WebSocketFront(shared, clock, ())
    factory.protocol = Bare
    link: Any = factory.buildProtocol(None)
    link.makeConnection(transport)
    link.dataReceived(HANDSHAKE)
    transport.clear()
    return link


def receive(link: Any, clock: Clock, data: bytes) -> None:
    """Let the link have bytes, and as many turns as it takes them in."""
    link.dataReceived(data)
    while link._next is not None:
        clock.advance(0)


@pytest.mark.parametrize("first", [0x88, 0x89, 0x8A])
def test_nothing_is_kept_of_a_control_frame_that_is_too_long(link: Any, first: int) -> None:
    link.dataReceived(bytes((first, 0xFF)) + (1 << 40).to_bytes(8, "big") + NO_MASK)
    for _ in range(10):
        link.dataReceived(b"x" * 65536)
    assert sum(map(len, getattr(link, "control_frame_data", ()))) <= CONTROL_BYTES


def test_empty_fragments_are_not_kept(link: Any, clock: Clock) -> None:
    link.dataReceived(frame(UNFINISHED_TEXT, b'["conn'))
    receive(link, clock, frame(UNFINISHED_CONTINUATION, b"") * 1000)
    assert link.message_data == [b'["conn']


def test_pings_are_not_answered_while_nobody_reads(link: Any, transport: StringTransport) -> None:
    link.dataReceived(frame(PING, b"first"))
    link.pauseProducing()
    for number in range(1000):
        link.dataReceived(frame(PING, b"%d" % number))
    assert transport.value() == b"\x8a\x05first"
    link.resumeProducing()
    assert transport.value() == b"\x8a\x05first\x8a\x03999"
    link.dataReceived(frame(PING, b""))
    assert transport.value().endswith(b"\x8a\x03999\x8a\x00")


def test_who_says_goodbye_and_does_not_read_is_dropped(link: Any, transport: StringTransport, clock: Clock) -> None:
    link.pauseProducing()
    link.dataReceived(frame(CLOSE, b""))
    assert transport.disconnecting
    clock.advance(CLOSE_HANDSHAKE_S - 1)
    assert not transport.disconnected
    clock.advance(1)
    assert transport.disconnected


def test_nothing_is_left_to_do_for_who_says_goodbye_and_reads(
    link: Any, transport: StringTransport, clock: Clock
) -> None:
    link.dataReceived(frame(CLOSE, b""))
    assert transport.disconnecting
    link.connectionLost(Failure(ConnectionDone()))
    assert not clock.getDelayedCalls()


@pytest.mark.parametrize("code", [1000, 1004])
@pytest.mark.parametrize("closes_first", [True, False])
def test_our_close_frame_is_not_overtaken_by_a_reset(
    link: Any, transport: StringTransport, clock: Clock, code: int, closes_first: bool
) -> None:
    """When both close at once, and when the client's own close is malformed: then ours is sent in this moment."""
    if closes_first:
        link.close(4004, "closed by an operator")
    receive(link, clock, frame(CLOSE, code.to_bytes(2, "big")))
    assert transport.value()[:1] == bytes((CLOSE,))
    assert (transport.disconnecting, transport.disconnected) == (True, False)
    clock.advance(CLOSE_HANDSHAKE_S)
    assert transport.disconnected


def test_pongs_that_nobody_asked_for_are_passed_over(link: Any, transport: StringTransport, clock: Clock) -> None:
    link._sendAutoPing()
    asked = transport.value()[2:]
    assert len(asked) == link.autoPingSize
    with capturedLogs() as logged:
        receive(link, clock, frame(PONG, b"whatever") * 100 + frame(PONG, b"") * 100)
    assert link.autoPingTimeoutCall is not None
    link.dataReceived(frame(PONG, asked))
    assert link.autoPingTimeoutCall is None
    assert not [event for event in logged if event["log_level"] is not LogLevel.debug]


def test_who_is_lost_before_the_close_is_answered_is_not_remembered(link: Any) -> None:
    link.close(4007, "malformed frames")
    assert link.closeHandshakeTimeoutCall is not None
    link.connectionLost(Failure(ConnectionDone()))
    assert not link.factory._batched_timer._buckets
