"""The doors of the public endpoint: connections by address, requests that do not come to their end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IAddress
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.protocols.haproxy._wrapper import HAProxyWrappingFactory
from twisted.python.failure import Failure

from chat.config import Limits
from chat.testing import MemoryServer
from chat.web.addresses import place_of
from chat.wire.doors import PublicSite
from tests.frames import HANDSHAKE

LIMIT, TIMEOUT_S = 3, 5
NOWHERE = b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n"
HEAD = b"GET /ws HTTP/1.1\r\nHost: localhost\r\n"


class Visitor:
    """A connection of an address to a site."""

    def __init__(self, factory: Any, address: IAddress) -> None:
        self.channel = factory.buildProtocol(address)
        self.transport = StringTransport(peerAddress=address)
        self.transport.protocol = self.channel  # type: ignore[attr-defined]
        self.channel.makeConnection(self.transport)

    def send(self, data: bytes) -> int:
        """Send, and return the status of the answer, 0 if none came."""
        self.transport.clear()
        protocol: Any = self.transport.protocol  # type: ignore[attr-defined]
        protocol.dataReceived(data)
        return self.status

    @property
    def status(self) -> int:
        return int(self.transport.value()[9:12] or 0)

    def leave(self) -> None:
        """The connection is gone."""
        protocol: Any = self.transport.protocol  # type: ignore[attr-defined]
        protocol.connectionLost(Failure(ConnectionDone()))


class House:
    """The public site of a server with small limits, and a clock for its timeouts."""

    def __init__(self, site: Any) -> None:
        self.site: PublicSite = site
        self.clock = Clock()
        site.reactor = self.clock
        self.visitors: list[Visitor] = []

    def visitor(self, host: str = "10.0.0.1", factory: Any = None) -> Visitor:
        address = IPv6Address("TCP", host, 1) if ":" in host else IPv4Address("TCP", host, 1)
        self.visitors.append(Visitor(factory or self.site, UNIXAddress("x") if host == "" else address))
        return self.visitors[-1]

    def upgrade(self, host: str = "10.0.0.1") -> int:
        return self.visitor(host).send(HANDSHAKE)


@pytest.fixture
def house(memory_server: Callable[..., MemoryServer]) -> Any:
    server = memory_server(limits=Limits(connections_per_address=LIMIT, login_timeout_s=TIMEOUT_S))
    house = House(server.server.public)
    yield house
    for visitor in house.visitors:
        visitor.leave()
    assert not house.site.addresses._sockets
    assert not house.site.addresses._others


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (IPv4Address("TCP", "10.0.0.1", 1), IPv4Address("TCP", "10.0.0.1", 2), True),
        (IPv4Address("TCP", "10.0.0.1", 1), IPv4Address("TCP", "10.0.0.2", 1), False),
        (IPv6Address("TCP", "2001:db8::1", 1), IPv6Address("TCP", "2001:db8::ffff:1", 1), True),
        (IPv6Address("TCP", "2001:db8::1", 1), IPv6Address("TCP", "2001:db8:0:1::1", 1), False),
        (IPv6Address("TCP", "::ffff:10.0.0.1", 1), IPv4Address("TCP", "10.0.0.1", 1), True),
        (IPv6Address("TCP", "::ffff:10.0.0.1", 1), IPv6Address("TCP", "::ffff:10.0.0.2", 1), False),
        (IPv6Address("TCP", "fe80::1%eth0", 1), IPv6Address("TCP", "fe80::2%eth0", 1), True),
    ],
)
def test_what_counts_as_one_address(one: IAddress, other: IAddress, same: bool) -> None:
    assert (place_of(one) == place_of(other)) is same
    assert place_of(one) is not None


def test_one_websocket_too_many(house: House) -> None:
    assert [house.upgrade() for _ in range(LIMIT + 2)] == [101] * LIMIT + [429] * 2
    refused = house.visitors[-1].transport.value()
    assert refused.endswith(b'{"status_code":900,"message":"too many connections from this address"}')
    assert house.visitor().send(NOWHERE) == 404
    assert house.upgrade("10.0.0.2") == 101
    house.visitors[0].leave()
    assert [house.upgrade() for _ in range(2)] == [101, 429]


def test_one_network_of_ipv6_is_one_address(house: House) -> None:
    assert [house.upgrade(f"2001:db8::{number}") for number in range(LIMIT + 1)] == [101] * LIMIT + [429]
    assert house.upgrade("2001:db8:0:1::1") == 101


def test_a_socket_file_has_no_address(house: House) -> None:
    assert [house.upgrade("") for _ in range(LIMIT + 2)] == [101] * (LIMIT + 2)
    assert [house.visitor("").send(HEAD) for _ in range(LIMIT + 2)] == [0] * (LIMIT + 2)
    assert not [one for one in house.visitors if one.transport.disconnecting]


@pytest.mark.parametrize(
    ("handshake", "status"),
    [
        (HANDSHAKE.replace(b"Version: 13", b"Version: 5"), 400),
        (HANDSHAKE.replace(b"Upgrade: websocket\r\n", b""), 426),
        (HANDSHAKE.replace(b"\r\n\r\n", b"\r\nOrigin: http://evil.example\r\n\r\n"), 403),
    ],
)
def test_an_upgrade_that_fails_is_not_counted_for_long(house: House, handshake: bytes, status: int) -> None:
    for _ in range(LIMIT):
        assert house.visitor().send(handshake) == status
        assert house.visitors[-1].transport.disconnecting
        house.visitors[-1].leave()
        assert not house.site.addresses._sockets
    assert house.upgrade() == 101


def test_of_too_many_that_ask_nothing_the_quietest_goes(house: House) -> None:
    busy, silent, slow = house.visitor(), house.visitor(), house.visitor()
    slow.send(HEAD)
    assert busy.send(NOWHERE) == 404
    assert house.visitor().send(NOWHERE) == 404
    assert house.visitor().send(NOWHERE) == 404
    assert [one.transport.disconnecting for one in (silent, slow, busy)] == [True, True, False]
    assert [one.status for one in (silent, slow)] == [429, 429]
    assert busy.send(NOWHERE) == 404
    assert house.upgrade() == 101


def test_who_was_answered_gets_no_second_answer(house: House) -> None:
    first = house.visitor()
    assert first.send(NOWHERE) == 404
    answer = first.transport.value()
    for _ in range(LIMIT):
        house.visitor()
    assert first.transport.disconnecting
    assert first.transport.value() == answer


def test_those_that_do_not_leave_are_cut(house: House) -> None:
    silent = house.visitor()
    for _ in range(LIMIT):
        house.visitor()
    assert silent.transport.disconnecting
    assert not silent.transport.disconnected
    house.clock.advance(15)
    assert silent.transport.disconnected


def test_a_head_that_drips(house: House) -> None:
    slow, keeps, silent = house.visitor(), house.visitor(), house.visitor()
    slow.send(HEAD)
    for byte in b"X-A: b":
        house.clock.advance(TIMEOUT_S / 10)
        slow.send(bytes((byte,)))
        assert keeps.send(NOWHERE) == 404
    assert not slow.transport.disconnecting
    house.clock.advance(TIMEOUT_S / 2)
    assert (slow.status, silent.status) == (408, 408)
    assert slow.transport.disconnecting
    assert not keeps.transport.disconnecting
    house.clock.advance(TIMEOUT_S)
    assert keeps.transport.disconnecting
    assert keeps.transport.value().startswith(b"HTTP/1.1 404")


def test_a_body_may_take_its_time(house: House) -> None:
    slow = house.visitor()
    slow.send(b"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n")
    for _ in range(8):
        house.clock.advance(TIMEOUT_S - 1)
        assert slow.send(b"x") == 0
    assert slow.send(b"x") == 404


def test_behind_a_proxy_the_clients_address_counts(house: House) -> None:
    proxied = HAProxyWrappingFactory(house.site)

    def upgrade(host: str) -> int:
        header = f"PROXY TCP4 {host} 10.9.9.9 1 2\r\n".encode()
        return house.visitor("10.0.0.1", proxied).send(header + HANDSHAKE)

    waiting = [house.visitor("10.0.0.1", proxied) for _ in range(2 * LIMIT)]
    assert [upgrade("1.1.1.1") for _ in range(LIMIT + 1)] == [101] * LIMIT + [429]
    assert upgrade("2.2.2.2") == 101
    assert house.upgrade("10.0.0.1") == 101
    assert not [one for one in waiting if one.transport.disconnecting]
    for one in waiting:
        one.send(b"PROXY TCP4 3.3.3.3 10.9.9.9 1 2\r\nGET /")
    assert [one.transport.disconnecting for one in waiting] == [True] * LIMIT + [False] * LIMIT
