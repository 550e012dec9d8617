"""REST: POST /heartbeat."""

from __future__ import annotations

from typing import Any

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
    """Keeps users online without a connection, as long as a beat comes every `rest.heartbeat_s`: at most BEAT_LIMIT.
    Those who are banned from the server are passed over; ids that nobody has are listed in the answer, as `unknown`
    beside the `status`, and keep nobody else from being online.
    """

    method = "POST"
    path = "heartbeat"
    scope = Scope.ROOMS
    body = tuple[GivenId, ...]

    def __init__(self, services: Services) -> None:
        self._services = services

    async def call(self, caller: Context, body: tuple[GivenId, ...]) -> dict[str, Any]:
        """See `IEndpoint`."""
        if len(body) > BEAT_LIMIT:
            raise ChatError(ErrorCode.VALIDATION_ERROR, f"at most {BEAT_LIMIT} users beat at once")
        user_ids = tuple(dict.fromkeys(map(user_id_of, body)))
        users = await self._known(user_ids)
        for start in range(0, len(users), BATCH):
            await self._services.dispatch(caller, KeepOnline(tuple(users[start : start + BATCH])))
            await self._services.pause()
        known = {user.id for user in users}
        unknown = [user_id for user_id in user_ids if user_id not in known]
        return DONE | {"unknown": unknown} if unknown else DONE

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
