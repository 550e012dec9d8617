"""connect: is the server there? Answers anybody."""

from __future__ import annotations

from zope.interface import implementer

from chat.ichat import IVerb
from chat.plugin import Context, Contribution, NoOptions, Outcome, Plugin, Requires, Services
from chat.requests import Connect


@implementer(IVerb)
class ConnectVerb:
    """Answers without data."""

    event = "connect"
    verbs = ()
    reply_event = "gn_connect"
    request = Connect
    requires = Requires.ANYONE

    async def handle(self, context: Context, request: Connect) -> Outcome:
        """See `IVerb`."""
        return Outcome()


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(verbs=(ConnectVerb(),))


plugin = Plugin("connect", build)
