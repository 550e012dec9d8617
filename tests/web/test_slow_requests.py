"""Requests that take for ever to come: on a clock, and over real sockets."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.address import IPv4Address
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.internet.threads import deferToThread

from chat.config import Rest
from chat.testing import MemoryServer
from tests.running import WAIT_S

TIMEOUT_S = 60
HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n"
WHOLE = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


class Caller:
    """A connection to the backend endpoint in memory, with a clock that is turned by hand."""

    def __init__(self, site: Any) -> None:
        self.clock = Clock()
        site.reactor, site.timeOut = self.clock, TIMEOUT_S
        self._protocol: Any = site.buildProtocol(IPv4Address("TCP", "127.0.0.1", 1))
        self.transport = StringTransport(peerAddress=IPv4Address("TCP", "127.0.0.1", 1))
        self._protocol.makeConnection(self.transport)

    def send(self, data: bytes, then_wait_s: float = 0) -> bytes:
        """Send, let time pass; what came back meanwhile."""
        self.transport.clear()
        self._protocol.dataReceived(data)
        self.clock.advance(then_wait_s)
        return bytes(self.transport.value())


@pytest.fixture
def caller(memory_server: Callable[..., MemoryServer]) -> Caller:
    return Caller(memory_server().server.backend)


@pytest.mark.parametrize("head", [HEAD, HEAD + b"\r\n"])
def test_a_request_that_drips_is_cut(caller: Caller, head: bytes) -> None:
    assert caller.send(head, TIMEOUT_S / 2) == b""
    assert caller.send(b"x", TIMEOUT_S / 2 - 1) == b""
    answer = caller.send(b"x", 1)
    assert answer.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert b"\r\nConnection: close\r\n" in answer
    text = f"the request was not complete after {TIMEOUT_S} s"
    assert json.loads(answer.partition(b"\r\n\r\n")[2]) == {"status_code": 500, "data": text}
    assert caller.transport.disconnecting
    assert answer.count(b"HTTP/1.1") == 1


def test_a_request_that_drips_counts_and_has_the_legacy_status(memory_server: Callable[..., MemoryServer]) -> None:
    server = memory_server(rest=Rest(legacy_http_status=True)).server
    answer = Caller(server.backend).send(HEAD, TIMEOUT_S)
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["status_code"] == 500
    (calls,) = [one for one in server.services.metrics.families() if one.name == "chat_calls_total"]
    assert calls.values == {"408": 1}


def test_a_quiet_connection_is_closed_without_a_word(caller: Caller) -> None:
    caller.clock.advance(TIMEOUT_S - 1)
    assert not caller.transport.disconnecting
    caller.clock.advance(1)
    assert caller.transport.disconnecting
    assert caller.transport.value() == b""


def test_each_request_has_the_whole_time(caller: Caller) -> None:
    for _ in range(3):
        assert caller.send(WHOLE[:5], TIMEOUT_S - 1) == b""
        assert caller.send(WHOLE[5:], TIMEOUT_S - 1).startswith(b"HTTP/1.1 200 ")
    caller.clock.advance(1)
    assert caller.transport.disconnecting


def test_a_body_that_is_refused_is_answered_once(caller: Caller) -> None:
    answer = caller.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n", TIMEOUT_S)
    assert answer.count(b"HTTP/1.1") == 1
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert caller.transport.disconnecting


def test_who_takes_no_answer_is_let_go(caller: Caller) -> None:
    caller.send(HEAD, TIMEOUT_S)
    assert not caller.transport.disconnected
    caller.clock.advance(60)
    assert caller.transport.disconnected


@pytest.fixture
def port(memory_server: Callable[..., MemoryServer]) -> Iterator[int]:
    """Of a backend endpoint that waits for half a second."""
    listening_reactor: Any = reactor
    site = memory_server().server.backend
    site.timeOut = 0.5
    listening = listening_reactor.listenTCP(0, site, interface="127.0.0.1")
    yield listening.getHost().port
    pytest_twisted.blockon(listening.stopListening())


def drip(port: int, head: bytes) -> bytes:
    """Send one byte after the other, faster than any connection that is quiet, until there is an answer."""
    deadline = time.monotonic() + WAIT_S
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.settimeout(0.05)
        connection.sendall(head)
        while time.monotonic() < deadline:
            try:
                return connection.recv(65536)
            except TimeoutError:
                connection.sendall(b"x")
    return b""


@pytest.mark.parametrize("head", [HEAD + b"X-Long: ", HEAD + b"\r\n"])
async def test_a_request_that_drips_is_cut_over_tcp(port: int, head: bytes) -> None:
    answer = await deferToThread(drip, port, head)
    assert answer.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
