"""list_channels: the channels that the caller may see."""

from __future__ import annotations

from zope.interface import implementer

from chat.activities import acl_entries
from chat.ichat import IVerb
from chat.model import Channel
from chat.plugin import Context, Contribution, NoOptions, Outcome, Plugin, Requires, Services
from chat.requests import ChannelEntry, Channels, ListChannels


@implementer(IVerb)
class ListChannelsVerb:
    """Lists channels in sort order, without those whose access rules for `list` do not hold for the caller."""

    event = "list_channels"
    verbs = ("list",)
    reply_event = "gn_list_channels"
    request = ListChannels
    requires = Requires.LOGGED_IN

    def __init__(self, services: Services) -> None:
        self._rooms = services.rooms

    async def handle(self, context: Context, request: ListChannels) -> Outcome:
        """See `IVerb`."""
        lets, user = self._rooms.permits.lets, context.caller
        listed = (channel for channel in self._rooms.channels if lets(user, "list", channel))
        return Outcome(Channels(tuple(map(self._entry, listed))))

    def _entry(self, channel: Channel) -> ChannelEntry:
        return ChannelEntry(
            id=channel.id,
            name=channel.name,
            sort=channel.sort,
            kind=self._rooms.kind_of(channel.id),
            tags=",".join(channel.tags),
            acls=acl_entries(channel.acls),
        )


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(verbs=(ListChannelsVerb(services),))


plugin = Plugin("list-channels", build)
