"""Who is in a room, as lists show it: operators and owners first, then by name."""

from __future__ import annotations

from chat.activities import RoomUser
from chat.model import Role, Room, User
from chat.plugin import Services

_FIRST = {Role.SUPERUSER.value, Role.GLOBALMOD.value, Role.OWNER.value}


def roster(services: Services, room: Room, offset: int, limit: int) -> tuple[RoomUser, ...]:
    """At most `limit` of the room's occupants, after the first `offset`."""
    roles = services.rooms.roles
    ranked = [(roles.shown_in(user.id, room), user) for user in services.presence.occupants(room.id)]
    ranked.sort(key=_rank)
    return tuple(
        RoomUser(
            id=user.id,
            name=user.name,
            roles=shown,
            attributes=services.users.public(user),
        )
        for shown, user in ranked[offset : offset + limit]
    )


def _rank(entry: tuple[str, User]) -> tuple[bool, str, str]:
    shown, user = entry
    return _FIRST.isdisjoint(shown.split(",")), user.name.casefold(), user.id
