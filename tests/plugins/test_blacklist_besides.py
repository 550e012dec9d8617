"""Words that are not to be said are looked for in all that others would be shown: reasons, attributes, and what clients
put beside a text.
"""

from __future__ import annotations

import base64
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from chat.config import Content
from chat.model import UserId
from chat.requests import KickUser
from chat.testing import MemoryClient, MemoryServer
from chat.texts import base64_of
from tests.banning import HALL, LOBBY, TOWN, Make, backend, ban, inside, join, said

BAD, GOOD = base64_of("you b\u200bàd one"), base64_of("you good one")


@pytest.fixture
def server(memory_server: Make) -> MemoryServer:
    return memory_server(**TOWN, content=Content(blacklist=("bad", "sexy", "two words")))


def kept(server: MemoryServer) -> list[str]:
    """The reasons in the audit log and of bans."""
    with closing(sqlite3.connect(f"{server.server.config.data_dir}/chat.db")) as database:
        query = "SELECT reason FROM audit UNION ALL SELECT reason FROM sanctions"
        return [reason for (reason,) in database.execute(query)]


def kick(content: str, room_id: str = HALL) -> dict[str, Any]:
    return {"verb": "kick", "target": {"id": room_id}, "object": {"id": "bob", "content": content}}


def attribute(content: str) -> dict[str, Any]:
    return {"verb": "update", "object": {"attachments": [{"objectType": "avatar", "content": content}]}}


async def own_room(alice: MemoryClient) -> str:
    """Of a temporary room, in which she is."""
    create = {"verb": "create", "target": {"displayName": base64_of("Mine")}, "object": {"url": LOBBY}}
    room_id: str = (await alice.call("create", create))["data"]["target"]["id"]
    await alice.call("join", join(room_id))
    return room_id


@pytest.mark.parametrize(("reason", "told"), [(BAD, None), (GOOD, GOOD)])
async def test_a_kick_has_no_such_reason(server: MemoryServer, reason: str, told: str | None) -> None:
    alice, carol = await inside(server, "alice"), await inside(server, "carol")
    room_id = await own_room(alice)
    bob = await inside(server, "bob", HALL, room_id)
    await carol.call("join", join(room_id))
    assert (await alice.call("kick", kick(reason, room_id)))["status_code"] == 200
    for client in (alice, bob, carol):
        assert (await client.wait_for("gn_user_kicked"))["object"].get("content") == told
    assert [one for one in kept(server) if one] == ([] if told is None else ["you good one"])


@pytest.mark.parametrize(("reason", "told"), [(BAD, None), (GOOD, GOOD)])
async def test_a_ban_has_no_such_reason(server: MemoryServer, reason: str, told: str | None) -> None:
    alice = await inside(server, "alice")
    room_id = await own_room(alice)
    bob = await inside(server, "bob", HALL, room_id)
    assert (await alice.call("ban", ban("bob", target=room_id, content=reason)))["status_code"] == 200
    assert (await bob.wait_for("gn_banned"))["object"].get("content") == told
    refused = await bob.call("join", join(room_id))
    assert (refused["status_code"], refused["data"]["object"]["content"]) == (703, told or "")
    assert set(filter(None, kept(server))) == (set() if told is None else {"you good one"})


@pytest.mark.parametrize(("reason", "told"), [(BAD, None), (GOOD, GOOD)])
async def test_the_end_of_a_room_has_no_such_reason(server: MemoryServer, reason: str, told: str | None) -> None:
    alice, bob = await inside(server, "alice"), await inside(server, "bob")
    room_id = await own_room(alice)
    body = {"verb": "remove", "target": {"id": room_id}, "object": {"content": reason}}
    assert (await alice.call("remove_room", body))["status_code"] == 200
    for client in (alice, bob):
        assert (await client.wait_for("gn_room_removed")).get("object", {}).get("content") == told
    assert [one for one in kept(server) if one] == ([] if told is None else ["you good one"])


