"""What the calls of the backend REST API have in common, whatever they do."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from chat.errors import ChatError, ErrorCode
from chat.model import Room, RoomId, UserId
from chat.rooms import Rooms
from chat.texts import text_of

DONE: Final = {"status": "OK"}
# An id as callers send it: the published examples have numbers too.
GivenId = str | int


def user_id_of(given: GivenId) -> UserId:
    """The id that is meant."""
    return UserId(str(given))


class RoomChoice(Struct, frozen=True, kw_only=True):
    """A body that names a room: by id, which wins, or by base64 name in the default channel."""

    room_id: RoomId | None = None
    room_name: str | None = None

    @property
    def names_room(self) -> bool:
        """Whether a room is named at all."""
        return bool(self.room_id or self.room_name)

    def room(self, rooms: Rooms) -> Room:
        """The room. Raises VALIDATION_ERROR when none is named, NO_SUCH_ROOM, NOT_BASE64."""
        if self.room_id:
            return rooms.room(self.room_id)
        if self.room_name:
            return rooms.named_in_default(text_of(self.room_name, "room_name"))
        raise ChatError(ErrorCode.VALIDATION_ERROR, "neither room_id nor room_name is given")
