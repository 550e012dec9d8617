"""Who is in a room, as lists show it: operators and owners first, then by name; and who of a conversation is there."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate, chain, islice

from chat.activities import RoomUser
from chat.messages import PAGE_BYTES
from chat.model import Room, User
from chat.occupants import Occupant, Shown, Viewer
from chat.places import Place
from chat.plugin import Services


def roster(services: Services, room: Room, viewer: Viewer, offset: int, limit: int) -> tuple[RoomUser, ...]:
    """At most `limit` of those in the room whom the viewer sees, after the first `offset`.

    As many as together have about PAGE_BYTES, but one at least if there is one: clients bound frames.
    """
    roles, presence = services.rooms.roles, services.presence
    leading = {*roles.operators, *(user_id for user_id, _ in roles.owners_of(room.id))}
    first = presence.shown_among(leading, room.id, viewer)
    others = presence.shown(room.id, viewer)
    if first:
        others = (one for one in others if one.user.id not in leading)
    page, has_role = islice(chain(first, others), offset, offset + limit), roles.has_any
    # Most have no role, and their entry is ready: this is most of the work of a join.
    found = [(not has_role(one.user.id) and one.entry) or _entry(services, room, one) for one in page]
    fitting = bisect_right(list(accumulate([one.size_bytes for one in found])), PAGE_BYTES)
    return tuple([one.user for one in found[: max(fitting, 1)]])


async def owners_of(services: Services, place: Place) -> tuple[User, ...]:
    """The owners of a conversation. Raises StorageError."""
    return tuple([await services.users.known(user_id) for user_id in place.owners])


def shown_owners(services: Services, owners: Iterable[User], viewer: Viewer) -> tuple[RoomUser, ...]:
    """Those of a conversation's owners who are online, as far as the viewer sees."""
    users, presence = services.users, services.presence
    there = [owner for owner in owners if presence.sees(viewer, owner.id)]
    return tuple([users.in_room(owner, presence.status_of(owner.id), "").user for owner in there])


def _entry(services: Services, room: Room, occupant: Occupant) -> Shown:
    """What a list shows of an occupant; kept for the next one where there is no role to be shown."""
    roles = services.rooms.roles.shown_in(occupant.user.id, room)
    entry = services.users.in_room(occupant.user, occupant.status, roles)
    if not roles:
        occupant.entry = entry
    return entry
