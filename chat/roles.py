"""Who is what, globally, in a channel, in a room. In memory; no I/O."""

from __future__ import annotations

from collections.abc import Iterable

from chat.model import ChannelId, Role, Room, RoomId, UserId
from chat.world import Grant

_Scope = ChannelId | RoomId | None


class Roles:
    """The roles of all users. Roles come back in the order of `Role`, which is the order on the wire."""

    def __init__(self, grants: Iterable[Grant]) -> None:
        self._by_user: dict[UserId, dict[_Scope, set[Role]]] = {}
        self._names: dict[UserId, str] = {}
        for grant in grants:
            self._names[grant.user_id] = grant.user_name
            scopes = self._by_user.setdefault(grant.user_id, {})
            scopes.setdefault(grant.room_id or grant.channel_id, set()).add(grant.role)

    def scopes(self, user_id: UserId) -> list[tuple[_Scope, str]]:
        """Every scope in which the user has roles, None for the global one, with the roles comma separated."""
        return [(scope, _csv(roles)) for scope, roles in self._by_user.get(user_id, {}).items()]

    def global_roles(self, user_id: UserId) -> set[Role]:
        """SUPERUSER, GLOBALMOD, both or none."""
        return self._by_user.get(user_id, {}).get(None, set())

    def is_operator(self, user_id: UserId) -> bool:
        """Whether the user is a superuser or a globalmod."""
        return bool(self.global_roles(user_id))

    def shown_in(self, user_id: UserId, room: Room) -> str:
        """The roles that others see of the user in the room: global, channel admin, room; comma separated."""
        scopes = self._by_user.get(user_id)
        if not scopes:
            return ""
        shown = scopes.get(None, set()) | scopes.get(room.id, set())
        if Role.ADMIN in scopes.get(room.channel_id, set()) and room.channel_id is not None:
            shown = shown | {Role.ADMIN}
        return _csv(shown)

    def owners_of(self, room_id: RoomId) -> list[tuple[UserId, str]]:
        """The owners of a room with their names, sorted by id."""
        owners = (user_id for user_id, scopes in self._by_user.items() if Role.OWNER in scopes.get(room_id, ()))
        return [(user_id, self._names[user_id]) for user_id in sorted(owners)]

    def renamed(self, user_id: UserId, name: str) -> None:
        """A user has another name now."""
        if user_id in self._names:
            self._names[user_id] = name


def _csv(roles: Iterable[Role]) -> str:
    held = set(roles)
    return ",".join(role.value for role in Role if role in held)
