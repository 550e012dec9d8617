"""REST: POST /delete-messages, POST /clear-history."""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from zope.interface import implementer

from chat.ichat import IEndpoint
from chat.plugin import Context, Contribution, NoOptions, Plugin, Scope, Services
from chat.requests import DeleteMessage
from chat.rest import DONE, GivenId, RoomChoice, user_id_of


class DeleteMessagesBody(Struct, frozen=True, kw_only=True):
    """Whose messages."""

    id: GivenId


@implementer(IEndpoint)
class PostDeleteMessages:
    """Deletes all that a user wrote, in rooms and privately. Answers how many messages that were; with `unfinished`
    where there are more: the server goes on with them, unless it stops, and the same call waits for that or takes it up
    again.
    """

    method = "POST"
    path = "delete-messages"
    scope = Scope.MODERATE
    body = DeleteMessagesBody

    def __init__(self, services: Services) -> None:
        self._services = services

    async def call(self, caller: Context, body: DeleteMessagesBody) -> dict[str, Any]:
        """See `IEndpoint`."""
        progress = await self._services.deletions.delete_all_of(caller, user_id_of(body.id))
        total = progress.deleted + progress.failed
        numbers = {"success": progress.deleted, "failed": progress.failed, "total": total}
        return numbers if progress.is_complete else numbers | {"unfinished": True}


@implementer(IEndpoint)
class PostClearHistory:
    """Deletes all messages of a room, at once."""

    method = "POST"
    path = "clear-history"
    scope = Scope.MODERATE
    body = RoomChoice

    def __init__(self, services: Services) -> None:
        self._services = services

    async def call(self, caller: Context, body: RoomChoice) -> dict[str, str]:
        """See `IEndpoint`."""
        room_id = body.room(self._services.rooms).id
        await self._services.dispatch(caller, DeleteMessage(object_id=room_id, room_id=room_id, kind="room"))
        return DONE


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(endpoints=(PostDeleteMessages(services), PostClearHistory(services)))


plugin = Plugin("rest-clearing", build)
