"""REST: POST /status."""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct
from zope.interface import implementer

from chat.errors import ChatError, ErrorCode
from chat.ichat import IEndpoint
from chat.model import SYSTEM_ID, Status
from chat.plugin import Context, Contribution, NoOptions, Plugin, Scope, Services
from chat.requests import ChangeStatus
from chat.rest import GivenId, user_id_of

# None: whoever is away or back is as online as before.
STATUSES: Final[dict[str, Status | None]] = {
    "online": Status.ONLINE,
    "offline": Status.OFFLINE,
    "invisible": Status.INVISIBLE,
    "visible": Status.ONLINE,
    "away": None,
    "back": None,
}


class StatusBody(Struct, frozen=True, kw_only=True):
    """Who is to be seen how. At the stage `login` the time of being last online does not move."""

    id: GivenId
    status: str
    stage: Literal["login", "status"] = "status"


@implementer(IEndpoint)
class PostStatus:
    """Shows a user to all (`online`, `visible`), to operators alone (`invisible`), or lets the user be as if gone
    (`offline`), connected or not. `away` and `back` change nothing.
    """

    method = "POST"
    path = "status"
    scope = Scope.MODERATE
    body = StatusBody

    def __init__(self, services: Services) -> None:
        self._services = services

    async def call(self, caller: Context, body: StatusBody) -> None:
        """See `IEndpoint`."""
        if body.status not in STATUSES:
            raise ChatError(ErrorCode.INVALID_STATUS)
        user_id, status = user_id_of(body.id), STATUSES[body.status]
        if user_id == SYSTEM_ID:
            raise ChatError(ErrorCode.VALIDATION_ERROR, f"user {SYSTEM_ID} is never online")
        if status is None:
            await self._services.users.known(user_id)
        else:
            await self._services.dispatch(caller, ChangeStatus(user_id, status, body.stage == "status"))


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(endpoints=(PostStatus(services),))


plugin = Plugin("rest-status", build)
