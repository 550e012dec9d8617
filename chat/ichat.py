"""Every interface of the server, with its contract in prose. Implementations do not repeat it.

The promises, each kept by a test of its own:

1. Commands of one connection take effect and are answered in order. Consecutive messages may share a commit: the next
   is admitted while earlier ones wait, its checks see their effects, the replies keep the order. Any other verb waits.
2. Messages of a room are seen in `seq` order by every session; `seq` has no gaps. A session that comes into a room sees
   those above the head of its join reply, each once. An edit or a deletion never overtakes its message.
3. A client sees the reply to its command before the echo of its own event.
4. A 200 for a message means that it is on disk. Nothing is announced before its commit.
5. Nothing else is ordered. Delivery to a connection is at most once; a client heals a gap with `history`.
6. Everything that waits has a bound and a timeout.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct
from zope.interface import Attribute, Interface

from chat.istore import IStore

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

    from chat.errors import ChatError
    from chat.events import Event
    from chat.plugin import Context, Contribution, Identity, Outcome, Phase, Requires, Scope, Services, Verdict
    from chat.requests import Login
    from chat.slots import Activity

__all__ = [
    "IAuthenticator",
    "IChatPlugin",
    "IEndpoint",
    "IGuard",
    "INamedPlugin",
    "IObserver",
    "IRefusingEndpoint",
    "IStarted",
    "IStore",
    "IStorePlugin",
    "IVerb",
]


class INamedPlugin(Interface):
    """What every plugin has. One is found where `twisted.plugin.getPlugins` finds it, in a module of `chat.plugins`, or
    by an entry point of the group `chat.plugins`.
    """

    name: str = Attribute("Unique and kebab-case: the configuration section, the log field, the metric label.")
    options: type[Struct] = Attribute(
        "The msgspec struct of the section `[plugins.<name>]`, one with forbid_unknown_fields=True."
    )


class IChatPlugin(INamedPlugin):
    """A plugin that adds verbs, guards, observers, authenticators or REST endpoints."""

    def build(options: Any, services: Services) -> Contribution:
        """Make the parts of this plugin for one server and return them as a `chat.plugin.Contribution`.

        Called once per server, before it listens. `services` is a `chat.plugin.Services`; what it names may be used
        once the server runs, not during the build. Raise ConfigError to refuse to start.
        """


class IStorePlugin(INamedPlugin):
    """A plugin that keeps what must survive. The scheme of `storage.url` picks one."""

    schemes: tuple[str, ...] = Attribute("The URL schemes that this store serves, a tuple of strings.")

    def open(url: str, options: Any, reactor: Any) -> IStore:
        """Return an `IStore` for `url` that is not yet opened."""


class IVerb(Interface):
    """One use case: exactly one owner, one reply or one error."""

    event: str | None = Attribute(
        "The event name of the request on the wire, or None when only other code dispatches it."
    )
    verbs: tuple[str, ...] = Attribute(
        "Accepted words of the body's `verb`, a tuple; empty when the request carries none."
    )
    reply_event: str = Attribute(
        "The event name of the reply; `gn_ack` for a verb without one: then only who gave an id is answered."
    )
    request: type[Activity] = Attribute(
        "The class of the request, a `chat.slots.Activity`. Names the verb for `dispatch`."
    )
    requires: Requires = Attribute("A `chat.plugin.Requires`: who may call.")

    async def handle(context: Context, request: Any) -> Outcome | Deferred[Outcome]:
        """Do it, and return a `chat.plugin.Outcome` with the reply and the events, which are published afterwards.

        Raise ChatError to refuse; then nothing was changed. Anything else that is raised is a bug: the client gets 250
        with an incident id. A verb whose only wait is its commit may return a Deferred of the Outcome: from then on
        the command counts as admitted, and the connection's next command of the same verb may start. Effects that
        later checks look at are in place before it returns.

        A verb that says something to others looks at `context.is_unheard`. If it is set, it refuses what it refuses
        anyway; otherwise it keeps nothing of what is said, tells nobody but who says it, and replies as ever. One whose
        act has a reason does it without: `context.heard`.
        """


class IGuard(Interface):
    """A veto before a verb. First refusal wins. No guard is asked about a disconnect: who wants to leave may leave."""

    name: str = Attribute("Unique name, for logs.")
    phase: Phase = Attribute("A `chat.plugin.Phase`: RATE, then ACCESS, CONTENT and CUSTOM.")
    verbs: frozenset[str] | None = Attribute("The event names that it looks at, a frozenset; None for all.")

    async def check(context: Context, request: Any) -> Verdict | None:
        """Return to allow, raise ChatError to refuse. No effects. A crash refuses with 250.

        Return `chat.plugin.Verdict.UNHEARD` to allow it so that nobody hears what is said but who says it: the verb,
        which has to be one that says something to others, is handed a context that says so. The guards after it are
        asked nevertheless. In the phase RATE it means nothing.

        A ChatError that is `closing` ends the session too, after the reply: RATE_LIMITED with close code 4029.

        In the phase RATE the request is not decoded yet, and `request` is None. This phase is for what clients send
        themselves, events that no verb has included, not for what a verb or a backend dispatches.
        """


class IObserver(Interface):
    """Whoever wants to know what happened."""

    name: str = Attribute("Unique name, for logs.")
    events: tuple[type[Event], ...] = Attribute("The event classes that it wants, a tuple; subclasses are included.")

    async def observe(event: Any) -> None:
        """Called after the commit, one event at a time, in the order of publication.

        A crash is logged and counted and never seen by a client. While an observation runs, later events wait in a
        bounded queue; those beyond it are dropped and counted. One that takes longer than the bus allows is cancelled.
        """


class IStarted(Interface):
    """A part that has something to do once, when the server begins to run."""

    def start() -> None:
        """Called when the store is open and the world is in memory, before anybody connects. What it raises ends the
        start.
        """


class IAuthenticator(Interface):
    """Decides who somebody is."""

    async def authenticate(login: Login) -> Identity:
        """Return the `chat.plugin.Identity` for a `chat.requests.Login`: name and trusted attributes.

        Raise ChatError: NO_USER_IN_SESSION where a token is needed and missing, INVALID_TOKEN where it is wrong.
        """


class IEndpoint(Interface):
    """One call of the backend REST API."""

    method: str = Attribute("The HTTP method.")
    path: str = Attribute("The path below the root of the backend endpoint, without the leading slash.")
    scope: Scope = Attribute("A `chat.plugin.Scope`: what the caller's key must hold.")
    body: Any = Attribute("The msgspec type of the JSON body; a query string fills the same names.")

    async def call(caller: Context, body: Any) -> Any:
        """Do it and return the `data` of the answer: anything that JSON can carry, None for an answer without, or a
        `chat.rest.Page`, which also tells whether there is more. Raise ChatError to refuse.

        `caller` is a `chat.plugin.Context` with an operator's rights.
        """


class IRefusingEndpoint(IEndpoint):
    """A call whose refusals do not look like those of the others, because its callers know them so."""

    def refusal(error: ChatError) -> tuple[int, Any]:
        """The `status_code` and the `data` of the answer to a call that is refused, be it for a body of the wrong
        shape. The HTTP status is that of the error's code all the same.
        """
