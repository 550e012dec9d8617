"""What a message asks of the store: one write, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from twisted.internet.defer import gatherResults

from chat import timelines
from chat.config import AclRule, ChannelSection, GlobalRoles, RoomSection
from chat.model import Mute, RoomId, UserId
from chat.testing import MemoryServer
from chat.times import utc_now

from .conversing import ROOM, counted, inside, logged_in, send

RULES = (AclRule(action="join", type="age", value="18:"),)
GENERAL = RoomSection(id=ROOM, name="General", access="members", owners=("alice", "bob"), acls=RULES)
OTHER = RoomSection(id="other", name="Other")
CHANNELS = (ChannelSection(name="Lobby", default=True, admins=("alice",), acls=RULES, rooms=(GENERAL, OTHER)),)


@pytest.mark.parametrize("forgotten", [False, True])
async def test_a_message_is_one_write_and_no_read(
    memory_server: Callable[..., MemoryServer], monkeypatch: pytest.MonkeyPatch, forgotten: bool
) -> None:
    """Also where the room's newest messages had to be forgotten, to stay within the bound of memory."""
    server = memory_server(channels=CHANNELS, roles=GlobalRoles(globalmods=("bob",)))
    alice, bob = await inside(server, "alice"), await inside(server, "bob")
    services = server.server.services
    until = utc_now() + timedelta(hours=1)
    await services.store.put_sanctions([Mute(UserId("alice"), ROOM, UserId("bob"), "1h", "", until)], [])
    services.mutes.put(Mute(UserId("alice"), ROOM, UserId("bob"), "1h", "", until), utc_now())
    await services.tallies.write()
    if forgotten:
        monkeypatch.setattr(timelines, "MEMORY_BYTES", -1)
        await services.timelines.open(services.rooms.room(RoomId("other")))
    assert (ROOM in services.timelines._rooms) is not forgotten
    calls = counted(server, monkeypatch)
    assert (await alice.call("message", send("muted")))["status_code"] == 703
    assert calls == []
    replies = await gatherResults([bob.ask("message", send(str(number))) for number in range(10)])
    await alice.sync()
    assert [reply["data"]["seq"] for reply in replies] == list(range(1, 11))
    assert len(alice.heard("message")) == 10
    assert calls == ["append_message"] * 10


@pytest.mark.parametrize("user_id", ["bob", "01890000-0000-7000-8000-000000000000"])
@pytest.mark.parametrize("online", [False, True])
async def test_a_private_message_is_one_write_and_no_read(
    memory_server: Callable[..., MemoryServer], monkeypatch: pytest.MonkeyPatch, user_id: str, online: bool
) -> None:
    server = memory_server(channels=CHANNELS)
    alice, bob = await logged_in(server, "alice"), await logged_in(server, user_id)
    body = send("hello") | {"target": {"id": user_id, "objectType": "private"}}
    conversation = (await alice.call("message", body))["data"]["target"]["id"]
    if not online:
        await bob.leave()
        await server.server.services.tallies.write()
    calls = counted(server, monkeypatch)
    for target in (user_id, conversation):
        asked = [alice.ask("message", body | {"target": {"id": target, "objectType": "private"}}) for _ in range(10)]
        assert {reply["status_code"] for reply in await gatherResults(asked)} == {200}
    assert calls == ["append_message"] * 20


async def test_the_newest_messages_of_an_active_room_are_no_read(
    memory_server: Callable[..., MemoryServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = memory_server(channels=CHANNELS)
    alice = await inside(server, "alice")
    await alice.call("message", send("hello"))
    await server.server.services.tallies.write()
    calls = counted(server, monkeypatch)
    for body in ({}, {"updated": "2000-01-01T00:00:00Z"}):
        reply = await alice.call("history", {"verb": "list", "target": {"id": ROOM}} | body)
        assert len(reply["data"]["object"]["attachments"]) == 1
    reply = await alice.call("join", {"verb": "join", "target": {"id": ROOM}})
    assert reply["data"]["object"]["head"] == 1
    assert calls == []


@pytest.mark.parametrize("user_id", ["bob", "01890000-0000-7000-8000-000000000000"])
async def test_who_owns_a_conversation_is_no_read_before_its_messages(
    memory_server: Callable[..., MemoryServer], monkeypatch: pytest.MonkeyPatch, user_id: str
) -> None:
    """Though the other one is away."""
    server = memory_server(channels=CHANNELS)
    alice, bob = await logged_in(server, "alice"), await logged_in(server, user_id)
    body = send("hello") | {"target": {"id": user_id, "objectType": "private"}}
    conversation = (await alice.call("message", body))["data"]["target"]["id"]
    await bob.leave()
    await server.server.services.tallies.write()
    calls = counted(server, monkeypatch)
    for target in (user_id, conversation):
        reply = await alice.call("history", {"verb": "list", "target": {"id": target}, "object": {"seq": 0}})
        assert [entry["seq"] for entry in reply["data"]["object"]["attachments"]] == [1]
    assert calls == ["messages_after"] * 2
