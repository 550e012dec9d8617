"""rate-limit: how many commands a client may send. `[limits] commands_per_s` and `burst` hold for each session, and
once more for all sessions of a user together.
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
from chat.ichat import IGuard
from chat.model import User
from chat.plugin import Context, Contribution, Phase, Plugin, Services
from chat.presence import Presence, Session

# Who has not been refused for so long is within the limits again. Nobody is told to wait for less.
RESPITE_S = 1.0


class Options(Struct, frozen=True, forbid_unknown_fields=True):
    """`flood_s`: after so many seconds of excess the connection is closed."""

    flood_s: Annotated[float, Meta(ge=0)] = 5.0


class _Account:
    """What one session has used. `excess_since` and `refused_at` tell of the latest excess."""

    __slots__ = ("excess_since", "own", "refused_at", "shared")

    def __init__(self, own: TokenBucket) -> None:
        self.own = own
        self.shared: TokenBucket | None = None
        self.excess_since = self.refused_at = -RESPITE_S


@implementer(IGuard)
class RateGuard:
    """Refuses a command above the rate with RATE_LIMITED and the whole seconds after which it would be allowed.

    A refused command costs nothing. An excess begins with a refusal and goes on as long as refusals follow each other
    within RESPITE_S; so it ends for a client that waits as long as it is told. The first refusal that comes
    `flood_s` after its beginning closes the connection.
    """

    name = "rate-limit"
    phase = Phase.RATE
    verbs = None

    def __init__(self, limits: Limits, presence: Presence, seconds: Callable[[], float], flood_s: float) -> None:
        self._rate = Rate(limits.commands_per_s, limits.burst)
        self._presence = presence
        self._seconds = seconds
        self._flood_s = flood_s
        self._accounts: WeakKeyDictionary[Session, _Account] = WeakKeyDictionary()

    async def check(self, context: Context, request: None) -> None:
        """See `IGuard`."""
        session = context.session
        if session is None:
            return
        now = self._seconds()
        try:
            account = self._accounts[session]
        except KeyError:
            account = self._accounts[session] = _Account(TokenBucket(self._rate))
        own, shared = account.own, account.shared
        if shared is None and context.user is not None:
            shared = self._share(account, context.user)
        if own.wait_s(now) > 0 or (shared is not None and shared.wait_s(now) > 0):
            raise self._refusal(account, now)
        own.take(now)
        if shared is not None:
            shared.take(now)

    def _share(self, account: _Account, user: User) -> TokenBucket:
        """The bucket of all the user's sessions: it lives as long as one of them."""
        others = (self._accounts.get(session) for session in self._presence.sessions_of(user.id))
        found = next((other.shared for other in others if other is not None and other.shared is not None), None)
        account.shared = found or TokenBucket(self._rate)
        return account.shared

    def _refusal(self, account: _Account, now: float) -> ChatError:
        if now - account.refused_at > RESPITE_S:
            account.excess_since = now
        account.refused_at = now
        wait_s = max(bucket.wait_s(now) for bucket in (account.own, account.shared) if bucket is not None)
        return ChatError(
            ErrorCode.RATE_LIMITED,
            extra={"retry_after_s": ceil(wait_s)},
            closing=now - account.excess_since >= self._flood_s,
        )


def build(options: Options, services: Services) -> Contribution:
    """The parts of this plugin."""
    guard = RateGuard(services.config.limits, services.presence, services.seconds, options.flood_s)
    return Contribution(guards=(guard,))


plugin = Plugin("rate-limit", build, Options)
