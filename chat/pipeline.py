"""The way of every command, whatever front it came through: guards of the phase RATE, who may call, the request, the
other guards by phase, the verb. No I/O of its own.

An event that no verb has goes the same way, up to a verb that refuses it. Nobody is asked about a disconnect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from msgspec import structs
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from chat.bus import Bus
from chat.errors import ChatError, ConfigError, ErrorCode, new_incident
from chat.events import Event
from chat.ichat import IGuard, IVerb
from chat.plugin import Context, Outcome, Phase, Requires, Verdict
from chat.requests import Disconnect
from chat.slots import Activity


class Unknown(Activity, frozen=True):
    """The request of an event that no verb has."""


@implementer(IVerb)
class UnknownVerb:
    """Refuses with INVALID_VERB, and does not repeat the name."""

    event = None
    verbs = ()
    reply_event = "gn_error"
    request = Unknown
    requires = Requires.ANYONE

    async def handle(self, context: Context, request: Unknown) -> Outcome:
        """See `IVerb`."""
        raise ChatError(ErrorCode.INVALID_VERB, "no such event")


class Pipeline:
    """The registry of verbs and guards, and the order in which they are asked."""

    log = Logger()

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._by_event: dict[str, IVerb] = {}
        self._by_request: dict[type[Activity], IVerb] = {}
        self._guards: list[IGuard] = []
        self._asked: dict[IVerb, tuple[tuple[IGuard, ...], tuple[IGuard, ...]]] = {}
        self._unknown = UnknownVerb()

    def add_verb(self, verb: IVerb) -> None:
        """Register a verb. Raises ConfigError when another one has its event or its request."""
        other = self._by_event.get(verb.event or "") or self._by_request.get(verb.request)
        if other is not None:
            raise ConfigError(f"the verb {name_of(verb)} exists already, in {type(other).__module__}")
        if verb.event is not None:
            self._by_event[verb.event] = verb
        self._by_request[verb.request] = verb

    def add_guards(self, guards: Iterable[IGuard]) -> None:
        """Ask these guards too. Within a phase, guards are asked in the order in which they came."""
        self._guards = sorted([*self._guards, *guards], key=lambda guard: Phase(guard.phase))
        self._asked.clear()

    def verb_named(self, event: str) -> IVerb:
        """The verb behind an event name of the wire; for a name that none has, one that refuses."""
        return self._by_event.get(event, self._unknown)

    def verb_for(self, request: type[Activity]) -> IVerb:
        """The verb that takes this kind of request. Raises ConfigError when no plugin brought one."""
        verb = self._by_request.get(request)
        if verb is None:
            raise ConfigError(f"no plugin provides the verb for {request.__name__}")
        return verb

    @property
    def verbs(self) -> Iterable[IVerb]:
        """Every verb."""
        return self._by_request.values()

    @property
    def guards(self) -> Iterable[IGuard]:
        """Every guard, in the order in which they are asked."""
        return self._guards

    async def start(
        self, context: Context, verb: IVerb, decode: Callable[[], Activity], *, of_client: bool = True
    ) -> Outcome | Deferred[Outcome]:
        """Run a command up to its outcome, or up to the wait for its commit. Publishes nothing.

        `decode` makes the request, after the rate guards and the login check. The rate guards are asked only about
        what a client sent itself. Raises ChatError alone, also through the Deferred: a bug has become UNKNOWN_ERROR
        with an incident id, and is in the log under that id.
        """
        try:
            first, later = self._guards_of(verb)
            for guard in first if of_client else ():
                await guard.check(context, None)
            if verb.requires is Requires.LOGGED_IN and context.user is None:
                raise ChatError(ErrorCode.NO_USER_IN_SESSION)
            request = decode()
            context = await _judged(later, context, request)
            outcome = await verb.handle(context, request)
            if not isinstance(outcome, Deferred):
                return _checked(outcome)
        except ChatError:
            raise
        except CancelledError:
            self.log.warn("{verb} was given up", verb=name_of(verb))
            raise ChatError(ErrorCode.UNKNOWN_ERROR, "the command took too long") from None
        except (Exception, SystemExit):
            raise self.incident(Failure(), verb) from None
        return outcome.addCallback(_checked).addErrback(self._contain, verb)

    async def dispatch(self, context: Context, request: Activity) -> Outcome:
        """Run a request as a whole, publish its events, and return the outcome. Raises ChatError."""
        begun = await self.start(context, self.verb_for(type(request)), lambda: request, of_client=False)
        outcome = await begun if isinstance(begun, Deferred) else begun
        self.publish(outcome)
        return outcome

    def publish(self, outcome: Outcome) -> None:
        """Announce what a command did. Its reply is on the way already."""
        if outcome.events:
            self._bus.publish(outcome.events)

    def _guards_of(self, verb: IVerb) -> tuple[tuple[IGuard, ...], tuple[IGuard, ...]]:
        asked = self._asked.get(verb)
        if asked is None:
            guards = [guard for guard in self._guards if _looks_at(guard, verb)]
            first = tuple(guard for guard in guards if guard.phase is Phase.RATE)
            asked = self._asked[verb] = (first, tuple(guards[len(first) :]))
        return asked

    def _contain(self, failure: Failure, verb: IVerb) -> Failure:
        return failure if failure.check(ChatError) else Failure(self.incident(failure, verb))

    def incident(self, failure: Failure, verb: IVerb) -> ChatError:
        """Log a bug, and return the refusal that tells a client no more than the id under which it is logged."""
        incident, refusal = new_incident()
        self.log.failure("{verb} failed, incident {incident}", failure, verb=name_of(verb), incident=incident)
        return refusal


async def _judged(guards: Iterable[IGuard], context: Context, request: Activity) -> Context:
    """Ask the guards, and return the context with what they said of the command."""
    for guard in guards:
        if await guard.check(context, request) is Verdict.UNHEARD:
            context = structs.replace(context, is_unheard=True)
    return context


def _looks_at(guard: IGuard, verb: IVerb) -> bool:
    """Whoever wants to leave may leave: a session that could not end would stay for ever."""
    return verb.request is not Disconnect and (guard.verbs is None or verb.event in guard.verbs)


def _checked(outcome: Any) -> Outcome:
    """What a verb returned. Raises TypeError for anything that the way from here on would stumble over."""
    if not isinstance(outcome, Outcome):
        raise TypeError(f"the verb returned no Outcome but {type(outcome)}")
    if not (outcome.reply is None or isinstance(outcome.reply, Activity)):
        raise TypeError(f"the reply is no Activity but {type(outcome.reply)}")
    if not isinstance(outcome.events, tuple):
        raise TypeError(f"the events are no tuple but {type(outcome.events)}")
    for event in outcome.events:
        if not isinstance(event, Event):
            raise TypeError(f"an event is no Event but {type(event)}")
    return outcome


def name_of(verb: IVerb) -> str:
    """What a verb is called in logs and metrics: its event, or its request where it has none."""
    return verb.event or verb.request.__name__
