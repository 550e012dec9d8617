"""REST: POST /heartbeat."""

from __future__ import annotations

from zope.interface import implementer

from chat.errors import ChatError, ErrorCode
from chat.heartbeats import BATCH
from chat.ichat import IEndpoint
from chat.model import SYSTEM_ID, User, UserId
from chat.plugin import Context, Contribution, NoOptions, Plugin, Scope, Services
from chat.requests import KeepOnline
from chat.rest import DONE, GivenId, user_id_of

BEAT_LIMIT = 10_000


@implementer(IEndpoint)
class PostHeartbeat:
    """Keeps users online without a connection, as long as a beat comes every `rest.heartbeat_s`: at most BEAT_LIMIT,
    all or none, but for those who are banned from the server.
    """

    method = "POST"
    path = "heartbeat"
    scope = Scope.ROOMS
    body = tuple[GivenId, ...]

    def __init__(self, services: Services) -> None:
        self._services = services

    async def call(self, caller: Context, body: tuple[GivenId, ...]) -> dict[str, str]:
        """See `IEndpoint`."""
        if len(body) > BEAT_LIMIT:
            raise ChatError(ErrorCode.VALIDATION_ERROR, f"at most {BEAT_LIMIT} users beat at once")
        users = await self._known(tuple(dict.fromkeys(map(user_id_of, body))))
        for start in range(0, len(users), BATCH):
            await self._services.dispatch(caller, KeepOnline(tuple(users[start : start + BATCH])))
            await self._services.pause()
        return DONE

    async def _known(self, user_ids: tuple[UserId, ...]) -> list[User]:
        if SYSTEM_ID in user_ids:
            raise ChatError(ErrorCode.VALIDATION_ERROR, f"user {SYSTEM_ID} is never online")
        users: list[User] = []
        for start in range(0, len(user_ids), BATCH):
            users += await self._services.users.several(user_ids[start : start + BATCH])
            await self._services.pause()
        return users


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(endpoints=(PostHeartbeat(services),))


plugin = Plugin("rest-heartbeat", build)
