"""disconnect: the session ends, asked by the client or because its connection is gone."""

from __future__ import annotations

from zope.interface import implementer

from chat.ichat import IVerb
from chat.plugin import Context, Contribution, NoOptions, Outcome, Plugin, Requires, Services
from chat.requests import Disconnect


@implementer(IVerb)
class DisconnectVerb:
    """With the user's last session the user leaves every room, and those who shared one hear of it."""

    event = "disconnect"
    verbs = ()
    reply_event = "gn_disconnect"
    request = Disconnect
    requires = Requires.ANYONE

    def __init__(self, services: Services) -> None:
        self._services = services

    async def handle(self, context: Context, request: Disconnect) -> Outcome:
        """See `IVerb`."""
        assert context.session is not None
        return Outcome(events=self._services.occupancy.logout(context.session, context.now), closing=True)


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(verbs=(DisconnectVerb(services),))


plugin = Plugin("disconnect", build)
