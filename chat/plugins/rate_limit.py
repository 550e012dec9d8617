"""rate-limit: how many commands a client may send. `[limits] commands_per_s` and `burst` hold for each session, and
once more for all sessions of a user together, also of those that follow each other. A login is a command of its user,
once it has succeeded.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import Annotated
from weakref import WeakKeyDictionary

from msgspec import Meta, Struct
from zope.interface import implementer

from chat.buckets import Rate, TokenBucket
from chat.config import Limits
from chat.errors import ChatError, ErrorCode
from chat.events import UserLoggedIn
from chat.ichat import IGuard, IObserver
from chat.model import UserId
from chat.plugin import Context, Contribution, Phase, Plugin, Services
from chat.requests import Login
from chat.sessions import Session

# Who has not been refused for so long is within the limits again. Nobody is told to wait for less.
RESPITE_S = 1.0
# With fewer users than this it is not worth looking for those that could be forgotten.
USERS_KEPT = 1000


class Options(Struct, frozen=True, forbid_unknown_fields=True):
    """`flood_s`: after so many seconds of excess the connection is closed."""

    flood_s: Annotated[float, Meta(ge=0)] = 5.0


class _Account:
    """What one session has used. `excess_since` and `refused_at` tell of the latest excess; `is_shared`: what it used
    before its login has been charged to its user.
    """

    __slots__ = ("excess_since", "is_shared", "own", "refused_at")

    def __init__(self, own: TokenBucket) -> None:
        self.own = own
        self.is_shared = False
        self.excess_since = self.refused_at = -RESPITE_S


@implementer(IGuard)
class RateGuard:
    """Refuses a command above the rate with RATE_LIMITED and the whole seconds after which it would be allowed.

    What a user has used outlives the user's sessions: who comes back finds the allowance as it was left, less what the
    new session used up to its login. Without any left the login is refused. A refused command costs nothing.

    An excess begins with a refusal and goes on as long as refusals follow each other within RESPITE_S; so it ends for a
    client that waits as long as it is told. The first refusal that comes `flood_s` after its beginning closes the
    connection.
    """

    name = "rate-limit"
    phase = Phase.RATE
    verbs = None

    def __init__(self, limits: Limits, seconds: Callable[[], float], flood_s: float) -> None:
        self._rate = Rate(limits.commands_per_s, limits.burst)
        self._seconds = seconds
        self._flood_s = flood_s
        self._accounts: WeakKeyDictionary[Session, _Account] = WeakKeyDictionary()
        # A user without one has a full one.
        self._shared: dict[UserId, TokenBucket] = {}
        self._sweep_above = USERS_KEPT

    async def check(self, context: Context, request: None) -> None:
        """See `IGuard`."""
        session = context.session
        if session is None:
            return
        now = self._seconds()
        account = self._account(session)
        own = account.own
        shared = None if context.user is None else self._share(context.user.id, now)
        if own.wait_s(now) > 0 or (shared is not None and shared.wait_s(now) > 0):
            raise self._refusal(account, shared, now)
        own.take(now)
        if shared is not None:
            shared.take(now)

    def check_login(self, session: Session, user_id: UserId) -> None:
        """Raise RATE_LIMITED for who wants to be a user with nothing left. That costs the user nothing: all may try."""
        shared, now = self._shared.get(user_id), self._seconds()
        if shared is not None and shared.wait_s(now) > 0:
            raise self._refusal(self._account(session), shared, now)

    def logged_in(self, session: Session, user_id: UserId) -> None:
        """Charge the user. Many logins at once may cost more than there is: else they would be free."""
        account, now = self._account(session), self._seconds()
        if not account.is_shared:
            account.is_shared = True
            shared = self._share(user_id, now)
            shared.take(now)
            shared.charge(account.own, now, besides=1)

    def _account(self, session: Session) -> _Account:
        try:
            return self._accounts[session]
        except KeyError:
            account = self._accounts[session] = _Account(TokenBucket(self._rate))
            return account

    def _share(self, user_id: UserId, now: float) -> TokenBucket:
        """The bucket of all the user's sessions."""
        shared = self._shared.get(user_id)
        if shared is None:
            self._sweep(now)
            shared = self._shared[user_id] = TokenBucket(self._rate)
        return shared

    def _sweep(self, now: float) -> None:
        """Forget full buckets, when there are twice as many as the last time left."""
        if len(self._shared) >= self._sweep_above:
            self._shared = {key: bucket for key, bucket in self._shared.items() if not bucket.is_full(now)}
            self._sweep_above = max(USERS_KEPT, 2 * len(self._shared))

    def _refusal(self, account: _Account, shared: TokenBucket | None, now: float) -> ChatError:
        if now - account.refused_at > RESPITE_S:
            account.excess_since = now
        account.refused_at = now
        wait_s = max(bucket.wait_s(now) for bucket in (account.own, shared) if bucket is not None)
        return ChatError(
            ErrorCode.RATE_LIMITED,
            extra={"retry_after_s": ceil(wait_s)},
            closing=now - account.excess_since >= self._flood_s,
        )


@implementer(IGuard, IObserver)
class LoginRate:
    """Logins are commands of the users that they are for."""

    name = "rate-limit-login"
    phase = Phase.ACCESS
    verbs = frozenset({"login"})
    events = (UserLoggedIn,)

    def __init__(self, guard: RateGuard) -> None:
        self._guard = guard

    async def check(self, context: Context, request: Login) -> None:
        """See `IGuard`. Who is logged in already was asked about before."""
        if context.session is not None and context.user is None:
            self._guard.check_login(context.session, request.user_id)

    async def observe(self, event: UserLoggedIn) -> None:
        """See `IObserver`."""
        assert isinstance(event.session, Session)
        self._guard.logged_in(event.session, event.user.id)


def build(options: Options, services: Services) -> Contribution:
    """The parts of this plugin."""
    guard = RateGuard(services.config.limits, services.seconds, options.flood_s)
    logins = LoginRate(guard)
    return Contribution(guards=(guard, logins), observers=(logins,))


plugin = Plugin("rate-limit", build, Options)