async def test_operators_give_any_reason(server: MemoryServer) -> None:
    mod, bob = await inside(server, "mod"), await inside(server, "bob")
    assert (await mod.call("kick", kick(BAD)))["status_code"] == 200
    assert (await bob.wait_for("gn_user_kicked"))["object"]["content"] == BAD


async def test_backends_give_any_reason(server: MemoryServer) -> None:
    bob = await inside(server, "bob")
    request = KickUser(room_id=HALL, user_id=UserId("bob"), reason="bad")
    await server.server.services.dispatch(backend(server), request)
    assert (await bob.wait_for("gn_user_kicked"))["object"]["content"] == base64_of("bad")


async def test_attributes_have_none(server: MemoryServer) -> None:
    alice, mod, bob = await inside(server, "alice"), await inside(server, "mod"), await inside(server, "bob")
    refused = await alice.call("update_user_info", attribute(BAD))
    assert (refused["status_code"], refused["message"]) == (706, "an attribute has a word that is not to be said")
    await bob.sync()
    assert bob.heard("gn_user_info_updated") == []
    for client, content in ((alice, GOOD), (mod, BAD)):
        assert (await client.call("update_user_info", attribute(content)))["status_code"] == 200
        assert content in str(await bob.wait_for("gn_user_info_updated"))


@pytest.mark.parametrize(
    "members",
    [
        {"id": "so-bad-1"},
        {"id": "SEXY"},
        {"id": base64_of("so bad")},
        {"summary": "bad"},
        {"bad": 1},
        {"summary": base64_of("so bad")},
        {"summary": base64_of("so bad ").rstrip("=")},
        {"summary": base64.urlsafe_b64encode("ÿÿÿ? bad".encode()).decode()},
        {"summary": base64_of("so bad")[:3] + "\n" + base64_of("so bad")[3:]},
        {"summary": base64_of("bad\0")},
        {"attachments": [{"deep": [{"summary": base64_of("bad")}]}]},
        {"summary": "b\\u0061d"},
        {"summary": base64_of('{"text": "b\\u0061d"}')},
        {"x": ["b", "a", "d"]},
        {"x": [["b"], {"a": "d"}]},
        {"summary": "two words"},
    ],
)
async def test_what_stands_beside_the_text_is_looked_at(server: MemoryServer, members: dict[str, Any]) -> None:
    alice, bob = await inside(server, "alice"), await inside(server, "bob")
    body = said("hello")
    body["object"] |= members
    reply = await alice.call("message", body)
    assert reply["status_code"] == 200
    assert "seq" not in reply["data"]
    await bob.sync()
    assert bob.heard("message") == []


@pytest.mark.parametrize(
    "members",
    [
        {"id": "5e0bad00-dead-4bad-8bad-0123456789ab"},
        {"id": "0BAD0"},
        {"id": "b-ad"},
        {"x": ["two", "words"]},
        {"x": ["ba", "d"]},
        {"ba": "d", "n": None, "flag": True, "number": 1.5, "none": [], "empty": ""},
        {"summary": base64_of("good")},
        {"summary": "se xy", "other": "\U0001f600=="},
    ],
)
async def test_what_says_none_is_heard(server: MemoryServer, members: dict[str, Any]) -> None:
    alice, bob = await inside(server, "alice"), await inside(server, "bob")
    body = said("hello")
    body["object"] |= members
    reply = await alice.call("message", body)
    assert (await bob.wait_for("message")) == reply["data"]
    assert reply["data"]["seq"]


async def test_without_the_plugin_all_is_told(memory_server: Make) -> None:
    plugins = {"disable": ["blacklist", "rest-blacklist"]}
    server = memory_server(**TOWN, content=Content(blacklist=("bad",)), plugins=plugins)
    alice, bob = await inside(server, "owner"), await inside(server, "bob")
    assert (await alice.call("update_user_info", attribute(BAD)))["status_code"] == 200
    assert (await alice.call("kick", kick(BAD)))["status_code"] == 200
    assert (await bob.wait_for("gn_user_kicked"))["object"]["content"] == BAD
