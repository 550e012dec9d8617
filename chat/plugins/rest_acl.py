"""REST: GET /acl, POST /acl."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct
from zope.interface import implementer

from chat.ichat import IEndpoint
from chat.model import NAME_LIMIT, RoomId, RoomKind
from chat.plugin import Context, Contribution, NoOptions, Plugin, Scope, Services
from chat.requests import RuleChange, SetRules
from chat.rest import DONE, Nothing


@implementer(IEndpoint)
class GetAcl:
    """Lists the access rules of the rooms that stay, by room; rooms without any are left out."""

    method = "GET"
    path = "acl"
    scope = Scope.READ
    body = Nothing

    def __init__(self, services: Services) -> None:
        self._services = services

    async def call(self, caller: Context, body: Nothing) -> dict[str, Any]:
        """See `IEndpoint`."""
        rooms = self._services.rooms
        lasting = [
            room
            for channel in rooms.channels
            for room in rooms.rooms_in(channel.id)
            if room.kind is not RoomKind.TEMPORARY
        ]
        rules = {
            room.id: [{"type": rule.type, "action": rule.action, "value": rule.value} for rule in room.acls]
            for room in lasting
            if room.acls
        }
        return DONE | {"data": rules}


class AclBody(Struct, frozen=True, kw_only=True):
    """An access rule of a room; an empty value takes it away."""

    room_id: RoomId
    action: str
    acl_type: str
    acl_value: Annotated[str, Meta(max_length=NAME_LIMIT, pattern=r"^[^\0]*$")]


@implementer(IEndpoint)
class PostAcl:
    """Sets one access rule of a room, under the same conditions as the verb set_acl."""

    method = "POST"
    path = "acl"
    scope = Scope.ROOMS
    body = AclBody

    def __init__(self, services: Services) -> None:
        self._services = services

    async def call(self, caller: Context, body: AclBody) -> dict[str, str]:
        """See `IEndpoint`."""
        rule = RuleChange(action=body.action, type=body.acl_type, value=body.acl_value)
        await self._services.dispatch(caller, SetRules(body.room_id, "room", (rule,)))
        return DONE


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(endpoints=(GetAcl(services), PostAcl(services)))


plugin = Plugin("rest-acl", build)
