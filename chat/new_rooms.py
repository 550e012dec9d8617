"""What the store is to make of a room that somebody asks for."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from chat.model import Access, Acl, Channel, RoomId, RoomKind, User
from chat.world import Timer


class NewRoom(Struct, frozen=True, kw_only=True):
    """A room that is to be made. `owner_limit`: how many temporary rooms its owner may have, this one included; None
    for any number.

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
    created: datetime
    timer: Timer | None
