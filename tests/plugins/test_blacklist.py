"""What has a word that is not to be said is heard by nobody but who said it, whichever way it was said."""

from __future__ import annotations

from typing import Any

import pytest

from chat.config import AclRule, ChannelSection, Content, MessageOptions, RoomSection
from chat.plugin import Context
from chat.requests import SendMessage
from chat.testing import MemoryClient, MemoryServer
from chat.texts import base64_of
from chat.times import utc_now
from tests.banning import BAR, HALL, LOBBY, TOWN, Make, inside, names, said
from tests.conversing import counted, logged_in

BAD = base64_of("what a b\u200bàd word")
CROSSING = AclRule(action="crossroom", type="samechannel", value="y")
ROOMS = (RoomSection(id=HALL, name="Hall"), RoomSection(id=BAR, name="Bar"))
CHANNELS = (ChannelSection(id=LOBBY, name="Lobby", default=True, rooms=ROOMS, acls=(CROSSING,)),)


@pytest.fixture
def server(memory_server: Make) -> MemoryServer:
    content, messages = Content(blacklist=("BAD", "worse")), MessageOptions(text_whispers=True)
    return memory_server(channels=CHANNELS, roles=TOWN["roles"], messages=messages, content=content)


def private(target: str, text: str) -> dict[str, Any]:
    target_of = {"id": target, "objectType": "private"}
    return {"verb": "send", "target": target_of, "object": {"content": base64_of(text)}}


def whispered(room_id: str, text: str = "bad") -> dict[str, Any]:
    target = {"id": "bob"}
    return {"verb": "whisper", "target": target, "actor": {"url": room_id}, "object": {"content": base64_of(text)}}


def with_id(text: str, client_id: str) -> dict[str, Any]:
    return {"verb": "send", "target": {"id": HALL, "objectType": "room"}} | {
        "object": {"content": base64_of(text), "id": client_id}
    }


async def history(client: MemoryClient, target: str = HALL) -> list[str]:
    reply = await client.call("history", {"verb": "list", "target": {"id": target}})
    return [one["content"] for one in reply["data"]["object"]["attachments"]]


async def check_alone(
    reply: Any, event: str, hearing: tuple[MemoryClient, ...], deaf: tuple[MemoryClient, ...]
) -> None:
    """The reply is a success, the event says the same, and the one half hears of it and the other does not."""
    assert reply["status_code"] == 200
    for client in (*hearing, *deaf):
        await client.sync()
    for client in hearing:
        assert client.heard(event) == [reply["data"]]
    for client in deaf:
        assert names(client) == []


