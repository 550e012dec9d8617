"""report: who hears of what, and who may report what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec import structs

from chat.config import ChannelSection, GlobalRoles, RoomSection
from chat.model import ChannelId, RoomKind, UserId
from chat.moderation import REPORTS_PER_DAY
from chat.testing import MemoryClient, MemoryServer
from chat.texts import base64_of
from chat.wire.frames import Command
from tests.conversing import ROOM, inside, logged_in, send
from tests.seeds.examples import VERBS, filled

CHANNELS = (
    ChannelSection(
        id="lobby",
        name="Lobby",
        default=True,
        rooms=(
            RoomSection(id=ROOM, name="General"),
            RoomSection(id="secret", name="Secret", access="members", owners=("bob",)),
        ),
    ),
)


def report(message_id: str, author: str = "bob", claimed: str = "rude", reason: str = "why") -> Any:
    """The example of a report, with real values."""
    values = {
        "object.id": message_id,
        "object.content": base64_of(claimed),
        "object.summary": base64_of(reason),
        "target.id": author,
    }
    return filled(VERBS["report"][0], values)


async def say(client: MemoryClient, text: str = "rude", room: str = ROOM) -> str:
    """Say something in a room; the id of the message."""
    body = send(text) | {"target": {"id": room, "objectType": "room"}}
    reply = await client.call("message", body)
    assert reply["status_code"] == 200
    message_id: str = reply["data"]["id"]
    return message_id


async def reported(client: MemoryClient) -> list[Any]:
    """The reports of which an operator heard."""
    await client.sync()
    return client.heard("gn_report")


@pytest.fixture
def server(memory_server: Callable[..., MemoryServer]) -> MemoryServer:
    return memory_server(channels=CHANNELS, roles=GlobalRoles(superusers=("carol",), globalmods=("mod",)))


async def test_operators_hear_of_it_once_with_what_the_message_really_says(server: MemoryServer) -> None:
    alice, bob = await inside(server, "alice"), await inside(server, "bob")
    carol, mod = await inside(server, "carol"), await logged_in(server, "mod")
    admin_room = next(
        room for room in server.server.services.rooms.rooms_in(ChannelId("lobby")) if room.kind is RoomKind.ADMIN
    )
    await carol.call("join", {"verb": "join", "target": {"id": admin_room.id}})
    message_id = await say(bob)
    clients = (alice, bob, carol, mod)
    for client in clients:
        await client.sync()
        client.events.clear()
    forged = report(message_id, claimed="I never said that")
    forged["actor"] = {"id": "carol", "displayName": base64_of("Carol")}
    assert await alice.call("report", forged) == {"status_code": 200}
    for client in clients:
        await client.sync()
    assert alice.events == bob.events == []
    assert carol.events == mod.events
    ((name, heard),) = carol.events
    assert name == "gn_report"
    assert heard.pop("id") != message_id
    assert heard.pop("published").endswith("Z")
    assert heard == {
        "verb": "report",
        "provider": {"id": "dev"},
        "actor": {"id": "alice", "displayName": base64_of("alice")},
        "object": {"id": message_id, "content": base64_of("rude"), "summary": base64_of("why")},
        "target": {"id": "bob", "displayName": base64_of("bob")},
        "generator": {"id": ROOM, "displayName": base64_of("General")},
    }


async def test_it_has_no_reply_but_for_who_gives_an_id(server: MemoryServer) -> None:
    alice, bob, mod = [await inside(server, name) for name in ("alice", "bob", "mod")]
    message_id = await say(bob)
    await alice.sync()
    alice.log.clear()
    alice.connection.command(Command("report", report(message_id)))
    alice.connection.command(Command("report", report("unknown")))
    await alice.call("report", report(message_id))
    assert [(name, body) for name, body, _ in alice.log] == [("gn_ack", {"status_code": 200})]
    assert len(await reported(mod)) == 1


async def test_a_second_report_of_a_message_tells_nobody(server: MemoryServer) -> None:
    alice, bob, mod = [await inside(server, name) for name in ("alice", "bob", "mod")]
    message_id = await say(bob)
    for reason in ("one", "two"):
        assert await alice.call("report", report(message_id, reason=reason)) == {"status_code": 200}
    assert await bob.call("report", report(message_id, reason="three")) == {"status_code": 200}
    assert [heard["object"]["summary"] for heard in await reported(mod)] == [base64_of("one"), base64_of("three")]


async def test_a_reason_may_be_left_out(server: MemoryServer) -> None:
    alice, bob, mod = [await inside(server, name) for name in ("alice", "bob", "mod")]
    body = report(await say(bob))
    del body["object"]["summary"]
    assert (await alice.call("report", body))["status_code"] == 200
    (heard,) = await reported(mod)
    assert heard["object"].keys() == {"id", "content"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"object": {"content": "aGk="}}, 501),
        ({"object": {"id": "unknown"}}, 506),
        ({"target": {}}, 502),
        ({"verb": "complain"}, 607),
        ({"object": {"id": "unknown", "content": "aGk"}}, 701),
        ({"object": {"id": "unknown", "content": "aGk=", "summary": "aGk"}}, 701),
        ({"object": {"id": "unknown", "content": "aGk=", "summary": "aGlp" * 257}}, 706),
        ({"object": {"id": "unknown", "content": "aGk="}}, 706),
        ({"target": {"id": "alice"}}, 706),
        ({"target": {"id": "nobody"}}, 706),
        ({}, 200),
    ],
)
async def test_refusals(server: MemoryServer, change: dict[str, Any], code: int) -> None:
    alice, bob, mod = [await inside(server, name) for name in ("alice", "bob", "mod")]
    assert (await alice.call("report", report(await say(bob)) | change))["status_code"] == code
    assert len(await reported(mod)) == (code == 200)


async def test_who_is_outside_reports_nothing(server: MemoryServer) -> None:
    alice, bob, mod = await logged_in(server, "alice"), await inside(server, "bob"), await inside(server, "mod")
    await bob.call("join", {"verb": "join", "target": {"id": "secret"}})
    for room in (ROOM, "secret"):
        refused = await alice.call("report", report(await say(bob, room=room)))
        assert refused == {"status_code": 702, "message": "the user is not in the room"}
    assert await reported(mod) == []


async def test_the_owner_of_a_conversation_reports_what_is_said_there(server: MemoryServer) -> None:
    alice, bob, mod = [await logged_in(server, name) for name in ("alice", "bob", "mod")]
    carol = await logged_in(server, "carol")
    body = send("rude") | {"target": {"id": "alice", "objectType": "private"}}
    said = (await bob.call("message", body))["data"]
    assert (await mod.call("report", report(said["id"])))["status_code"] == 702
    assert (await alice.call("report", report(said["id"])))["status_code"] == 200
    (heard,) = await reported(carol)
    assert heard["object"]["content"] == base64_of("rude")
    assert heard["generator"] == {"id": said["target"]["id"], "displayName": ""}


async def test_a_user_reports_so_many_messages_a_day(server: MemoryServer) -> None:
    alice, bob, mod = [await inside(server, name) for name in ("alice", "bob", "mod")]
    ids = [await say(bob, str(number)) for number in range(REPORTS_PER_DAY + 1)]
    codes = [(await alice.call("report", report(one)))["status_code"] for one in ids]
    assert codes == [200] * REPORTS_PER_DAY + [705]
    assert len(await reported(mod)) == REPORTS_PER_DAY
    (newest,) = await server.server.services.store.list_reports(1)
    assert structs.asdict(newest)["reporter_id"] == UserId("alice")
    assert newest.message_id == ids[-2]
