"""REST: GET /roles."""

from __future__ import annotations

from typing import Any

from zope.interface import implementer

from chat.ichat import IEndpoint
from chat.model import UserId
from chat.plugin import Context, Contribution, NoOptions, Plugin, Scope, Services
from chat.rest import UsersAsked


@implementer(IEndpoint)
class GetRoles:
    """Lists what users are, globally, in channels and in rooms; nothing for who is not known."""

    method = "GET"
    path = "roles"
    scope = Scope.READ
    body = UsersAsked

    def __init__(self, services: Services) -> None:
        self._services = services

    async def call(self, caller: Context, body: UsersAsked) -> dict[UserId, dict[str, Any]]:
        """See `IEndpoint`."""
        return {user_id: self._roles_of(user_id) for user_id in body.ids}

    def _roles_of(self, user_id: UserId) -> dict[str, Any]:
        rooms = self._services.rooms
        everywhere: list[str] = []
        in_channels: dict[str, list[str]] = {}
        in_rooms: dict[str, list[str]] = {}
        for scope, roles in rooms.roles.scopes(user_id):
            held = roles.split(",")
            if scope is None:
                everywhere = held
            else:
                (in_channels if rooms.is_channel(scope) else in_rooms)[scope] = held
        return {"global": everywhere, "channel": in_channels, "room": in_rooms}


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(endpoints=(GetRoles(services),))


plugin = Plugin("rest-roles", build)
