"""What a message is asked about bans and mutes costs the same however many there are."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from twisted.internet.task import Clock

from chat.coroutines import begin
from chat.model import Ban, BanScope, Mute, RoomId, UserId
from chat.plugin import Context
from chat.plugins.ban import BanGuard
from chat.plugins.mute import MuteGuard
from chat.requests import SendMessage
from chat.sanctions import Mutes
from chat.testing import MemoryServer
from chat.times import utc_now

from .conversing import CHANNELS, ROOM, inside

MANY = 10_000
BOB, SYSTEM = UserId("bob"), UserId("0")


def sanctioned(server: MemoryServer, count: int) -> None:
    """So many bans and mutes of others in the room, its channel and everywhere, and of bob elsewhere."""
    services, until = server.server.services, utc_now() + timedelta(hours=1)
    (channel,) = services.rooms.channels
    for number in range(count):
        user_id, elsewhere = UserId(f"user-{number}"), RoomId(f"other-{number}")
        for scope, target_id in ((BanScope.ROOM, ROOM), (BanScope.CHANNEL, channel.id), (BanScope.GLOBAL, "")):
            services.rooms.bans.put(Ban(user_id, scope, target_id, SYSTEM, "1h", "", until), utc_now())
        services.rooms.bans.put(Ban(BOB, BanScope.ROOM, elsewhere, SYSTEM, "1h", "", until), utc_now())
        services.mutes.put(Mute(user_id, ROOM, SYSTEM, "1h", "", until), utc_now())
        services.mutes.put(Mute(BOB, elsewhere, SYSTEM, "1h", "", until), utc_now())


def checks(server: MemoryServer) -> tuple[Callable[[], object], ...]:
    """What is asked before bob says something in the room."""
    services = server.server.services
    context, request = (
        Context(utc_now(), services.presence.user(BOB)),
        SendMessage(body="hello", target=ROOM, kind="room"),
    )
    ban, mute = BanGuard(services), MuteGuard(services)
    return (
        lambda: begin(ban.check(context, request)),
        lambda: begin(mute.check(context, request)),
        lambda: services.places.occupied(context.caller, ROOM),
    )


def calls_of(check: Callable[[], object]) -> int:
    """How many functions of Python and C it calls."""
    calls = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    # A collection of garbage in between calls whoever asked to be told of it.
    gc.disable()
    sys.setprofile(count)
    try:
        check()
    finally:
        sys.setprofile(None)
        gc.enable()
    return calls


async def test_the_checks_of_a_message_are_the_same_however_many_there_are(
    memory_server: Callable[..., MemoryServer],
) -> None:
    asked = []
    for count in (0, 1, MANY):
        server = memory_server(channels=CHANNELS)
        await inside(server, "bob")
        sanctioned(server, count)
        asked.append([calls_of(check) for check in checks(server)])
    without, one, many = asked
    assert one == many
    assert sum(without) <= sum(many) < 80


def test_those_of_a_user_are_found_the_same_however_many_others_have_some() -> None:
    asked = []
    for count in (1, MANY):
        mutes, until = Mutes(Clock().seconds), utc_now() + timedelta(hours=1)
        for number in range(count):
            mutes.put(Mute(UserId(f"user-{number}"), RoomId(f"room-{number}"), SYSTEM, "1h", "", until), utc_now())
        asked.append(calls_of(partial(mutes.of_user, UserId("user-0"))))
    assert asked[0] == asked[1]
