"""What plugins are handed and what they hand back. Values only; the contracts are in `chat.ichat`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Any

from msgspec import Struct, structs
from twisted.plugin import IPlugin
from zope.interface import implementer

from chat.ichat import IAuthenticator, IChatPlugin, IEndpoint, IGuard, IObserver, IStarted, IStore, IVerb

if TYPE_CHECKING:
    from chat.config import Config
    from chat.deletions import Deletions
    from chat.events import Event
    from chat.heartbeats import Heartbeats
    from chat.histories import Histories
    from chat.metrics import Metrics
    from chat.model import User, UserId
    from chat.occupancy import Occupancy
    from chat.places import Places
    from chat.presence import Presence
    from chat.receipts import Receipts
    from chat.requests import Login
    from chat.revisions import Revisions
    from chat.rooms import Rooms
    from chat.sanctions import Mutes
    from chat.sessions import Session
    from chat.slots import Activity
    from chat.tallies import Tallies
    from chat.timelines import Timelines
    from chat.timers import Timers
    from chat.users import Users
    from chat.words import Words


class Requires(Enum):
    """Who may call a verb."""

    ANYONE = "anyone"
    LOGGED_IN = "logged in"


class Phase(IntEnum):
    """When a guard is asked."""

    RATE = 0
    ACCESS = 1
    CONTENT = 2
    CUSTOM = 3


class Verdict(Enum):
    """What a guard may say of what it lets pass.

    UNHEARD: it is to be heard by nobody but who says it, who is answered as if all heard it. An act is done without
    the reason that is given for it.
    """

    UNHEARD = "unheard"


class Scope(Enum):
    """What a backend key may do. `*` in the configuration is all of them."""

    READ = "read"
    MODERATE = "moderate"
    ROOMS = "rooms"
    ADMIN = "admin"


class Context(Struct, frozen=True):
    """Who calls, and when. `session` is None for a call from a backend; `key_name` is the backend's key.

    `user` is None before a login. `now` is the time at which the command began. `acting` is in whose name a backend
    says that it calls: what may be done is for the rights of `caller`, what is told and written down names `actor`.
    `as_operator`: a backend has `user` do something; membership, access rules and the number of rooms of one's own do
    not stop that, bans, mutes and the rules for texts and names do.
    `is_unheard`: a guard said so of the command (`Verdict.UNHEARD`); it is for verbs that say something to others.
    """

    now: datetime
    user: User | None = None
    session: Session | None = None
    key_name: str = ""
    acting: User | None = None
    as_operator: bool = False
    is_unheard: bool = False

    def on_behalf_of(self, user: User) -> Context:
        """The same call of a backend, which has this user do something."""
        return structs.replace(self, user=user, as_operator=True)

    @property
    def caller(self) -> User:
        """The user, for verbs that need a login."""
        assert self.user is not None
        return self.user

    def heard(self, reason: str | None) -> str | None:
        """What is told and kept of the reason that the caller gives for an act: nothing if it is to be unheard."""
        return None if self.is_unheard else reason

    @property
    def actor(self) -> User:
        """Who did it, for those who are told, and for the audit log."""
        return self.caller if self.acting is None else self.acting


class Outcome(Struct, frozen=True):
    """What a verb did: the reply (None for one without data), and the events to publish, in order.

    `closing`: the session ends after the reply.
    """

    reply: Activity | None = None
    events: tuple[Event, ...] = ()
    closing: bool = False


class Identity(Struct, frozen=True):
    """What an authenticator vouches for."""

    name: str
    attributes: Mapping[str, str]
    origin: str = "login"


class NoOptions(Struct, frozen=True, forbid_unknown_fields=True):
    """The options of a plugin that has none."""


@dataclass(frozen=True)
class Contribution:
    """The parts that a plugin adds to a server."""

    verbs: tuple[IVerb, ...] = ()
    guards: tuple[IGuard, ...] = ()
    observers: tuple[IObserver, ...] = ()
    authenticators: Mapping[str, IAuthenticator] | None = None
    endpoints: tuple[IEndpoint, ...] = ()
    started: tuple[IStarted, ...] = ()


@dataclass(frozen=True)
class Services:
    """What plugins work with. The domain objects are live; change them through their own methods alone.

    `dispatch(context, request)` runs another request through the whole pipeline but its rate guards, and gives its
    Outcome after the events are published. `authenticate(login)` asks the configured authenticator. `ask(url, question,
    timeout_s)` POSTs JSON to another server and gives the body of its 200; everything else is REMOTE_ERROR. `seconds()`
    is monotonic. `catch_up(session, above, up_to)` sends the session the private messages that wait for its user and
    have these keys. `send_away(user_id)` ends the user's sessions as those of one who is banned, after what they are
    told. `pause()` lets everybody else have a turn, between the parts of long work. Only `occupancy` changes
    `presence`. `metrics` is where a plugin shows what it counts.
    """

    config: Config
    store: IStore
    rooms: Rooms
    users: Users
    presence: Presence
    receipts: Receipts
    occupancy: Occupancy
    places: Places
    timelines: Timelines
    histories: Histories
    revisions: Revisions
    deletions: Deletions
    mutes: Mutes
    words: Words
    tallies: Tallies
    heartbeats: Heartbeats
    timers: Timers
    dispatch: Callable[[Context, Activity], Awaitable[Outcome]]
    authenticate: Callable[[Login], Awaitable[Identity]]
    ask: Callable[[str, object, float], Awaitable[bytes]]
    catch_up: Callable[[Session, int, int], None]
    send_away: Callable[[UserId], None]
    pause: Callable[[], Awaitable[None]]
    seconds: Callable[[], float]
    metrics: Metrics


@implementer(IPlugin, IChatPlugin)
@dataclass(frozen=True)
class Plugin:
    """The plain way to be a plugin: `plugin = Plugin("name", build)` in a module of `chat.plugins`.

    `is_optional`: off unless it is enabled, also if it comes with the server; those of others are always.
    """

    name: str
    builder: Callable[[Any, Services], Contribution]
    options: type[Struct] = NoOptions
    is_optional: bool = False

    def build(self, options: object, services: object) -> Contribution:
        """Ask the builder."""
        assert isinstance(services, Services)
        return self.builder(options, services)
