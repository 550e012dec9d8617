"""REST: POST /broadcast."""

from __future__ import annotations

from zope.interface import implementer

from chat.ichat import IEndpoint
from chat.plugin import Context, Contribution, NoOptions, Plugin, Scope, Services
from chat.requests import Broadcast
from chat.rest import DONE, RoomChoice
from chat.texts import text_of


class BroadcastBody(RoomChoice, frozen=True, kw_only=True):
    """What is to be said: base64 text of at most `messages.max_characters`, any verb of at most 64 characters."""

    body: str
    verb: str


@implementer(IEndpoint)
class PostBroadcast:
    """Tells everyone who is logged in, or the room that is named."""

    method = "POST"
    path = "broadcast"
    scope = Scope.MODERATE
    body = BroadcastBody

    def __init__(self, services: Services) -> None:
        self._services = services

    async def call(self, caller: Context, body: BroadcastBody) -> dict[str, str]:
        """See `IEndpoint`."""
        room_id = body.room(self._services.rooms).id if body.names_room else None
        await self._services.dispatch(caller, Broadcast(text_of(body.body, "body"), body.verb, room_id))
        return DONE


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(endpoints=(PostBroadcast(services),))


plugin = Plugin("rest-broadcast", build)
