"""Who may whisper to whom where the optional guards are on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import pytest_twisted

from chat.config import GlobalRoles, MessageOptions, UserOptions
from chat.errors import ConfigError
from chat.model import UserId
from chat.requests import BanUser, KickUser, MutePlan, MuteUsers, RemoveRoom
from chat.slots import Activity
from chat.testing import MemoryServer
from tests.answering import Answering, Listening
from tests.banning import backend
from tests.conversing import CHANNELS, JOIN, ROOM, eventually, inside, logged_in, send
from tests.plugins.test_text_whispers import worded
from tests.plugins.test_whisper import RULED, whisper

Make = Callable[..., MemoryServer]
ALICE = UserId("alice")
BOTH = ["whisper-contacts", "whisper-preferences"]
NO_ADDRESSES = [
    *("ftp://host/", "host/path", "http:///path", "http://host:abc/", "http://host:65536/", "http://host:0/"),
    *("http://h ost/x", "http://h\nost/", "http://host/a b", "http://ho_st..x/", "http://host..x/", "http://ho_st/"),
    *("http://[::1/", "http://[host]/", "http://me:pw@host/", "http://höst/", f"http://{'x' * 64}/"),
]
HIDDEN = UserOptions(public_attributes=("age",))


def guarded(make: Make, *names: str, users: UserOptions = HIDDEN, **sections: Any) -> MemoryServer:
    """A server with guards; those of their options that are given are in `options`."""
    options = sections.pop("options", {})
    return make(**{"channels": CHANNELS} | sections, users=users, plugins={"enable": list(names)} | options)


async def guest(server: MemoryServer, user_id: str, **attributes: str) -> None:
    """A user with attributes comes into the room."""
    client = await logged_in(server, user_id, **attributes)
    assert (await client.call("join", JOIN))["status_code"] == 200


@pytest.fixture
def answering() -> Answering:
    return Answering()


@pytest.fixture
def url(answering: Answering) -> Iterator[str]:
    from twisted.internet import reactor

    listening = Listening(reactor, answering)
    yield listening.url
    pytest_twisted.blockon(listening.stop())


@pytest.mark.parametrize(
    ("contacts", "code"),
    [("alice", 200), ("carol, alice", 200), ("carol,alicex", 721), ("", 721), (None, 721)],
)
async def test_contacts_alone_whisper(memory_server: Make, contacts: str | None, code: int) -> None:
    server = guarded(memory_server, "whisper-contacts")
    alice = await inside(server, "alice")
    await guest(server, "bob", **({} if contacts is None else {"contacts": contacts}))
    assert (await alice.call("whisper", whisper("bob")))["status_code"] == code


@pytest.mark.parametrize(("wish", "code"), [("off", 722), ("OFF", 722), ("on", 200), (None, 200)])
async def test_nobody_whispers_to_who_has_turned_it_off(memory_server: Make, wish: str | None, code: int) -> None:
    server = guarded(memory_server, "whisper-preferences")
    alice = await inside(server, "alice")
    await guest(server, "bob", **({} if wish is None else {"whispers": wish}))
    assert (await alice.call("whisper", whisper("bob")))["status_code"] == code


async def test_the_attributes_have_the_names_that_are_configured(memory_server: Make) -> None:
    options = {"whisper-contacts": {"attribute": "friends"}, "whisper-preferences": {"attribute": "quiet"}}
    server = guarded(memory_server, *BOTH, options=options)
    alice = await inside(server, "alice")
    await guest(server, "bob", friends="alice", whispers="off")
    await guest(server, "carol", friends="alice", quiet="off")
    assert (await alice.call("whisper", whisper("bob")))["status_code"] == 200
    assert (await alice.call("whisper", whisper("carol")))["status_code"] == 722


async def test_they_are_off_unless_they_are_enabled(memory_server: Make) -> None:
    server = guarded(memory_server)
    alice = await inside(server, "alice")
    await guest(server, "bob", whispers="off")
    assert (await alice.call("whisper", whisper("bob")))["status_code"] == 200


async def test_contacts_that_everybody_would_see_keep_the_server_from_starting(memory_server: Make) -> None:
    with pytest.raises(ConfigError, match="others see the attribute contacts"):
        guarded(memory_server, "whisper-contacts", users=UserOptions())


@pytest.mark.parametrize("url", NO_ADDRESSES)
async def test_an_address_that_is_none_keeps_the_server_from_starting(memory_server: Make, url: str) -> None:
    with pytest.raises(ConfigError, match="url: expected http"):
        guarded(memory_server, "whisper-contacts", options={"whisper-contacts": {"url": url}})


@pytest.mark.parametrize("url", ["http://[::1]:8080/x?y=%20z", "HTTPS://users.example.net", "http://127.0.0.1:1?a"])
async def test_an_address(memory_server: Make, url: str) -> None:
    guarded(memory_server, "whisper-preferences", options={"whisper-preferences": {"url": url}})


@pytest.mark.parametrize("timeout_s", [0, 10.5])
async def test_a_time_out_of_bounds_keeps_the_server_from_starting(memory_server: Make, timeout_s: float) -> None:
    with pytest.raises(ConfigError, match="timeout_s"):
        guarded(memory_server, "whisper-contacts", options={"whisper-contacts": {"timeout_s": timeout_s}})


async def test_an_outsider_learns_nothing_of_the_target(memory_server: Make) -> None:
    server = guarded(memory_server, *BOTH)
    alice = await logged_in(server, "alice")
    inner = await inside(server, "inner")
    await guest(server, "bob", whispers="off")
    await logged_in(server, "carol", whispers="off")
    assert (await alice.call("whisper", whisper("bob")))["status_code"] == 702
    assert (await inner.call("whisper", whisper("carol")))["status_code"] == 702
    assert (await inner.call("whisper", whisper("inner")))["status_code"] == 723


async def test_the_rules_of_the_channel_come_first(memory_server: Make) -> None:
    server = guarded(memory_server, *BOTH, channels=RULED, roles=GlobalRoles(superusers=("carol",)))
    alice, carol = await inside(server, "alice"), await inside(server, "carol")
    await guest(server, "bob", whispers="off")
    assert (await alice.call("whisper", whisper("bob")))["status_code"] == 720
    assert (await carol.call("whisper", whisper("bob")))["status_code"] == 721


async def test_whispers_in_messages_are_guarded_and_other_messages_are_not(memory_server: Make) -> None:
    server = guarded(memory_server, "whisper-preferences", messages=MessageOptions(text_whispers=True))
    alice = await inside(server, "alice")
    await guest(server, "bob", whispers="off")
    assert (await alice.call("message", send(worded("hello -bob"))))["status_code"] == 722
    assert (await alice.call("message", send(worded("hello bob"))))["status_code"] == 200


@pytest.mark.parametrize(
    ("name", "body", "code"),
    [
        ("contacts", b'{"allowed": true}', 200),
        ("contacts", b'{"allowed": false}', 721),
        ("preferences", b'{"allowed": true}', 200),
        ("preferences", b'{"allowed": false}', 722),
        ("contacts", b'{"allowed": 1}', 724),
        ("contacts", b"{}", 724),
        ("contacts", b"yes", 724),
        ("contacts", b"\xff", 724),
        ("preferences", b"[" * 10_000, 724),
    ],
)
async def test_another_server_decides(
    memory_server: Make, answering: Answering, url: str, name: str, body: bytes, code: int
) -> None:
    plugin = f"whisper-{name}"
    server = guarded(memory_server, plugin, users=UserOptions(), options={plugin: {"url": url}})
    alice, bob = await inside(server, "alice"), await inside(server, "bob")
    answering.body = body
    assert (await alice.call("whisper", whisper("bob")))["status_code"] == code
    assert answering.questions == [{"check": name, "from": "alice", "to": "bob", "room": ROOM}]
    await bob.sync()
    assert len(bob.heard("gn_whisper")) == (code == 200)


async def test_another_server_that_fails_refuses(memory_server: Make, answering: Answering, url: str) -> None:
    options = {"whisper-preferences": {"url": url, "timeout_s": 0.05}}
    server = guarded(memory_server, "whisper-preferences", options=options)
    alice = await inside(server, "alice")
    await inside(server, "bob")
    answering.code = 500
    refused = await alice.call("whisper", whisper("bob"))
    assert refused == {"status_code": 725, "message": "a remote service failed"}
    answering.is_silent = True
    assert await alice.call("whisper", whisper("bob")) == refused


def request_of(meanwhile: str) -> Activity:
    """What keeps alice from whispering in the room."""
    requests: dict[str, Activity] = {
        "mute": MuteUsers((MutePlan(ALICE, ROOM, "1h", "why", ALICE),)),
        "ban": BanUser(kind="room", target=ROOM, user_id=ALICE, duration="1h"),
        "kick": KickUser(room_id=ROOM, user_id=ALICE),
        "removal": RemoveRoom(room_id=ROOM),
    }
    return requests[meanwhile]


@pytest.mark.parametrize("as_text", [False, True])
@pytest.mark.parametrize(("meanwhile", "code"), [("mute", 703), ("ban", 703), ("kick", 702), ("removal", 802)])
async def test_what_keeps_from_whispering_does_so_while_another_server_is_asked(
    memory_server: Make, answering: Answering, url: str, meanwhile: str, code: int, as_text: bool
) -> None:
    options, messages = {"whisper-preferences": {"url": url}}, MessageOptions(text_whispers=True)
    server = guarded(memory_server, "whisper-preferences", options=options, messages=messages)
    alice, bob = await inside(server, "alice"), await inside(server, "bob")
    answering.is_silent = True
    whispering = alice.ask(*(("message", send(worded("hello -bob"))) if as_text else ("whisper", whisper("bob"))))
    await eventually(lambda: answering.questions)
    await server.server.services.dispatch(backend(server), request_of(meanwhile))
    answering.break_silence()
    assert (await whispering)["status_code"] == code
    await bob.sync()
    assert bob.heard("gn_whisper") == bob.heard("message") == []
