"""For tests of whole servers: a command that breaks, one that waits for a file, and an observer that hangs for ever."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

from msgspec import Struct
from twisted.internet import reactor
from twisted.internet.task import deferLater
from zope.interface import implementer

from chat.events import Event, UserDisconnected
from chat.ichat import IEndpoint, IObserver, IVerb
from chat.plugin import Context, Contribution, Outcome, Plugin, Requires, Scope, Services
from chat.slots import Activity, At


class Options(Struct, frozen=True, forbid_unknown_fields=True):
    """`gate` is the file that lets what waits go on; `hangs`: the first disconnect is one too many."""

    gate: str = ""
    hangs: bool = False


class Break(Activity, frozen=True):
    """A text to break with."""

    text: Annotated[str, At("object.content")] = ""


class Wait(Activity, frozen=True):
    """Nothing to say."""


@implementer(IVerb)
class BreakVerb:
    """Has a bug."""

    event = "break"
    verbs = ()
    reply_event = "gn_break"
    request = Break
    requires = Requires.ANYONE

    async def handle(self, context: Context, request: Break) -> Outcome:
        """See `IVerb`."""
        raise ValueError(request.text)


async def opened(gate: Path) -> None:
    """Return when the gate is there."""
    while not gate.exists():  # noqa: ASYNC240
        await deferLater(reactor, 0.01)


@implementer(IVerb)
class WaitVerb:
    """Takes its time."""

    event = "wait"
    verbs = ()
    reply_event = "gn_wait"
    request = Wait
    requires = Requires.ANYONE

    def __init__(self, gate: Path) -> None:
        self._gate = gate

    async def handle(self, context: Context, request: Wait) -> Outcome:
        """See `IVerb`."""
        await opened(self._gate)
        return Outcome()


@implementer(IEndpoint)
class WaitCall:
    """Takes its time too."""

    method = "GET"
    path = "wait"
    scope = Scope.READ
    body = dict[str, str]

    def __init__(self, gate: Path) -> None:
        self._gate = gate

    async def call(self, caller: Context, body: object) -> str:
        """See `IEndpoint`. Leaves a file behind that tells that the call is there."""
        Path(f"{self._gate}.called").touch()  # noqa: ASYNC240
        await opened(self._gate)
        return "done"


@implementer(IObserver)
class Hanging:
    """Stops the whole process from doing anything else."""

    name = "hanging"
    events: tuple[type[Event], ...] = (UserDisconnected,)

    async def observe(self, event: Event) -> None:
        """See `IObserver`."""
        time.sleep(600)  # noqa: ASYNC251


def build(options: Options, services: Services) -> Contribution:
    """The parts of this plugin."""
    gate = Path(options.gate)
    observers = (Hanging(),) if options.hangs else ()
    return Contribution(verbs=(BreakVerb(), WaitVerb(gate)), endpoints=(WaitCall(gate),), observers=observers)


plugin = Plugin("staged", build, Options)
