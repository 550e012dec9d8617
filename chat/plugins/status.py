"""status: how the user is seen, as the user says or a backend does."""

from __future__ import annotations

from zope.interface import implementer

from chat.ichat import IVerb
from chat.model import Status
from chat.moderation import Audit
from chat.plugin import Context, Contribution, NoOptions, Outcome, Plugin, Requires, Services
from chat.requests import ChangeStatus, SetStatus


@implementer(IVerb)
class StatusVerb:
    """Makes the user seen by all (`online`), by operators alone (`invisible`), or as if gone (`offline`): a state of
    the user, in all sessions, until the last one ends. The same status again announces nothing. `online` is also an end
    to what a backend said, who would have the user come invisible the next time.
    """

    event = "status"
    verbs = ()  # the word is the status itself
    reply_event = "gn_status"
    request = SetStatus
    requires = Requires.LOGGED_IN

    def __init__(self, services: Services) -> None:
        self._services = services

    async def handle(self, context: Context, request: SetStatus) -> Outcome:
        """See `IVerb`."""
        user = context.caller
        if user.is_hidden and request.status is Status.ONLINE:
            self._services.presence.update(await self._services.store.set_hidden(user.id, is_hidden=False))
        return Outcome(events=self._services.occupancy.change_status(user, request.status, context.now))


@implementer(IVerb)
class ChangeStatusVerb:
    """The same for a user whom a backend names, with a row in the audit log if it changes anything. `invisible` also
    holds for whenever the user comes online, be it after a restart, until a backend or the user says `online`. Raises
    NO_SUCH_USER.
    """

    event = None
    verbs = ()
    reply_event = "gn_status"
    request = ChangeStatus
    requires = Requires.LOGGED_IN

    def __init__(self, services: Services) -> None:
        self._services = services

    async def handle(self, context: Context, request: ChangeStatus) -> Outcome:
        """See `IVerb`."""
        services, status = self._services, request.status
        user = await services.users.known(request.user_id)
        is_hidden = user.is_hidden if status is Status.OFFLINE else status is Status.INVISIBLE
        is_online = services.presence.is_online(user.id)
        if is_hidden == user.is_hidden and not (is_online and services.presence.status_of(user.id) is not status):
            return Outcome()
        action = f"status-{status.value}"
        row = Audit(context.now, context.key_name, context.actor.id, action, user.id, None, "")
        user = await services.store.set_hidden(user.id, is_hidden=is_hidden, audit=row)
        services.presence.update(user)
        moves = request.moves_last_online
        return Outcome(events=services.occupancy.change_status(user, status, context.now, moves_last_online=moves))


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(verbs=(StatusVerb(services), ChangeStatusVerb(services)))


plugin = Plugin("status", build)
