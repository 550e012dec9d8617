"""Beats of backends that keep users online: what begins with them, and what ends when they stop."""

from __future__ import annotations

from zope.interface import implementer

from chat.events import UserBanned
from chat.ichat import IObserver, IVerb
from chat.model import BanScope, UserId
from chat.plugin import Context, Contribution, NoOptions, Outcome, Plugin, Requires, Services
from chat.requests import KeepOnline, LetGo
from chat.times import utc_now


@implementer(IVerb)
class KeepOnlineVerb:
    """Users are online for others as those with a session are, in the rooms that they are in already. Who is banned
    from the server is passed over.
    """

    event = None
    verbs = ()
    reply_event = "gn_heartbeat"
    request = KeepOnline
    requires = Requires.LOGGED_IN

    def __init__(self, services: Services) -> None:
        self._services = services

    async def handle(self, context: Context, request: KeepOnline) -> Outcome:
        """See `IVerb`."""
        services = self._services
        users = [user for user in request.users if services.rooms.bans.of(user.id) is None]
        events = [event for user in users for event in services.occupancy.keep_online(user, context.now)]
        services.heartbeats.beat(user.id for user in users)
        return Outcome(events=tuple(events))


@implementer(IVerb)
class LetGoVerb:
    """Users who have no session leave every room and are gone; those who have one stay."""

    event = None
    verbs = ()
    reply_event = "gn_heartbeat"
    request = LetGo
    requires = Requires.LOGGED_IN

    def __init__(self, services: Services) -> None:
        self._services = services

    async def handle(self, context: Context, request: LetGo) -> Outcome:
        """See `IVerb`."""
        let_go = self._services.occupancy.let_go
        return Outcome(events=tuple(event for one in request.user_ids for event in let_go(one, context.now)))


@implementer(IObserver)
class Ends:
    """Lets go of those whose beats have stopped, and of those who were banned from the server."""

    name = "heartbeat"
    events = (UserBanned,)

    def __init__(self, services: Services) -> None:
        self._services = services
        services.heartbeats.at_the_end(self._let_go)

    async def observe(self, event: UserBanned) -> None:
        """See `IObserver`."""
        if event.ban.scope is BanScope.GLOBAL:
            # There is more to be told of the ban, before the user is gone.
            await self._services.pause()
            await self._let_go((event.ban.user_id,))

    async def _let_go(self, user_ids: tuple[UserId, ...]) -> None:
        await self._services.dispatch(Context(utc_now(), self._services.users.system), LetGo(user_ids))


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(verbs=(KeepOnlineVerb(services), LetGoVerb(services)), observers=(Ends(services),))


plugin = Plugin("heartbeat", build)
