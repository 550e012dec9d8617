"""status: how the user is seen."""

from __future__ import annotations

from zope.interface import implementer

from chat.ichat import IVerb
from chat.plugin import Context, Contribution, NoOptions, Outcome, Plugin, Requires, Services
from chat.requests import SetStatus


@implementer(IVerb)
class StatusVerb:
    """Makes the user seen by all (`online`), by operators alone (`invisible`), or as if gone (`offline`): a state of
    the user, in all sessions, until the last one ends. The same status again announces nothing.
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
        occupancy = self._services.occupancy
        return Outcome(events=occupancy.change_status(context.caller, request.status, context.now))


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(verbs=(StatusVerb(services),))


plugin = Plugin("status", build)
