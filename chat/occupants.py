"""The users in one room, in the order in which lists show them, and what a viewer sees of them. In memory; no I/O."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from chat.activities import RoomUser
from chat.model import RoomId, Status, User, UserId


class Shown(NamedTuple):
    """An occupant as lists show it, and about how many bytes that takes on the wire."""

    user: RoomUser
    size_bytes: int


class Occupant:
    """A user who is online, and the rooms that the user is in.

    `entry` is how lists show the user in rooms where the user has no role, once one did; whoever changes the user or
    the status takes it away.
    """

    __slots__ = ("entry", "rooms", "status", "user")

    def __init__(self, user: User) -> None:
        self.user = user
        self.status = Status.ONLINE
        self.entry: Shown | None = None
        self.rooms: set[RoomId] = set()


class Viewer(NamedTuple):
    """Through whose eyes: everybody sees those who are online and themselves, operators the invisible too."""

    user_id: UserId
    is_operator: bool

    def sees(self, user_id: UserId, status: Status) -> bool:
        """Whether a user of that status is in view."""
        if status is Status.ONLINE or user_id == self.user_id:
            return True
        return self.is_operator and status is Status.INVISIBLE


class Occupants:
    """Who is in a room. Coming and going costs the logarithm of their number, a list of a few no more than these.

    An occupant goes out before the name changes and comes in again afterwards; of a change of status `show_or_hide` is
    told.
    """

    __slots__ = ("_by_id", "_hidden", "_in_order")

    def __init__(self) -> None:
        self._by_id: dict[UserId, Occupant] = {}
        self._in_order: list[Occupant] = []
        # Those who are not in everybody's view.
        self._hidden: dict[UserId, Occupant] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def __contains__(self, user_id: object) -> bool:
        return user_id in self._by_id

    def __iter__(self) -> Iterator[Occupant]:
        return iter(self._in_order)

    def add(self, occupant: Occupant) -> None:
        """The user is in. Harmless for one who is already."""
        if occupant.user.id not in self._by_id:
            self._by_id[occupant.user.id] = occupant
            self._in_order.insert(self._place(occupant), occupant)
            self.show_or_hide(occupant)

    def remove(self, occupant: Occupant) -> None:
        """The user, who is in, is out."""
        del self._by_id[occupant.user.id]
        del self._in_order[self._place(occupant)]
        self._hidden.pop(occupant.user.id, None)

    def show_or_hide(self, occupant: Occupant) -> None:
        """The user, who is in, has the status that the occupant says."""
        if occupant.status is Status.ONLINE:
            self._hidden.pop(occupant.user.id, None)
        else:
            self._hidden[occupant.user.id] = occupant

    def seen_by(self, viewer: Viewer) -> Iterator[Occupant]:
        """Those whom the viewer sees, by name."""
        if not self._hidden:
            return iter(self._in_order)
        return (one for one in self._in_order if viewer.sees(one.user.id, one.status))

    def count_seen_by(self, viewer: Viewer) -> int:
        """How many the viewer sees."""
        return len(self) - sum(not viewer.sees(user_id, one.status) for user_id, one in self._hidden.items())

    def among(self, user_ids: Iterable[UserId]) -> list[Occupant]:
        """Those of the users who are in the room, by name."""
        return sorted((self._by_id[user_id] for user_id in user_ids if user_id in self._by_id), key=_by_name)

    def _place(self, occupant: Occupant) -> int:
        return bisect_left(self._in_order, _by_name(occupant), key=_by_name)


def _by_name(occupant: Occupant) -> tuple[str, UserId]:
    return occupant.user.name.casefold(), occupant.user.id
