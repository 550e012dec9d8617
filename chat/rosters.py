"""Who is in a room, as lists show it: operators and owners first, then by name."""

from __future__ import annotations

from chat.activities import RoomUser
from chat.model import Role, Room, Status, User
from chat.plugin import Services
from chat.presence import Viewer

_FIRST = {Role.SUPERUSER.value, Role.GLOBALMOD.value, Role.OWNER.value}
_Entry = tuple[str, User, Status]


def roster(services: Services, room: Room, viewer: Viewer, offset: int, limit: int) -> tuple[RoomUser, ...]:
    """At most `limit` of those in the room whom the viewer sees, after the first `offset`."""
    roles = services.rooms.roles
    seen = services.presence.shown(room.id, viewer)
    ranked = [(roles.shown_in(user.id, room), user, status) for user, status in seen]
    ranked.sort(key=_rank)
    return tuple(
        RoomUser(
            kind="invisible" if status is Status.INVISIBLE else "user",
            id=user.id,
            name=user.name,
            roles=shown,
            attributes=services.users.public(user),
        )
        for shown, user, status in ranked[offset : offset + limit]
    )


def _rank(entry: _Entry) -> tuple[bool, str, str]:
    shown, user, _ = entry
    return _FIRST.isdisjoint(shown.split(",")), user.name.casefold(), user.id
