"""What the store is to make of a room that somebody asks for."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from chat.model import Access, Acl, Channel, RoomId, RoomKind, User
from chat.world import Timer


class NewRoom(Struct, frozen=True, kw_only=True):
    """A room that is to be made. `owner_limit`: how many temporary rooms its owner may have, this one included; None
    for any number. `is_newcomer`: the owner, who has no key yet, is made known with the room.

    `timer`: what is to be done when nobody keeps the room.
    """

    id: RoomId
    room_name: str
    channel: Channel
    kind: RoomKind
    access: Access
    acls: tuple[Acl, ...]
    owner: User
    owner_limit: int | None
    is_newcomer: bool = False
    created: datetime
    timer: Timer | None
