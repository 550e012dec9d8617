"""A mute in a room stops every way to say something there, and nothing else. Every verb that clients have is tried."""

from __future__ import annotations

from typing import Any

import pytest

from chat.config import AclRule, ChannelSection, MessageOptions, RoomSection
from chat.model import UserId
from chat.requests import MutePlan, MuteUsers
from chat.testing import MemoryClient, MemoryServer
from chat.texts import base64_of
from tests.banning import BAR, HALL, LOBBY, TOWN, Make, backend, call, inside, join, said

ALICE = UserId("alice")
TEXT = base64_of("hello")
CROSSING = AclRule(action="crossroom", type="samechannel", value="y")
ROOMS = (RoomSection(id=HALL, name="Hall"), RoomSection(id=BAR, name="Bar"))
CHANNELS = (ChannelSection(id=LOBBY, name="Lobby", default=True, rooms=ROOMS, acls=(CROSSING,)),)
PRIVATE = {"verb": "send", "target": {"id": "bob", "objectType": "private"}, "object": {"content": TEXT}}


def whispered(room_id: str) -> dict[str, Any]:
    """A whisper to bob."""
    return {"verb": "whisper", "target": {"id": "bob"}, "actor": {"url": room_id}, "object": {"content": TEXT}}


def there(verb: str, **members: Any) -> dict[str, Any]:
    """What concerns the hall and says nothing."""
    return {"verb": verb, "target": {"id": HALL}} | members


def ways(message_id: str) -> dict[str, list[dict[str, Any]]]:
    """By event, all that says something in the hall, or makes something else of what was said."""
    return {
        "message": [
            said("hello"),
            said('{"text": "hello -bob"}'),
            said("into the hall", actor={"url": BAR}),
            said("out of the hall", BAR, actor={"url": HALL}),
        ],
        "whisper": [whispered(HALL)],
        "edit": [there("edit", object={"id": message_id, "content": TEXT})],
    }


def others(message_id: str, bobs_id: str) -> dict[str, list[dict[str, Any]]]:
    """By event, what a mute in the hall leaves alone: to call for help is one of these, and what is said elsewhere."""
    report = {"id": bobs_id, "content": base64_of("theirs")}
    seen = {"attachments": [{"id": bobs_id}]}
    return {
        "connect": [{}],
        "login": [{"verb": "login", "actor": {"id": "alice", "displayName": TEXT}}],
        "message": [said("in the bar", BAR), PRIVATE],
        "whisper": [whispered(BAR)],
        "request_admin": [there("help", object={"content": TEXT})],
        "report": [{"verb": "report", "target": {"id": "bob"}, "object": report}],
        "invite": [{"verb": "invite", "target": {"id": "bob"}, "actor": {"url": HALL}}],
        "received": [there("receive", object=seen)],
        "read": [there("read", object=seen)],
        "msg_status": [{"verb": "check", "target": {"id": "bob"}, "object": seen}],
        "history": [there("list")],
        "users_in_room": [there("list")],
        "list_channels": [{"verb": "list"}],
        "list_rooms": [{"verb": "list", "object": {"url": LOBBY}}],
        "create": [{"verb": "create", "target": {"displayName": TEXT}, "object": {"url": LOBBY}}],
        "delete": [there("delete", object={"id": message_id})],
        "join": [join(HALL)],
        "status": [{"verb": "online"}],
        "update_user_info": [
            {"verb": "update", "object": {"attachments": [{"objectType": "avatar", "content": TEXT}]}},
            there("update", object={"attachments": [{"objectType": "avatar", "content": TEXT}]}),
        ],
        "leave": [there("leave")],
        "disconnect": [{}],
    }


# What is for those who keep order or have a room of their own says nothing in the hall either.
OF_MODERATORS = {"kick", "ban", "remove_room", "rename_room", "get_acl", "set_acl"}


@pytest.fixture
def server(memory_server: Make) -> MemoryServer:
    options = MessageOptions(text_whispers=True)
    return memory_server(channels=CHANNELS, roles=TOWN["roles"], messages=options)


async def muted_alice(server: MemoryServer) -> tuple[MemoryClient, str]:
    """Alice, who said something in the hall before she was muted there; the message's id."""
    alice = await inside(server, "alice", HALL, BAR)
    message_id: str = (await alice.call("message", said("before")))["data"]["id"]
    plan = MutePlan(ALICE, HALL, "1h", "why", UserId("0"))
    await server.server.services.dispatch(backend(server), MuteUsers((plan,)))
    return alice, message_id


async def test_nothing_is_said_where_one_is_muted(server: MemoryServer) -> None:
    bob = await inside(server, "bob", HALL, BAR)
    alice, message_id = await muted_alice(server)
    await bob.sync()
    bob.events.clear()
    for event, bodies in ways(message_id).items():
        for body in bodies:
            reply = await alice.call(event, body)
            assert (reply["status_code"], reply["data"]["verb"]) == (703, "mute"), body
    await bob.sync()
    assert bob.events == []


async def test_everything_else_goes_on(server: MemoryServer) -> None:
    bob = await inside(server, "bob", HALL, BAR)
    await inside(server, "mod")
    bobs_id = (await bob.call("message", said("theirs")))["data"]["id"]
    alice, message_id = await muted_alice(server)
    for event, bodies in others(message_id, bobs_id).items():
        for body in bodies:
            assert await call(alice, event, body) == 200, event


async def test_every_verb_is_one_or_the_other(server: MemoryServer) -> None:
    known = {verb.event for verb in server.server.pipeline.verbs if verb.event is not None}
    assert known <= {*ways(""), *others("", ""), *OF_MODERATORS}
