"""Who is in a room, as lists show it: operators and owners first, then by name."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate, chain, islice

from chat.activities import RoomUser
from chat.messages import PAGE_BYTES
from chat.model import Room
from chat.occupants import Viewer
from chat.plugin import Services


def roster(services: Services, room: Room, viewer: Viewer, offset: int, limit: int) -> tuple[RoomUser, ...]:
    """At most `limit` of those in the room whom the viewer sees, after the first `offset`.

    As many as together have about PAGE_BYTES, but one at least if there is one: clients bound frames.
    """
    roles, presence = services.rooms.roles, services.presence
    leading = {*roles.operators, *(user_id for user_id, _ in roles.owners_of(room.id))}
    first = presence.shown_among(leading, room.id, viewer)
    others = (one for one in presence.shown(room.id, viewer) if one.user.id not in leading)
    in_room, shown_in = services.users.in_room, roles.shown_in
    found = [
        in_room(one.user, one.status, shown_in(one.user.id, room))
        for one in islice(chain(first, others), offset, offset + limit)
    ]
    fitting = bisect_right(list(accumulate(one.size_bytes for one in found)), PAGE_BYTES)
    return tuple([one.user for one in found[: max(fitting, 1)]])
