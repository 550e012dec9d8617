"""Mutes through the pipeline: who is refused, who hears, how they end."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from twisted.internet.task import Clock

from chat.errors import ChatError, ErrorCode
from chat.model import RoomId, UserId
from chat.plugin import Context
from chat.requests import ListMutes, MutePlan, Mutes, MuteUsers, UnmuteUser
from chat.testing import MemoryServer
from chat.texts import base64_of
from chat.times import utc_now
from tests.conversing import CHANNELS, ROOM, inside, send

SEND = send("hello")
ALICE, BOB = UserId("alice"), UserId("bob")


def operator(server: MemoryServer) -> Context:
    """A backend that calls."""
    return Context(utc_now(), server.server.services.users.system, None, "key")


def plan(user: UserId = ALICE, duration: str = "1h", reason: str | None = "spam", actor: UserId = BOB) -> MutePlan:
    return MutePlan(user, ROOM, duration, reason, actor)


@pytest.fixture
def server(memory_server: Callable[..., MemoryServer]) -> MemoryServer:
    return memory_server(channels=CHANNELS)


async def test_a_muted_user_is_refused_with_the_mute(server: MemoryServer) -> None:
    alice, bob = await inside(server, "alice"), await inside(server, "bob")
    await server.server.pipeline.dispatch(operator(server), MuteUsers((plan(),)))
    reply = await alice.call("message", SEND)
    assert reply["status_code"] == 703
    notice = reply["data"]
    assert notice["verb"] == "mute"
    assert notice["provider"] == {"id": "dev"}
    assert notice["target"] == {"objectType": "room", "id": ROOM, "displayName": base64_of("General")}
    assert notice["object"]["content"] == base64_of("spam")
    assert 3500 < int(notice["object"]["summary"]) <= 3600
    assert (await bob.call("message", SEND))["status_code"] == 200


async def test_the_user_hears_of_mute_and_unmute(server: MemoryServer) -> None:
    bob = await inside(server, "bob")
    alice, second = await inside(server, "alice"), await inside(server, "alice")
    bob.events.clear()
    await server.server.pipeline.dispatch(operator(server), MuteUsers((plan(reason=""),)))
    await server.server.pipeline.dispatch(operator(server), UnmuteUser(ALICE, ROOM))
    await server.server.pipeline.dispatch(operator(server), UnmuteUser(ALICE, ROOM))
    for client in (alice, second, bob):
        await client.sync()
    assert alice.events == second.events
    assert bob.events == []
    (muted_name, muted), (unmuted_name, unmuted) = alice.events
    assert (muted_name, unmuted_name) == ("gn_mute", "gn_unmute")
    assert muted["actor"] == {"objectType": "user", "id": "bob"}
    assert muted["object"].pop("updated").endswith("Z")
    assert muted["object"] == {"objectType": "user", "id": "alice", "summary": "1h", "content": ""}
    assert muted["target"] == {"objectType": "room", "id": ROOM, "displayName": base64_of("General")}
    assert unmuted["object"] == {"objectType": "user", "id": "alice"}
    assert unmuted["actor"] == {"objectType": "user", "id": "0"}
    assert (await alice.call("message", SEND))["status_code"] == 200


async def test_a_second_mute_replaces_the_duration_and_keeps_the_reason(server: MemoryServer) -> None:
    await inside(server, "alice")
    await inside(server, "bob")
    for given in (plan(), plan(duration="2h", reason=None)):
        await server.server.pipeline.dispatch(operator(server), MuteUsers((given,)))
    outcome = await server.server.pipeline.dispatch(operator(server), ListMutes(room_id=ROOM))
    assert isinstance(outcome.reply, Mutes)
    (mute,) = outcome.reply.mutes
    assert (mute.duration, mute.reason) == ("2h", "spam")
    outcome = await server.server.pipeline.dispatch(operator(server), ListMutes(user_ids=(ALICE, BOB)))
    assert isinstance(outcome.reply, Mutes)
    assert outcome.reply.mutes == (mute,)


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (plan(user=UserId("nobody")), ErrorCode.NO_SUCH_USER),
        (plan(actor=UserId("nobody")), ErrorCode.NO_SUCH_USER),
        (plan(duration="0s"), ErrorCode.INVALID_BAN_DURATION),
        (plan(duration="999999999d"), ErrorCode.INVALID_BAN_DURATION),
        (MutePlan(ALICE, RoomId("nowhere"), "1h", None, BOB), ErrorCode.NO_SUCH_ROOM),
    ],
)
async def test_a_bad_entry_keeps_all_from_happening(server: MemoryServer, bad: MutePlan, code: ErrorCode) -> None:
    alice, bob = await inside(server, "alice"), await inside(server, "bob")
    with pytest.raises(ChatError) as refused:
        await server.server.pipeline.dispatch(operator(server), MuteUsers((plan(user=BOB), bad)))
    assert refused.value.code is code
    assert (await bob.call("message", SEND))["status_code"] == 200
    assert alice.heard("gn_mute") == bob.heard("gn_mute") == []


async def test_a_mute_is_there_after_a_restart_and_ends_on_time(memory_server: Callable[..., MemoryServer]) -> None:
    server = memory_server(channels=CHANNELS)
    await inside(server, "alice")
    await inside(server, "bob")
    await server.server.pipeline.dispatch(operator(server), MuteUsers((plan(), plan(user=BOB, duration="30m"))))
    await server.stop()
    clock = Clock()
    again = memory_server(channels=CHANNELS, data_dir=server.server.config.data_dir, clock=clock)
    alice, bob = await inside(again, "alice"), await inside(again, "bob")
    clock.advance(1_700)
    assert (await bob.call("message", SEND))["status_code"] == 703
    clock.advance(100)
    assert (await bob.call("message", SEND))["status_code"] == 200
    assert (await alice.call("message", SEND))["status_code"] == 703
    clock.advance(1_800)
    assert (await alice.call("message", SEND))["status_code"] == 200
