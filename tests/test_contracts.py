"""What is said of a part that does not keep to its interface."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from msgspec import Struct
from zope.interface import Interface, implementer

from chat.contracts import check_contribution, check_store, misfit, name_of
from chat.errors import ConfigError
from chat.events import Event, UserLeft
from chat.ichat import (
    IAuthenticator,
    IChatPlugin,
    IEndpoint,
    IGuard,
    IObserver,
    IRefusingEndpoint,
    IStarted,
    IStorePlugin,
    IVerb,
)
from chat.plugin import Contribution, NoOptions, Phase, Requires, Scope
from chat.requests import Connect


@implementer(IChatPlugin)
class Plugin:
    """A plugin that fits."""

    name = "good"
    options = NoOptions

    def build(self, options: Any, services: Any) -> Any: ...


@implementer(IStorePlugin)
class Store:
    """A store plugin that fits."""

    name = "good"
    options = NoOptions
    schemes = ("good",)

    def open(self, url: str, options: Any, reactor: Any) -> Any: ...


@implementer(IVerb)
class Verb:
    """A verb that fits."""

    event = "good"
    verbs = ("good",)
    reply_event = "gn_good"
    request = Connect
    requires = Requires.ANYONE

    async def handle(self, context: Any, request: Any) -> Any: ...


@implementer(IGuard)
class Guard:
    """A guard that fits."""

    name = "good"
    phase = Phase.CUSTOM
    verbs = frozenset({"good"})

    async def check(self, context: Any, request: Any) -> None: ...


@implementer(IObserver)
class Observer:
    """An observer that fits."""

    name = "good"
    events = (UserLeft,)

    async def observe(self, event: Event) -> None: ...


@implementer(IAuthenticator)
class Authenticator:
    """An authenticator that fits."""

    async def authenticate(self, login: Any) -> Any: ...


@implementer(IEndpoint)
class Endpoint:
    """An endpoint that fits."""

    method = "GET"
    path = "good"
    scope = Scope.READ
    body = NoOptions

    async def call(self, caller: Any, body: Any) -> Any: ...


@implementer(IRefusingEndpoint)
class Refusing(Endpoint):
    """An endpoint with refusals of its own that fits."""

    def refusal(self, error: Any) -> Any: ...


@implementer(IStarted)
class Started:
    """A part to start that fits."""

    def start(self) -> None: ...


GOOD: dict[type[Interface], type[Any]] = {
    IChatPlugin: Plugin,
    IStorePlugin: Store,
    IVerb: Verb,
    IGuard: Guard,
    IObserver: Observer,
    IAuthenticator: Authenticator,
    IEndpoint: Endpoint,
    IRefusingEndpoint: Refusing,
    IStarted: Started,
}
METHODS = {
    IChatPlugin: "build",
    IStorePlugin: "open",
    IVerb: "handle",
    IGuard: "check",
    IObserver: "observe",
    IAuthenticator: "authenticate",
    IEndpoint: "call",
    IRefusingEndpoint: "refusal",
    IStarted: "start",
}


class Lax(Struct, frozen=True):
    """Takes whatever keys there are."""


def of_other_types() -> Iterator[tuple[type[Interface], str, Any, str]]:
    name = "a kebab-case string other than disable, enable, path"
    options = "a msgspec Struct that forbids unknown fields"
    for interface in (IChatPlugin, IStorePlugin):
        yield from ((interface, "name", value, name) for value in (None, 5, "", "Dice", "two words", "a_b", "enable"))
        yield from ((interface, "options", value, options) for value in (None, dict, NoOptions(), Lax))
    yield IStorePlugin, "schemes", "sqlite", "a tuple of strings"
    yield IVerb, "event", 5, "a string or None"
    yield from ((IVerb, "verbs", value, "a tuple of strings") for value in ("send", ["send"], (5,)))
    yield IVerb, "reply_event", None, "a string"
    yield from ((IVerb, "request", value, "a subclass of Activity") for value in (Connect(), NoOptions))
    yield IVerb, "requires", True, "a Requires"
    yield IGuard, "name", None, "a string"
    yield from ((IGuard, "phase", value, "a Phase") for value in ("late", 3))
    yield from ((IGuard, "verbs", value, "a frozenset of strings, or None for all") for value in ("send", ("send",)))
    yield IObserver, "name", None, "a string"
    yield from (
        (IObserver, "events", value, "a tuple of subclasses of Event") for value in (UserLeft, [UserLeft], (Connect,))
    )
    yield IEndpoint, "method", None, "a string"
    yield IEndpoint, "path", b"x", "a string"
    yield IEndpoint, "scope", "read", "a Scope"


@pytest.mark.parametrize("interface", GOOD)
def test_what_fits(interface: type[Interface]) -> None:
    assert misfit(interface, GOOD[interface]()) == ""


@pytest.mark.parametrize("interface", GOOD)
def test_a_wrong_signature(interface: type[Interface], monkeypatch: pytest.MonkeyPatch) -> None:
    method = METHODS[interface]
    monkeypatch.setattr(GOOD[interface], method, lambda self, one, two, three, four: None)
    problem = misfit(interface, GOOD[interface]())
    assert f"{method}(" in problem
    assert "requires too many arguments" in problem
    assert "\n" not in problem


@pytest.mark.parametrize("interface", GOOD)
def test_a_missing_method(interface: type[Interface], monkeypatch: pytest.MonkeyPatch) -> None:
    method = METHODS[interface]
    monkeypatch.delattr(GOOD[interface], method)
    assert f"{method}(" in misfit(interface, GOOD[interface]())


@pytest.mark.parametrize("interface", GOOD)
def test_the_class_instead_of_the_thing(interface: type[Interface]) -> None:
    assert "Does not declaratively implement the interface" in misfit(interface, GOOD[interface])


@pytest.mark.parametrize(("interface", "name", "value", "expected"), list(of_other_types()))
def test_an_attribute_of_another_type(
    interface: type[Interface], name: str, value: Any, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GOOD[interface], name, value)
    assert misfit(interface, GOOD[interface]()) == f"{name}: expected {expected}, got {value!r}"


def test_an_attribute_that_crashes(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(self: Any) -> str:
        raise ValueError("no\nname")

    monkeypatch.setattr(Plugin, "name", property(crash))
    assert misfit(IChatPlugin, Plugin()) == "ValueError: no\\nname"
    assert name_of(Plugin(), "its-file") == "its-file"


def test_a_guard_may_look_at_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Guard, "verbs", None)
    assert misfit(IGuard, Guard()) == ""


@pytest.mark.parametrize(
    ("contribution", "problem"),
    [
        (None, "build returned no Contribution but None"),
        (Contribution(verbs=Verb()), "the verbs of its Contribution are no tuple but <"),  # type: ignore[arg-type]
        (Contribution(guards=[Guard()]), "the guards of its Contribution are no tuple but ["),  # type: ignore[arg-type]
        (Contribution(authenticators=(Authenticator(),)), "the authenticators of its Contribution are no mapping"),  # type: ignore[arg-type]
        (Contribution(verbs=(Guard(),)), "Guard: The object"),  # type: ignore[arg-type]
        (Contribution(guards=(Verb(),)), "Verb: The object"),  # type: ignore[arg-type]
        (Contribution(observers=(Verb(),)), "Verb: The object"),  # type: ignore[arg-type]
        (Contribution(endpoints=(Verb(),)), "Verb: The object"),  # type: ignore[arg-type]
        (Contribution(started=(Verb(),)), "Verb: The object"),  # type: ignore[arg-type]
        (Contribution(authenticators={"x": Verb()}), "Verb: The object"),  # type: ignore[dict-item]
    ],
)
def test_a_contribution_that_does_not_do(contribution: Any, problem: str) -> None:
    with pytest.raises(ConfigError) as refused:
        check_contribution(contribution)
    assert str(refused.value).startswith(problem)


def test_a_contribution_that_does() -> None:
    contribution = Contribution(
        (Verb(),), (Guard(),), (Observer(),), {"good": Authenticator()}, (Endpoint(),), (Started(),)
    )
    assert check_contribution(contribution) is contribution


def test_a_refusing_endpoint_has_refusals(monkeypatch: pytest.MonkeyPatch) -> None:
    contribution = Contribution(endpoints=(Refusing(),))
    assert check_contribution(contribution) is contribution
    monkeypatch.delattr(Refusing, "refusal")
    with pytest.raises(ConfigError, match=r"Refusing: .*IRefusingEndpoint\.refusal\(error\)"):
        check_contribution(contribution)


def test_what_is_no_store() -> None:
    with pytest.raises(ConfigError, match="Verb: The object .* has failed to implement interface chat.istore.IStore"):
        check_store(Verb())
