"""Users whom a backend keeps online by beats: what others see of them, and what becomes of them when the beats stop."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from twisted.internet.task import Clock

from chat.config import GlobalRoles, RoomOptions
from chat.model import UserId
from chat.plugin import Context
from chat.requests import KeepOnline
from chat.testing import MemoryClient, MemoryServer
from chat.texts import base64_of
from chat.timers import REMOVE_ROOM
from chat.times import utc_now
from tests.conversing import CHANNELS, JOIN, LEAVE, ROOM, inside, logged_in, send

ALICE, SUPER = UserId("alice"), UserId("super")
ROLES = GlobalRoles(superusers=("super",))
KEPT_S = 60
Make = Callable[..., MemoryServer]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server(memory_server: Make, clock: Clock) -> MemoryServer:
    return memory_server(channels=CHANNELS, roles=ROLES, clock=clock)


async def beat(server: MemoryServer, *user_ids: str) -> None:
    services = server.server.services
    users = await services.users.several([UserId(user_id) for user_id in user_ids])
    await services.dispatch(Context(utc_now(), services.users.system), KeepOnline(tuple(users)))


async def known(server: MemoryServer, *user_ids: str) -> None:
    """They were there once."""
    for user_id in user_ids:
        client = await logged_in(server, user_id)
        await client.leave()


async def heard(client: MemoryClient) -> list[tuple[str, str]]:
    """What the client heard since it was asked last, and of whom."""
    await client.sync()
    events = [(name, event["actor"]["id"]) for name, event in client.events]
    client.events.clear()
    return events


async def present(client: MemoryClient) -> dict[str, str]:
    """Who is in the room for the client, and how."""
    reply = await client.call("users_in_room", {"verb": "list", "target": {"id": ROOM}})
    return {user["id"]: user["objectType"] for user in reply["data"]["object"]["attachments"]}


async def test_online_for_others_until_the_beats_stop(server: MemoryServer, clock: Clock) -> None:
    await known(server, "alice")
    operator, bob = await inside(server, "super"), await inside(server, "bob")
    await heard(operator)
    await beat(server, "alice")
    assert await heard(operator) == [("gn_user_connected", "alice")]
    clock.advance(KEPT_S - 1)
    await beat(server, "alice")
    clock.advance(KEPT_S - 1)
    assert await heard(operator) == await heard(bob) == []
    assert server.server.presence.is_online(ALICE)
    before = utc_now()
    clock.advance(1)
    assert await heard(operator) == [("gn_user_disconnected", "alice")]
    assert await heard(bob) == []
    assert not server.server.presence.is_online(ALICE)
    assert (await server.server.services.tallies.last_online([ALICE]))[ALICE] >= before


async def test_a_user_stays_in_rooms_when_the_last_session_ends(server: MemoryServer, clock: Clock) -> None:
    alice, bob, operator = [await inside(server, name) for name in ("alice", "bob", "super")]
    await beat(server, "alice")
    await heard(bob)
    await heard(operator)
    await alice.leave()
    assert await heard(bob) == await heard(operator) == []
    assert await present(bob) == {"alice": "user", "bob": "user", "super": "user"}
    assert (await bob.call("message", send("to nobody but us")))["status_code"] == 200
    assert await heard(operator) == [("message", "bob")]
    await bob.call("leave", LEAVE)
    await bob.call("join", JOIN)
    await heard(bob)
    await heard(operator)
    clock.advance(KEPT_S)
    assert await heard(bob) == [("gn_user_left", "alice"), ("gn_user_disconnected", "alice")]
    assert await heard(operator) == [("gn_user_left", "alice"), ("gn_user_disconnected", "alice")]
    assert await present(bob) == {"bob": "user", "super": "user"}


async def test_a_session_that_comes_and_goes_meanwhile_announces_nothing(server: MemoryServer, clock: Clock) -> None:
    operator, first = await inside(server, "super"), await inside(server, "alice")
    await beat(server, "alice")
    await first.leave()
    await heard(operator)
    second = await logged_in(server, "alice")
    assert (await second.call("join", JOIN))["status_code"] == 200
    assert await heard(operator) == []
    assert (await second.call("message", send("here again")))["status_code"] == 200
    assert await heard(operator) == [("message", "alice")]
    await second.leave()
    assert await heard(operator) == []
    assert "alice" in await present(operator)


async def test_a_session_stays_when_the_beats_stop(server: MemoryServer, clock: Clock) -> None:
    alice, bob = await inside(server, "alice"), await inside(server, "bob")
    await beat(server, "alice")
    clock.advance(KEPT_S)
    assert await heard(bob) == []
    assert (await alice.call("message", send("here still")))["status_code"] == 200
    assert await heard(bob) == [("message", "alice")]
    await alice.leave()
    assert await heard(bob) == [("gn_user_left", "alice"), ("gn_user_disconnected", "alice")]


async def test_private_messages_wait(server: MemoryServer) -> None:
    await known(server, "alice")
    bob = await logged_in(server, "bob")
    await beat(server, "alice")
    body = send("for you") | {"target": {"id": "alice", "objectType": "private"}}
    sent = (await bob.call("message", body))["data"]
    asked = {"verb": "check", "target": {"id": "alice"}, "object": {"attachments": [{"id": sent["id"]}]}}
    status = await bob.call("msg_status", asked)
    assert [one["content"] for one in status["data"]["object"]["attachments"]] == [0]
    reply = await server.client().login("alice")
    assert [one["id"] for one in reply["data"]["object"]["attachments"]] == [sent["id"]]


async def test_an_operator_who_only_beats_is_online(server: MemoryServer) -> None:
    await known(server, "super")
    bob = await inside(server, "bob")
    asked = {"verb": "request", "target": {"id": ROOM}, "object": {"content": base64_of("help")}}
    assert (await bob.call("request_admin", asked))["status_code"] == 805
    await beat(server, "super")
    assert (await bob.call("request_admin", asked))["status_code"] == 200


async def test_invisible_until_the_beats_stop(server: MemoryServer, clock: Clock) -> None:
    alice, bob, operator = [await inside(server, name) for name in ("alice", "bob", "super")]
    await beat(server, "alice")
    await alice.call("status", {"verb": "invisible"})
    hidden = (await server.server.services.tallies.last_online([ALICE]))[ALICE]
    await alice.leave()
    await heard(bob)
    await heard(operator)
    assert await present(operator) == {"alice": "invisible", "bob": "user", "super": "user"}
    clock.advance(KEPT_S)
    assert await heard(bob) == []
    assert await heard(operator) == [("gn_user_left", "alice"), ("gn_user_disconnected", "alice")]
    assert (await server.server.services.tallies.last_online([ALICE]))[ALICE] == hidden


async def test_a_ban_from_the_server_ends_the_beats(server: MemoryServer) -> None:
    operator, alice = await inside(server, "super"), await inside(server, "alice")
    await beat(server, "alice")
    await alice.leave()
    await heard(operator)
    ban = {"verb": "ban", "target": {"objectType": "global"}, "object": {"id": "alice", "summary": "1h"}}
    assert (await operator.call("ban", ban))["status_code"] == 200
    assert (await heard(operator))[-1] == ("gn_user_disconnected", "alice")
    assert not server.server.presence.is_online(ALICE)
    await known(server, "bob")
    await beat(server, "alice", "bob")
    assert await heard(operator) == [
        (name, "bob") for name in ("gn_user_connected", "gn_user_disconnected", "gn_user_connected")
    ]
    assert not server.server.presence.is_online(ALICE)


async def test_a_ban_from_a_room_and_a_kick_leave_the_user_online(server: MemoryServer) -> None:
    operator = await inside(server, "super")
    for name, more in (("kick", {}), ("ban", {"summary": "1h"})):
        alice = await inside(server, name)
        await beat(server, name)
        await alice.leave()
        body = {"verb": name, "target": {"id": ROOM, "objectType": "room"}, "object": {"id": name, **more}}
        assert (await operator.call(name, body))["status_code"] == 200
        assert name not in await present(operator)
        assert server.server.presence.is_online(UserId(name))


async def test_an_owner_who_beats_keeps_a_room(memory_server: Make, clock: Clock) -> None:
    server = memory_server(channels=CHANNELS, rooms=RoomOptions(owner_grace_s=3600), clock=clock)
    alice = await logged_in(server, "alice")
    body = {"verb": "create", "target": {"displayName": base64_of("Our own"), "objectType": "temporary"}}
    channel = (await alice.call("list_channels", {"verb": "list"}))["data"]["object"]["attachments"][0]["id"]
    reply = await alice.call("create", body | {"object": {"url": channel}})
    room_id = reply["data"]["target"]["id"]
    await alice.call("join", {"verb": "join", "target": {"id": room_id}})
    await beat(server, "alice")
    await alice.leave()
    await server.settle()
    timers = server.server.services.timers
    assert not timers.is_set(REMOVE_ROOM, room_id)
    clock.advance(KEPT_S)
    await server.settle()
    assert timers.is_set(REMOVE_ROOM, room_id)


async def test_no_beats_end_while_the_server_stops(server: MemoryServer, clock: Clock) -> None:
    await known(server, "alice")
    await beat(server, "alice")
    server.server.begin_drain()
    clock.advance(KEPT_S)
    assert server.server.presence.is_online(ALICE)


async def test_a_stop_notes_who_was_online(memory_server: Make) -> None:
    server = memory_server(channels=CHANNELS)
    await known(server, "alice")
    await beat(server, "alice")
    before = utc_now()
    await server.stop()
    again = memory_server(data_dir=server.server.config.data_dir, channels=CHANNELS)
    assert (await again.server.services.tallies.last_online([ALICE]))[ALICE] >= before
    assert not again.server.presence.is_online(ALICE)
