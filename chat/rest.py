"""What the calls of the backend REST API have in common, whatever they do."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Raw, Struct

from chat.errors import ChatError, ErrorCode
from chat.model import ID_LENGTH, NAME_LIMIT, SYSTEM_ID, Room, RoomId, UserId
from chat.occupants import Viewer
from chat.rooms import Rooms
from chat.texts import text_of

Entry = TypeVar("Entry", bound=Struct)

DONE: Final = {"status": "OK"}
# Sees those whom everybody sees.
ANYBODY: Final = Viewer(SYSTEM_ID, is_operator=False)
ASK_LIMIT: Final = 1_000
# An id as callers send it: the published examples have numbers too.
GivenId = str | int


def user_id_of(given: GivenId) -> UserId:
    """The id that is meant."""
    return UserId(str(given))


def user_ids_of(given: Collection[GivenId]) -> tuple[UserId, ...]:
    """The ids that are meant, each once. Raises VALIDATION_ERROR for none, or more than ASK_LIMIT."""
    check_number(len(given))
    return tuple(dict.fromkeys(map(user_id_of, given)))


def short_text_of(encoded: str | None, where: str) -> str | None:
    """The name of a user, or a reason, behind its base64; None where none is given. Raises NOT_BASE64, and
    VALIDATION_ERROR for one that is too long; both name `where`.
    """
    text = text_of(encoded, where) if encoded else None
    if text is not None and len(text) > NAME_LIMIT:
        raise ChatError(ErrorCode.VALIDATION_ERROR, f"{where} has more than {NAME_LIMIT} characters")
    return text


def check_number(count: int) -> None:
    """Raise VALIDATION_ERROR unless a call asks for 1 to ASK_LIMIT things."""
    if not 0 < count <= ASK_LIMIT:
        raise ChatError(ErrorCode.VALIDATION_ERROR, f"ask for 1 to {ASK_LIMIT}")


class Page(Struct, frozen=True):
    """An answer that may be a part of what was asked for: where there is `more`, that is told beside `data`."""

    data: Any
    more: bool


class Nothing(Struct, frozen=True):
    """The body of a call that asks for nothing in particular."""


class RoomsAsked(Struct, frozen=True, kw_only=True):
    """Rooms by id, or by base64 name in the default channel; at most ASK_LIMIT. The answer has them by what they were
    asked for by.
    """

    room_ids: tuple[RoomId, ...] = ()
    room_names: tuple[str, ...] = ()

    def ids(self, rooms: Rooms) -> dict[str, RoomId]:
        """The ids, by the ids and names as given. Raises VALIDATION_ERROR, NO_SUCH_ROOM for a name that none has,
        NOT_BASE64.
        """
        check_number(len(self.room_ids) + len(self.room_names))
        named = {name: rooms.named_in_default(text_of(name, "room_names")).id for name in self.room_names}
        return {room_id: room_id for room_id in self.room_ids} | named


class UsersAsked(Struct, frozen=True, kw_only=True):
    """Users, at most ASK_LIMIT."""

    users: tuple[GivenId, ...] = ()

    @property
    def ids(self) -> tuple[UserId, ...]:
        """The ids, each once. Raises VALIDATION_ERROR for none, or too many."""
        return user_ids_of(self.users)


@contextmanager
def naming_user(user_id: UserId) -> Iterator[None]:
    """Have a refusal of one entry of a call name its user."""
    try:
        yield
    except ChatError as refusal:
        raise ChatError(refusal.code, f"{refusal.detail} for user id {user_id[:ID_LENGTH]}") from None


def entry_of(raw: Raw, kind: type[Entry]) -> Entry:
    """One entry of a call. Each is read for itself, so that what is wrong with it can be told of it. Raises
    VALIDATION_ERROR.
    """
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError as error:
        raise ChatError(ErrorCode.VALIDATION_ERROR, str(error).replace("`", "")) from None


def failed(error: ChatError) -> dict[str, str]:
    """A refusal, as callers of some calls know it."""
    return {"status": "FAIL", "message": error.detail}


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
        if not self.names_room:
            raise ChatError(ErrorCode.VALIDATION_ERROR, "neither room_id nor room_name is given")
        try:
            return rooms.room(self.room_id) if self.room_id else rooms.named_in_default(self._text_of_name())
        except ChatError as refusal:
            if refusal.code is not ErrorCode.NO_SUCH_ROOM:
                raise
            named = f"id: {self.room_id}" if self.room_id else f"name: {self.room_name}"
            raise ChatError(ErrorCode.NO_SUCH_ROOM, f"no room exists with {named}") from None

    def _text_of_name(self) -> str:
        return text_of(self.room_name or "", "room_name")
