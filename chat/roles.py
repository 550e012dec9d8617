"""Who is what, globally, in a channel, in a room. What that lets them do is in `chat.rights`. In memory; no I/O."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from chat.model import ChannelId, Role, Room, RoomId, UserId
from chat.world import Grant

_Scope = ChannelId | RoomId | None


class Roles:
    """The roles of all users. Roles come back in the order of `Role`, which is the order on the wire."""

    def __init__(self, grants: Iterable[Grant]) -> None:
        self._by_user: dict[UserId, dict[_Scope, set[Role]]] = {}
        self._by_room: dict[RoomId, set[UserId]] = {}
        self._names: dict[UserId, str] = {}
        self._operators: set[UserId] = set()
        for grant in grants:
            self.put(grant)

    def put(self, grant: Grant) -> None:
        """A user has a role from now on."""
        self._names[grant.user_id] = grant.user_name
        scopes = self._by_user.setdefault(grant.user_id, {})
        scopes.setdefault(grant.room_id or grant.channel_id, set()).add(grant.role)
        if grant.room_id is not None:
            self._by_room.setdefault(grant.room_id, set()).add(grant.user_id)
        elif grant.channel_id is None:
            self._operators.add(grant.user_id)

    def take(self, grant: Grant) -> None:
        """A user has a role no longer. Harmless for one who had it not."""
        scopes = self._by_user.get(grant.user_id, {})
        scope = grant.room_id or grant.channel_id
        held = scopes.get(scope, set())
        held.discard(grant.role)
        if held or scope not in scopes:
            return
        del scopes[scope]
        if grant.room_id is not None:
            self._by_room[grant.room_id].discard(grant.user_id)
        elif grant.channel_id is None:
            self._operators.discard(grant.user_id)
        if not scopes:
            del self._by_user[grant.user_id], self._names[grant.user_id]

    def forget_room(self, room_id: RoomId) -> None:
        """The room is gone, and nobody is anything in it."""
        for user_id in self._by_room.pop(room_id, ()):
            scopes = self._by_user[user_id]
            del scopes[room_id]
            if not scopes:
                del self._by_user[user_id], self._names[user_id]

    def scopes(self, user_id: UserId) -> list[tuple[_Scope, str]]:
        """Every scope in which the user has roles, None for the global one, with the roles comma separated."""
        return [(scope, _csv(roles)) for scope, roles in self._by_user.get(user_id, {}).items()]

    def global_roles(self, user_id: UserId) -> set[Role]:
        """SUPERUSER, GLOBALMOD, both or none."""
        return self._by_user.get(user_id, {}).get(None, set())

    def is_operator(self, user_id: UserId) -> bool:
        """Whether the user is a superuser or a globalmod."""
        return user_id in self._operators

    @property
    def operators(self) -> Collection[UserId]:
        """The superusers and globalmods, online or not."""
        return self._operators

    def in_channel(self, user_id: UserId, channel_id: ChannelId | None) -> set[Role]:
        """What the user is in the channel."""
        return set() if channel_id is None else self._by_user.get(user_id, {}).get(channel_id, set())

    def in_room(self, user_id: UserId, room_id: RoomId) -> set[Role]:
        """What the user is in the room."""
        return self._by_user.get(user_id, {}).get(room_id, set())

    def holders_in(self, room_id: RoomId) -> frozenset[UserId]:
        """Those who have a role in the room."""
        return frozenset(self._by_room.get(room_id, ()))

    def has_any(self, user_id: UserId) -> bool:
        """Whether the user has a role anywhere."""
        return user_id in self._by_user

    def shown_in(self, user_id: UserId, room: Room) -> str:
        """The roles that others see of the user in the room: global, channel admin, room; comma separated."""
        scopes = self._by_user.get(user_id)
        if not scopes:
            return ""
        shown = scopes.get(None, set()) | scopes.get(room.id, set())
        if Role.ADMIN in self.in_channel(user_id, room.channel_id):
            shown = shown | {Role.ADMIN}
        return _csv(shown)

    def owners_of(self, room_id: RoomId) -> list[tuple[UserId, str]]:
        """The owners of a room with their names, sorted by id."""
        holders = sorted(self._by_room.get(room_id, ()))
        return [(user_id, self._names[user_id]) for user_id in holders if self.is_owner(user_id, room_id)]

    def is_owner(self, user_id: UserId, room_id: RoomId) -> bool:
        """Whether the user owns the room."""
        return Role.OWNER in self.in_room(user_id, room_id)

    def renamed(self, user_id: UserId, name: str) -> None:
        """A user has another name now."""
        if user_id in self._names:
            self._names[user_id] = name


def _csv(roles: Iterable[Role]) -> str:
    held = set(roles)
    return ",".join(role.value for role in Role if role in held)
