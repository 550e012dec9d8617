"""A mute in a room stops every way to say something there, and nothing else; those who keep order still give reasons
and names. Every verb that clients have is tried.
"""

from __future__ import annotations

from typing import Any

import pytest

from chat.config import AclRule, ChannelSection, MessageOptions, RoomSection
from chat.model import UserId
from chat.requests import MutePlan, MuteUsers
from chat.testing import MemoryClient, MemoryServer
from chat.texts import base64_of
from tests.banning import BAR, HALL, LOBBY, TOWN, Make, backend, ban, call, inside, join, said

TEXT = base64_of("hello")
CROSSING = AclRule(action="crossroom", type="samechannel", value="y")
ROOMS = (RoomSection(id=HALL, name="Hall", owners=("owner",)), RoomSection(id=BAR, name="Bar"))
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


def of_moderators() -> dict[str, list[dict[str, Any]]]:
    """By event, what a mute leaves to those who keep order. The hall reads the reasons and the name: it is the loss of
    the role that keeps from giving any.
    """
    hall = {"id": HALL, "objectType": "room"}
    rule = {"summary": "message", "objectType": "age", "content": "1:"}
    return {
        "kick": [there("kick", object={"id": "bob", "content": TEXT})],
        "ban": [ban("carol", content=TEXT)],
        "rename_room": [{"verb": "rename", "target": {"id": HALL, "displayName": TEXT}}],
        "get_acl": [{"verb": "get", "target": hall}],
        "set_acl": [{"verb": "set", "target": hall, "object": {"attachments": [rule]}}],
        "remove_room": [there("remove")],
    }


@pytest.fixture
def server(memory_server: Make) -> MemoryServer:
    options = MessageOptions(text_whispers=True)
    return memory_server(channels=CHANNELS, roles=TOWN["roles"], messages=options)


async def muted(server: MemoryServer, user_id: str = "alice") -> tuple[MemoryClient, str]:
    """A user who said something in the hall before being muted there; the message's id."""
    client = await inside(server, user_id, HALL, BAR)
    message_id: str = (await client.call("message", said("before")))["data"]["id"]
    plan = MutePlan(UserId(user_id), HALL, "1h", "why", UserId("0"))
    await server.server.services.dispatch(backend(server), MuteUsers((plan,)))
    return client, message_id


async def test_nothing_is_said_where_one_is_muted(server: MemoryServer) -> None:
    bob = await inside(server, "bob", HALL, BAR)
    alice, message_id = await muted(server)
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
    alice, message_id = await muted(server)
    for event, bodies in others(message_id, bobs_id).items():
        for body in bodies:
            assert await call(alice, event, body) == 200, event


async def test_those_who_keep_order_do_so_though_muted(server: MemoryServer) -> None:
    """With reasons and names, which all in the room read."""
    reader = await inside(server, "reader")
    for user_id in ("bob", "carol"):
        await inside(server, user_id)
    owner, _ = await muted(server, "owner")
    for event, bodies in of_moderators().items():
        for body in bodies:
            assert await call(owner, event, body) == 200, event
    await reader.sync()
    assert [kicked["object"]["content"] for kicked in reader.heard("gn_user_kicked")] == [TEXT, TEXT]
    assert [renamed["target"]["displayName"] for renamed in reader.heard("gn_room_renamed")] == [TEXT]


async def test_every_verb_is_one_or_the_other(server: MemoryServer) -> None:
    known = {verb.event for verb in server.server.pipeline.verbs if verb.event is not None}
    assert known <= {*ways(""), *others("", ""), *of_moderators()}