async def test_in_a_room_the_sessions_of_the_sender_alone_hear_it(
    server: MemoryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, second = await inside(server, "alice"), await inside(server, "alice")
    outside, bob = await logged_in(server, "alice"), await inside(server, "bob")
    calls = counted(server, monkeypatch)
    reply = await alice.call("message", said("what a b\u200bàd word"))
    assert calls == []
    await check_alone(reply, "message", (alice, second), (outside, bob))
    assert [name for name, _, _ in alice.log][-2:] == ["gn_message", "message"]
    usual = await alice.call("message", said("what a good word"))
    unlike = {"id", "published", "object"}
    assert {name: value for name, value in reply["data"].items() if name not in unlike} == {
        name: value for name, value in usual["data"].items() if name not in {*unlike, "seq"}
    }
    assert reply["data"]["object"] == usual["data"]["object"] | {"content": BAD}
    assert usual["data"]["seq"] == 1, "no number was taken"
    assert await history(alice) == await history(bob) == [base64_of("what a good word")]


@pytest.mark.parametrize("text", ['{"text": "b\\u0061d"}', "b.a.d", "baaaad", "sо bаd", "WORSE", "bad\nword"])
async def test_tricks_do_not_pass(server: MemoryServer, text: str) -> None:
    alice, bob = await inside(server, "alice"), await inside(server, "bob")
    await check_alone(await alice.call("message", said(text)), "message", (alice,), (bob,))


async def test_what_else_is_in_the_object_is_looked_at(server: MemoryServer) -> None:
    alice, bob = await inside(server, "alice"), await inside(server, "bob")
    body = said("hello")
    body["object"]["attachments"] = [{"summary": "b\u200bad"}]
    reply = await alice.call("message", body)
    await check_alone(reply, "message", (alice,), (bob,))
    assert reply["data"]["object"]["attachments"] == [{"summary": "b\u200bad"}]
    assert "seq" in (await alice.call("message", with_id("hello", "0bad0")))["data"], "an id is made by chance"


async def test_privately(server: MemoryServer) -> None:
    alice, second = await logged_in(server, "alice"), await logged_in(server, "alice")
    bob = await logged_in(server, "bob")
    reply = await alice.call("message", private("bob", "bad"))
    await check_alone(reply, "message", (alice, second), (bob,))
    assert alice.heard("gn_room_created")[0]["target"]["id"] == reply["data"]["target"]["id"]
    assert (await bob.call("history", {"verb": "list", "target": {"id": "alice"}}))["data"]["object"] == {
        "objectType": "messages",
        "attachments": [],
    }
    again = await alice.call("message", private(reply["data"]["target"]["id"], "hello"))
    assert again["data"]["seq"] == 1
    assert (await bob.wait_for("message"))["target"] == reply["data"]["target"]
    carol = server.client()
    waiting = (await carol.login("bob"))["data"]["object"]["attachments"]
    assert [one["content"] for one in waiting] == [base64_of("hello")]


async def test_from_one_room_into_another(server: MemoryServer) -> None:
    alice, both = await inside(server, "alice", BAR), await inside(server, "alice", BAR, HALL)
    bob = await inside(server, "bob", BAR, HALL)
    reply = await alice.call("message", said("bad", actor={"url": BAR}))
    await check_alone(reply, "message", (both,), (alice, bob))
    assert (reply["data"]["actor"]["url"], reply["data"]["target"]["id"]) == (BAR, HALL)
    usual = await alice.call("message", said("good", actor={"url": BAR}))
    assert reply["data"].keys() == usual["data"].keys() - {"seq"}
    assert reply["data"]["provider"] == usual["data"]["provider"]


async def test_a_whisper(server: MemoryServer) -> None:
    alice, bob = await inside(server, "alice"), await inside(server, "bob")
    reply = await alice.call("whisper", whispered(HALL))
    await check_alone(reply, "gn_whisper", (), (alice, bob))
    good = await alice.call("whisper", whispered(HALL, "good"))
    assert reply["data"].keys() == good["data"].keys()
    await bob.sync()
    assert len(bob.heard("gn_whisper")) == 1


async def test_a_whisper_as_a_text(server: MemoryServer) -> None:
    alice, second = await inside(server, "alice"), await logged_in(server, "alice")
    bob, carol = await inside(server, "bob"), await inside(server, "carol")
    reply = await alice.call("message", said('{"text": "bad -bob"}'))
    await check_alone(reply, "message", (alice, second), (bob, carol))
    good = await alice.call("message", said('{"text": "good -bob"}'))
    for one in (reply, good):
        for name in ("id", "published"):
            del one["data"][name]
        del one["data"]["object"]["content"]
    assert reply == good


async def test_an_edit(server: MemoryServer) -> None:
    alice, second, bob = [await inside(server, name) for name in ("alice", "alice", "bob")]
    first = (await alice.call("message", said("good")))["data"]
    await bob.sync()
    bob.events.clear()
    body = {"verb": "edit", "target": {"id": HALL}, "object": {"id": first["id"], "content": BAD}}
    reply = await alice.call("edit", body)
    await check_alone(reply, "gn_message_edited", (alice, second), (bob,))
    assert reply["data"]["object"]["content"] == BAD
    assert await history(alice) == [base64_of("good")]
    better = await alice.call("edit", body | {"object": {"id": first["id"], "content": base64_of("better")}})
    assert reply["data"].keys() == better["data"].keys()
    await bob.sync()
    assert names(bob) == ["gn_message_edited"]


async def test_an_edit_in_a_conversation(server: MemoryServer) -> None:
    alice, second, bob = [await logged_in(server, name) for name in ("alice", "alice", "bob")]
    first = (await alice.call("message", private("bob", "good")))["data"]
    await bob.sync()
    bob.events.clear()
    target = {"id": first["target"]["id"]}
    reply = await alice.call("edit", {"verb": "edit", "target": target, "object": {"id": first["id"], "content": BAD}})
    await check_alone(reply, "gn_message_edited", (alice, second), (bob,))


async def test_operators_are_exempt(server: MemoryServer) -> None:
    bob = await inside(server, "bob")
    for name in ("super", "mod"):
        operator = await inside(server, name)
        reply = await operator.call("message", said("bad"))
        assert (await bob.wait_for("message")) == reply["data"]
        assert reply["data"]["seq"]


async def test_what_a_backend_says_for_a_user_is_looked_at(server: MemoryServer) -> None:
    alice, bob = await inside(server, "alice"), await inside(server, "bob")
    services = server.server.services
    context = Context(utc_now(), alice.connection.session.user, None, "key")
    await services.dispatch(context, SendMessage(body="bad", target=HALL, kind="room"))
    await alice.sync()
    await bob.sync()
    assert (len(alice.heard("message")), names(bob)) == (1, [])


@pytest.mark.parametrize(
    ("event", "body", "code"),
    [
        ("message", said("bad", BAR), 702),
        ("message", said("bad", "nowhere"), 802),
        ("message", private("nobody", "bad"), 800),
        ("message", said("bad " * 10_000), 714),
        (
            "whisper",
            {"verb": "whisper", "target": {"id": "bob"}, "actor": {"url": BAR}, "object": {"content": BAD}},
            702,
        ),
        ("edit", {"verb": "edit", "target": {"id": HALL}, "object": {"id": "unknown", "content": BAD}}, 706),
    ],
)
async def test_what_is_refused_is_refused_all_the_same(
    server: MemoryServer, event: str, body: dict[str, Any], code: int
) -> None:
    alice = await inside(server, "alice")
    await logged_in(server, "bob")
    assert (await alice.call(event, body))["status_code"] == code
    await alice.sync()
    assert names(alice) == []


async def test_a_retry_gets_the_first_reply_again(server: MemoryServer) -> None:
    alice, bob = await inside(server, "alice"), await inside(server, "bob")
    first = await alice.call("message", with_id("bad", "id-1"))
    assert await alice.call("message", with_id("bad", "id-1")) == first
    await check_alone(first, "message", (alice,), (bob,))
    assert (await alice.call("message", with_id("worse", "id-1")))["status_code"] == 706
    other = await bob.call("message", with_id("bad", "id-1"))
    assert other["data"]["id"] != first["data"]["id"]
    server.server.services.words.declare(())
    stored = await alice.call("message", with_id("bad", "id-1"))
    assert stored["data"]["seq"] == 1, "nothing was stored under the id before"


async def test_replies_keep_their_order(server: MemoryServer) -> None:
    alice, bob = await inside(server, "alice"), await inside(server, "bob")
    asked = [alice.ask("message", said(text)) for text in ("one", "bad", "two", "worse", "three")]
    for reply in asked:
        assert (await reply)["status_code"] == 200
    await alice.sync()
    await bob.sync()
    said_texts = [base64_of(text) for text in ("one", "bad", "two", "worse", "three")]
    assert [one["object"]["content"] for one in alice.heard("message")] == said_texts
    assert [one["object"]["content"] for one in bob.heard("message")] == said_texts[::2]


async def test_without_the_plugin_all_is_heard(memory_server: Make) -> None:
    content, plugins = Content(blacklist=("bad",)), {"disable": ["blacklist", "rest-blacklist"]}
    server = memory_server(channels=CHANNELS, content=content, plugins=plugins)
    alice, bob = await inside(server, "alice"), await inside(server, "bob")
    assert (await alice.call("message", said("bad")))["data"] == await bob.wait_for("message")
