"""Plugins that break when they are built or while the server runs: what the operator and the clients see of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from treq.testing import StubTreq
from twisted.internet.task import Clock

import tests
from chat import bus
from chat.config import Backend, BackendKey, Config
from chat.errors import ConfigError
from chat.server import Server
from chat.testing import MemoryClient, MemoryServer
from chat.web import backend
from chat.wire import session

FOLDER = Path(tests.__file__).parent / "mischief"
SOURCE = FOLDER / "mischief.py"
HAPPENED = "gn_mischief_happened"


def mischief(**options: Any) -> dict[str, Any]:
    """The section `[plugins]` with the plugin switched on."""
    return {"path": [str(FOLDER)], "enable": ["mischief"], "mischief": options}


KEYS = Backend(keys=(BackendKey(name="tests", key="key"),))


@pytest.fixture
def server(memory_server: Callable[..., MemoryServer]) -> MemoryServer:
    return memory_server(plugins=mischief())


async def login(server: MemoryServer, user_id: str = "alice") -> MemoryClient:
    client = server.client()
    await client.login(user_id)
    return client


async def ask(client: MemoryClient, how: str) -> Any:
    return await client.call("mischief", {"object": {"content": how}})


def observed(server: MemoryServer) -> Any:
    """The observer's queue in the bus."""
    (queue,) = [queue for queue in server.server.bus._queues if queue.observer.name == "mischief"]
    return queue


@pytest.mark.parametrize(
    ("build", "reason"),
    [
        ("crash", "build failed: RuntimeError: no luck (mischief.py:{line})"),
        ("exit", "build failed: SystemExit: no luck (mischief.py:{line})"),
        ("refuse", "the moon\\nis in the wrong place"),
        ("nothing", "build returned no Contribution but None"),
        ("wrong signature", "WrongSignature: The object"),
        ("no phase", "NoPhase: phase: expected a Phase, got 'soon'"),
        ("same event", "the verb join exists already, in chat.plugins.join"),
        ("same request", "the verb Connect exists already, in chat.plugins.connect"),
        ("unreadable request", "build failed: TypeError: no way to read <class 'complex'> from object.number"),
        ("same authenticator", "the authenticator open exists already, in chat.plugins.auth_open"),
        ("same call", "the call POST /broadcast exists already, in chat.plugins.rest_broadcast"),
    ],
)
def test_a_plugin_that_cannot_be_built(build: str, reason: str, failures: list[Any]) -> None:
    with pytest.raises(ConfigError) as refused:
        Server(Config(plugins=mischief(build=build)), Clock(), "chat.toml")
    line = str(refused.value)
    assert "\n" not in line
    raised = 'raise RuntimeError("no luck' if build == "crash" else 'sys.exit("no luck")'
    number = SOURCE.read_text(encoding="utf-8").partition(raised)[0].count("\n") + 1
    assert line.startswith(f"plugin mischief ({SOURCE}): {reason.format(line=number)}")
    assert failures == []


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"time": 1}, "plugins.mischief.time: unknown key, did you mean times?"),
        ({"times": "1"}, "plugins.mischief.times: expected int, got str"),
        (5, "plugins.mischief: expected object, got int"),
    ],
)
def test_bad_options(options: Any, problem: str) -> None:
    with pytest.raises(ConfigError) as refused:
        Server(Config(plugins=mischief() | {"mischief": options}), Clock(), "chat.toml")
    assert str(refused.value) == f"chat.toml: {problem}"


def test_what_is_not_enabled_is_not_built() -> None:
    Server(Config(plugins=mischief(build="crash") | {"enable": []}), Clock())
    Server(Config(plugins=mischief(build="crash") | {"disable": ["mischief"]}), Clock())


@pytest.mark.parametrize(
    "how",
    [
        "verb crashes",
        "verb exits",
        "verb returns nothing",
        "commit crashes",
        "commit returns nothing",
        "reply is no activity",
        "events are no tuple",
        "event is no event",
        "guard crashes",
        "guard exits",
        "refusal cannot be written",
    ],
)
async def test_a_command_that_breaks_is_refused_with_an_incident(
    server: MemoryServer, failures: list[Any], how: str
) -> None:
    alice = await login(server)
    answer = await ask(alice, how)
    (failure,) = failures
    assert answer == {
        "status_code": 250,
        "message": f"something went wrong on the server, incident {failure['incident']}",
    }
    assert await ask(alice, "well") == {"status_code": 200}
    await alice.sync()
    assert [data["object"]["content"] for data in alice.heard(HAPPENED)] == ["well"]


