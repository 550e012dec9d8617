"""What becomes of a connection whose login is refused."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.task import Clock

from chat.config import Limits
from chat.testing import MemoryServer
from tests.conversing import CHANNELS, inside, send


async def test_a_login_above_the_rate_ends_nothing(memory_server: Callable[..., MemoryServer]) -> None:
    clock = Clock()
    server = memory_server(channels=CHANNELS, limits=Limits(commands_per_s=1, burst=1), clock=clock)
    client, other = server.client(), server.client()
    assert (await client.login("alice"))["status_code"] == 200
    assert (await client.login("alice"))["status_code"] == 900
    await other.call("connect", {})
    assert (await other.login("bob"))["status_code"] == 900
    clock.advance(5)
    assert client.close_code is other.close_code is None
    assert (await client.call("list_channels", {"verb": "list"}))["status_code"] == 200
    assert (await other.login("bob"))["status_code"] == 200


async def test_who_is_logged_in_stays_after_another_login_that_fails(
    memory_server: Callable[..., MemoryServer],
) -> None:
    """But not who wants to be somebody else."""
    clock = Clock()
    server = memory_server(channels=CHANNELS, clock=clock)
    client = await inside(server)
    assert (await client.call("login", {"verb": "login"}))["status_code"] == 500
    clock.advance(5)
    assert client.close_code is None
    assert (await client.call("message", send("still here")))["status_code"] == 200
    assert (await client.login("bob"))["status_code"] == 713
    clock.advance(1)
    assert client.close_code == 4001


async def test_who_is_refused_for_the_rate_alone_has_to_log_in_in_time(
    memory_server: Callable[..., MemoryServer],
) -> None:
    clock = Clock()
    server = memory_server(channels=CHANNELS, limits=Limits(commands_per_s=1, burst=1, login_timeout_s=30), clock=clock)
    client = server.client()
    await client.call("connect", {})
    assert (await client.login("alice"))["status_code"] == 900
    clock.advance(29)
    assert client.close_code is None
    clock.advance(1)
    assert client.close_code == 4001
