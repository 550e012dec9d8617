"""REST: POST /kick."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Raw
from zope.interface import implementer

from chat.errors import OK, ChatError
from chat.ichat import IRefusingEndpoint
from chat.model import RoomId, UserId
from chat.plugin import Context, Contribution, NoOptions, Plugin, Scope, Services
from chat.requests import KickUser
from chat.rest import GivenId, RoomChoice, check_number, entry_of, failed, naming_user, short_text_of, user_id_of


class KickEntry(RoomChoice, frozen=True, kw_only=True):
    """From which room a user is to be put out, why, and in whose name. `target` is the original's word for the id."""

    target: RoomId | None = None
    reason: str | None = None
    admin_id: GivenId | None = None


@implementer(IRefusingEndpoint)
class PostKick:
    """Puts the users out that are the keys of the body, each for itself: tells of each whether it was done, or why not.
    An entry that is wrong in itself keeps no other from being done.
    """

    method = "POST"
    path = "kick"
    scope = Scope.MODERATE
    body = dict[UserId, Annotated[Raw, Meta(extra={"entry": KickEntry})]]

    def __init__(self, services: Services) -> None:
        self._services = services

    async def call(self, caller: Context, body: dict[UserId, Raw]) -> dict[UserId, Any]:
        """See `IEndpoint`."""
        check_number(len(body))
        return {user_id: await self._kicked(caller, user_id, raw) for user_id, raw in body.items()}

    async def _kicked(self, caller: Context, user_id: UserId, raw: Raw) -> Any:
        try:
            with naming_user(user_id):
                await self._kick(caller, user_id, entry_of(raw, KickEntry))
        except ChatError as refusal:
            return failed(refusal)
        return "OK"

    async def _kick(self, caller: Context, user_id: UserId, entry: KickEntry) -> None:
        room_id = entry.target or entry.room(self._services.rooms).id
        admin_id = user_id_of(entry.admin_id) if entry.admin_id else caller.actor.id
        context = await self._services.users.acting(caller, admin_id)
        request = KickUser(room_id=room_id, user_id=user_id, reason=short_text_of(entry.reason, "reason"))
        await self._services.dispatch(context, request)

    def refusal(self, error: ChatError) -> tuple[int, Any]:
        """See `IRefusingEndpoint`."""
        return OK, failed(error)


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(endpoints=(PostKick(services),))


plugin = Plugin("rest-kick", build)