async def test_a_reply_that_cannot_be_written_does_not_hide_what_happened(
    server: MemoryServer, failures: list[Any]
) -> None:
    alice = await login(server)
    assert (await ask(alice, "reply cannot be written"))["status_code"] == 250
    await alice.sync()
    assert len(alice.heard(HAPPENED)) == len(failures) == 1


@pytest.mark.parametrize("how", ["event cannot be written", "event has no name", "event has no audience"])
async def test_an_event_that_cannot_be_told_harms_no_other(server: MemoryServer, failures: list[Any], how: str) -> None:
    alice = await login(server)
    assert await ask(alice, how) == {"status_code": 200}
    await alice.sync()
    assert [data["object"]["content"] for data in alice.heard(HAPPENED)] == [how]
    (failure,) = failures
    assert failure["event"] in {"Unwritable", "Unnamed", "Unheard"}
    assert how in observed(server).observer.seen


@pytest.mark.parametrize("how", ["observer crashes", "observer exits"])
async def test_an_observer_that_breaks_is_seen_by_nobody(server: MemoryServer, failures: list[Any], how: str) -> None:
    alice = await login(server)
    assert await ask(alice, how) == {"status_code": 200}
    assert await ask(alice, "well") == {"status_code": 200}
    await alice.sync()
    assert [data["object"]["content"] for data in alice.heard(HAPPENED)] == [how, "well"]
    assert observed(server).observer.seen == [how, "well"]
    assert observed(server).failures == len(failures) == 1


@pytest.mark.parametrize("how", ["verb never ends", "guard never ends"])
async def test_a_command_that_never_ends_is_given_up(memory_server: Callable[..., MemoryServer], how: str) -> None:
    clock = Clock()
    alice = await login(memory_server(plugins=mischief(), clock=clock))
    asked = alice.ask("mischief", {"object": {"content": how}})
    clock.advance(session.COMMAND_TIMEOUT_S)
    assert await asked == {"status_code": 250, "message": "the command took too long"}
    assert await ask(alice, "well") == {"status_code": 200}


async def test_an_observer_that_never_ends_is_given_up_and_its_queue_is_bounded(
    memory_server: Callable[..., MemoryServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bus, "QUEUE_LIMIT", 2)
    clock = Clock()
    server = memory_server(plugins=mischief(), clock=clock)
    alice, queue = await login(server), observed(server)
    hows = ["observer never ends", *(f"well {number}" for number in range(4))]
    for how in hows:
        assert await ask(alice, how) == {"status_code": 200}
    for how in hows:
        assert (await alice.wait_for(HAPPENED))["object"]["content"] == how
    assert queue.observer.seen == hows[:1]
    clock.advance(bus.OBSERVE_TIMEOUT_S)
    await server.settle()
    assert queue.observer.seen == hows[:3]
    assert (queue.dropped, queue.failures) == (2, 1)


def calling(server: MemoryServer, how: str) -> tuple[Any, Any]:
    """A call of the plugin's endpoint, and the client that makes it."""
    client: Any = StubTreq(server.server.backend.resource)
    return client, client.get(f"http://localhost/mischief?how={how}", headers={"Authorization": "Bearer key"})


@pytest.mark.parametrize("how", ["crash", "return what cannot be written"])
async def test_a_call_that_breaks_is_answered_with_an_incident(
    memory_server: Callable[..., MemoryServer], failures: list[Any], how: str
) -> None:
    client, called = calling(memory_server(plugins=mischief(), backend=KEYS), how)
    answer = await called
    (failure,) = failures
    assert answer.code == 500
    assert (await client.json_content(answer))["data"].endswith(f"incident {failure['incident']}")


async def test_a_call_that_never_ends_is_given_up(memory_server: Callable[..., MemoryServer]) -> None:
    clock = Clock()
    client, called = calling(memory_server(plugins=mischief(), backend=KEYS, clock=clock), "never end")
    clock.advance(backend.CALL_TIMEOUT_S)
    client.flush()
    answer = await called
    assert answer.code == 500
    assert (await client.json_content(answer))["data"] == "the call took too long"
