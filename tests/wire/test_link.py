"""The WebSocket adapter on a clock that tests turn: writes that do not finish, ends, frames that are no commands."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Any
from weakref import ref

import pytest
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.logger import Logger
from twisted.python.failure import Failure

from chat.config import Limits
from chat.testing import MemoryServer
from chat.wire.bounded import CLOSE_HANDSHAKE_S
from chat.wire.session import Connection
from chat.wire.websocket import STALL_S, WebSocketFront
from tests.conversing import CHANNELS
from tests.frames import HANDSHAKE, frame

MASK = bytes(4)
TEXT, PING, PONG, START, MORE = 0x81, 0x89, 0x8A, 0x01, 0x00
LIMITS = Limits(commands_per_s=1, burst=2, outbound_bytes=1000, ping_interval_s=0, ping_timeout_s=0)


class Wire:
    """A client's end of a connection, and the clock."""

    def __init__(self, server: MemoryServer) -> None:
        self.clock = Clock()
        self.clock.advance(1000)
        factory: Any = WebSocketFront(server.server.front, self.clock, ())
        self.link = factory.buildProtocol(None)
        self.transport = StringTransport()
        self.transport.registerProducer(self.link, True)
        self.link.makeConnection(self.transport)
        self.link.dataReceived(HANDSHAKE)
        server.server.front.delivery.flush()
        self.transport.clear()

    def send(self, *frames: tuple[int, bytes]) -> None:
        self.link.dataReceived(b"".join(frame(first, payload, MASK, False) for first, payload in frames))
        self.settle()

    def settle(self) -> None:
        """Let the server take in what it has read."""
        while self.link._next is not None:
            self.clock.advance(self.link._next.getTime() - self.clock.seconds())

    def end(self) -> None:
        """The connection is gone."""
        self.link.connectionLost(Failure(ConnectionDone()))

    @property
    def close_code(self) -> int | None:
        """The code of the close frame that came, if one came."""
        sent = self.transport.value()
        if b"\x88" not in sent:
            return None
        start = sent.rindex(b"\x88") + 2
        code: int = struct.unpack("!H", sent[start : start + 2])[0]
        return code


@pytest.fixture
def wire(memory_server: Callable[..., MemoryServer]) -> Iterator[Wire]:
    wire = Wire(memory_server(channels=CHANNELS, limits=LIMITS))
    yield wire
    wire.end()


def test_more_than_may_wait_behind_a_write(wire: Wire) -> None:
    wire.link.pauseProducing()
    wire.link.write(b"x" * 1000)
    assert wire.transport.value() == b""
    wire.link.write(b"x")
    assert wire.close_code == 4008
    assert b"x" not in wire.transport.value()


def test_a_frame_that_is_not_sent_in_time(wire: Wire) -> None:
    wire.link.pauseProducing()
    wire.link.write(b"x")
    wire.clock.advance(STALL_S - 1)
    wire.link.resumeProducing()
    assert wire.transport.value() == b"x"
    wire.link.pauseProducing()
    wire.clock.advance(STALL_S - 1)
    assert wire.close_code is None
    wire.clock.advance(1)
    assert wire.close_code == 4008


def test_who_closes_and_does_not_read_is_gone_in_due_time(wire: Wire) -> None:
    """The transport waits until everything is sent; without an end to that the user would stay in the rooms."""
    wire.link.pauseProducing()
    wire.send((0x88, struct.pack("!H", 1000)))
    assert wire.transport.disconnecting
    assert not wire.transport.disconnected
    wire.clock.advance(CLOSE_HANDSHAKE_S)
    assert wire.transport.disconnected


@pytest.mark.parametrize(
    "frames",
    [[(PING, b"")], [(PONG, b"")], [(PING, b"x" * 125), (PONG, b"y")]],
    ids=["pings", "pongs", "both"],
)
def test_a_flood_of_frames_that_are_no_commands(wire: Wire, frames: list[tuple[int, bytes]]) -> None:
    wire.send(*(frames * (10 // len(frames))))
    assert wire.close_code is None
    wire.clock.advance(2)
    wire.send(*(frames * (10 // len(frames))))
    assert wire.close_code is None
    wire.send(frames[0])
    assert wire.close_code == 4029


def test_a_flood_of_fragments(wire: Wire) -> None:
    wire.send((START, b'["conn'), *[(MORE, b"")] * 9)
    assert wire.close_code is None
    wire.send((MORE, b""))
    assert wire.close_code == 4029


def test_nothing_more_is_read_of_a_flood(wire: Wire) -> None:
    wire.send(*[(PING, b"")] * 12)
    assert wire.close_code == 4029
    wire.link.resume_reading()
    assert wire.transport.producerState == "paused"
    wire.send((0x88, b""))
    assert not wire.transport.disconnecting
    wire.clock.advance(CLOSE_HANDSHAKE_S)
    assert wire.transport.disconnected


def test_whole_messages_are_not_counted_as_frames(wire: Wire) -> None:
    """They are commands, and limited as such."""
    command = frame(TEXT, b'["connect",{}]', MASK, False)
    for _ in range(25):
        wire.link.dataReceived(command[:5])
        wire.link.dataReceived(command[5:])
    assert wire.link.chat._counters.commands == 25
    assert wire.close_code is None


def test_a_pong_that_answers_nothing_is_not_logged(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    warned: list[Any] = []
    monkeypatch.setattr(wire.link.log, "warn", lambda *what, **more: warned.append(what))
    wire.link._sendAutoPing()
    wire.send((PONG, b"nonsense"))
    assert wire.link.autoPingPending is not None
    wire.send((PONG, wire.link.autoPingPending))
    assert wire.link.autoPingPending is None
    assert warned == []


def test_what_was_read_waits_while_reading_is_paused(wire: Wire) -> None:
    wire.link.pause_reading()
    assert wire.transport.producerState == "paused"
    wire.send((TEXT, b'["connect",{},7]'))
    assert wire.link.chat._counters.commands == 0
    wire.link.resume_reading()
    wire.settle()
    assert wire.transport.producerState == "producing"
    assert wire.link.chat._counters.commands == 1


def test_whoever_had_to_be_paused_is_read_in_smaller_portions(wire: Wire) -> None:
    commands = frame(TEXT, b'["connect",{}]', MASK, False) * 20
    wire.link.dataReceived(commands)
    assert wire.link.chat._counters.commands == 20
    wire.link.pause_reading()
    wire.link.resume_reading()
    wire.link.dataReceived(commands)
    assert wire.link.chat._counters.commands == 28


def test_a_session_goes_with_its_connection(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """At once, so that nothing that is kept for it stays longer than the session."""
    forgetful: Any = lambda event: None  # noqa: E731
    monkeypatch.setattr(Connection, "log", Logger(observer=forgetful))
    session = ref(wire.link.chat.session)
    assert session() is not None
    wire.end()
    assert session() is None
