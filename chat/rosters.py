"""Who is in a room, as lists show it: operators and owners first, then by name."""

from __future__ import annotations

from itertools import chain, islice

from chat.activities import RoomUser
from chat.model import Room
from chat.occupants import Viewer
from chat.plugin import Services


def roster(services: Services, room: Room, viewer: Viewer, offset: int, limit: int) -> tuple[RoomUser, ...]:
    """At most `limit` of those in the room whom the viewer sees, after the first `offset`."""
    roles, presence = services.rooms.roles, services.presence
    leading = {*roles.operators, *(user_id for user_id, _ in roles.owners_of(room.id))}
    first = presence.shown_among(leading, room.id, viewer)
    others = (one for one in presence.shown(room.id, viewer) if one.user.id not in leading)
    return tuple(
        services.users.in_room(one.user, one.status, roles.shown_in(one.user.id, room))
        for one in islice(chain(first, others), offset, offset + limit)
    )
