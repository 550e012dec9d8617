"""A plugin that breaks in every way there is: when it is built as `[plugins.mischief] build` says, and later as the
caller of its verb asks.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated, Any

from msgspec import Struct
from twisted.internet.defer import Deferred, fail, succeed
from zope.interface import implementer

from chat.audiences import Audience, OfUser
from chat.errors import ChatError, ConfigError, ErrorCode
from chat.events import Event
from chat.ichat import IAuthenticator, IEndpoint, IGuard, IObserver, IStarted, IVerb
from chat.model import UserId
from chat.plugin import Context, Contribution, Identity, Outcome, Phase, Plugin, Requires, Scope, Services
from chat.requests import Connect, Login
from chat.slots import Activity, At

SECRET = "hush-hush"


class Options(Struct, frozen=True, forbid_unknown_fields=True):
    """How to break."""

    build: str = "well"
    times: int = 1


class Ask(Activity, frozen=True):
    """How to break."""

    how: Annotated[str, At("object.content")]


class Happened(Event, frozen=True, kw_only=True):
    """What the asker and the observer hear."""

    wire = "gn_mischief_happened"

    how: Annotated[str, At("object.content")]
    user_id: UserId

    def audience(self) -> tuple[Audience, ...]:
        """The asker."""
        return (OfUser(self.user_id),)


class Unwritable(Happened, frozen=True, kw_only=True):
    """Cannot be encoded: JSON has no complex numbers."""

    number: Annotated[complex, At("object.number")] = 1j


class Unnamed(Event, frozen=True, kw_only=True):
    """Has no name on the wire, and an audience."""

    def audience(self) -> tuple[Audience, ...]:
        """Somebody."""
        return (OfUser(UserId("alice")),)


class Unheard(Unnamed, frozen=True, kw_only=True):
    """Does not know its audience."""

    wire = "gn_unheard"

    def audience(self) -> tuple[Audience, ...]:
        """Nobody knows."""
        raise RuntimeError(SECRET)


@implementer(IVerb)
class MischiefVerb:
    """Does as asked."""

    event: str | None = "mischief"
    verbs = ()
    reply_event = "gn_mischief"
    request: type[Activity] = Ask
    requires = Requires.LOGGED_IN

    async def handle(self, context: Context, request: Any) -> Any:
        """See `IVerb`, and do not keep to it."""
        happened = Happened(published=context.now, how=request.how, user_id=context.caller.id)
        unwritable = Unwritable(published=context.now, how=request.how, user_id=context.caller.id)
        results: dict[str, Callable[[], Any]] = {
            "verb crashes": lambda: 1 / 0,
            "verb exits": lambda: sys.exit(SECRET),
            "verb returns nothing": lambda: None,
            "verb never ends": Deferred,
            "commit crashes": lambda: fail(RuntimeError(SECRET)),
            "commit returns nothing": lambda: succeed(None),
            "reply is no activity": lambda: Outcome({"a": 1}),  # type: ignore[arg-type]
            "events are no tuple": lambda: Outcome(events=happened),  # type: ignore[arg-type]
            "event is no event": lambda: Outcome(events=(request,)),
            "reply cannot be written": lambda: Outcome(unwritable, (happened,)),
            "refusal cannot be written": lambda: _refuse(unwritable),
            "event cannot be written": lambda: Outcome(events=(unwritable, happened)),
            "event has no name": lambda: Outcome(events=(Unnamed(published=context.now), happened)),
            "event has no audience": lambda: Outcome(events=(Unheard(published=context.now), happened)),
        }
        result = results.get(request.how, lambda: Outcome(events=(happened,)))()
        return await result if request.how == "verb never ends" else result


def _refuse(notice: Activity) -> None:
    raise ChatError(ErrorCode.NOT_ALLOWED, notice=notice)


@implementer(IGuard)
class MischiefGuard:
    """Breaks when asked."""

    name = "mischief"
    phase = Phase.CUSTOM
    verbs = frozenset({"mischief"})

    async def check(self, context: Context, request: Ask) -> None:
        """See `IGuard`, and do not keep to it."""
        if request.how == "guard crashes":
            raise RuntimeError(SECRET)
        if request.how == "guard exits":
            sys.exit(SECRET)
        if request.how == "guard never ends":
            await Deferred()


@implementer(IObserver)
class MischiefObserver:
    """Breaks when asked; keeps what it saw."""

    name = "mischief"
    events = (Event,)

    def __init__(self) -> None:
        self.seen: list[str] = []

    async def observe(self, event: Event) -> None:
        """See `IObserver`, and do not keep to it."""
        if not isinstance(event, Happened):
            return
        self.seen.append(event.how)
        if event.how == "observer crashes":
            raise RuntimeError(SECRET)
        if event.how == "observer exits":
            sys.exit(SECRET)
        if event.how == "observer never ends":
            await Deferred()


@implementer(IAuthenticator)
class Anybody:
    """Lets everybody in."""

    async def authenticate(self, login: Login) -> Identity:
        """See `IAuthenticator`."""
        return Identity("anybody", {})


class How(Struct, frozen=True):
    """How to break."""

    how: str = ""


@implementer(IEndpoint)
class MischiefCall:
    """Breaks when asked."""

    method = "GET"
    path = "mischief"
    scope = Scope.READ
    body: Any = How

    async def call(self, caller: Context, body: How) -> object:
        """See `IEndpoint`, and do not keep to it."""
        if body.how == "crash":
            raise RuntimeError(SECRET)
        if body.how == "never end":
            await Deferred()
        return object() if body.how == "return what cannot be written" else {}


class SameCall(MischiefCall):
    """A call that the server has already."""

    method = "POST"
    path = "broadcast"


@implementer(IStarted)
class FalseStart:
    """Crashes when the server begins to run."""

    def start(self) -> None:
        """See `IStarted`."""
        raise RuntimeError("too early")


class SameEvent(MischiefVerb):
    """Has the event of another verb."""

    event = "join"


class SameRequest(MischiefVerb):
    """Has the request of another verb."""

    event = None
    request = Connect


class Unreadable(Activity, frozen=True):
    """A request that cannot be read: the codec knows no complex numbers."""

    number: Annotated[complex, At("object.number")]


class UnreadableVerb(MischiefVerb):
    """Its request cannot be read."""

    request = Unreadable


class WrongSignature(MischiefVerb):
    """Takes too little."""

    async def handle(self, context: Context) -> Outcome:  # type: ignore[override]
        """See `IVerb`, and do not keep to it."""
        return Outcome()


class NoPhase(MischiefGuard):
    """Comes in no phase."""

    phase = "soon"  # type: ignore[assignment]


def _crash() -> Contribution:
    raise RuntimeError("no luck\nnor anything else")


def _refuse_to_start() -> Contribution:
    raise ConfigError("the moon\nis in the wrong place")


BUILDS: dict[str, Callable[[], Any]] = {
    "well": lambda: Contribution(
        (MischiefVerb(),), (MischiefGuard(),), (MischiefObserver(),), endpoints=(MischiefCall(),)
    ),
    "crash": _crash,
    "exit": lambda: sys.exit("no luck"),
    "refuse": _refuse_to_start,
    "nothing": lambda: None,
    "wrong signature": lambda: Contribution((WrongSignature(),)),
    "no phase": lambda: Contribution(guards=(NoPhase(),)),
    "false start": lambda: Contribution(started=(FalseStart(),)),
    "same event": lambda: Contribution((SameEvent(),)),
    "same request": lambda: Contribution((SameRequest(),)),
    "unreadable request": lambda: Contribution((UnreadableVerb(),)),
    "same authenticator": lambda: Contribution(authenticators={"open": Anybody()}),
    "same call": lambda: Contribution(endpoints=(SameCall(),)),
}


def build(options: Options, services: Services) -> Any:
    """See `IChatPlugin`, and do not keep to it."""
    return BUILDS[options.build]()


plugin = Plugin("mischief", build, Options)
