"""Known users: those online from memory, the others from the store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import structs

from chat.activities import HISTORY_ATTRIBUTES, Attribute, HistoryEntry, RoomUser, attributes_of
from chat.errors import ChatError, ErrorCode
from chat.ichat import IStore
from chat.memos import Memo
from chat.messages import ENTRY_BYTES
from chat.model import NAME_LIMIT, USER_ID, Message, Status, User, UserId
from chat.occupants import Shown
from chat.plugin import Context, Identity
from chat.presence import Presence

# The origin of users of whom nothing is known but what a backend said.
BACKEND = "backend"
# What histories show of messages with so much text is remembered.
REMEMBERED_CHARACTERS = 500_000
# About what an occupant, and one attribute, have in a list besides the texts.
OCCUPANT_BYTES, ATTRIBUTE_BYTES = 100, 40


class Users:
    """The directory of users, and what others may see of them.

    `system` is user `0`, who acts for backends and timers; there once the server runs.
    """

    system: User

    def __init__(self, store: IStore, presence: Presence, public_attributes: frozenset[str] | None) -> None:
        self._store = store
        self._presence = presence
        self._public = public_attributes
        self._shown_in_history = (
            HISTORY_ATTRIBUTES if public_attributes is None else HISTORY_ATTRIBUTES & public_attributes
        )
        self._in_history = Memo(self._make_history_entry, REMEMBERED_CHARACTERS, _weight)

    async def find(self, user_id: UserId) -> User | None:
        """The user, or None. Raises StorageError."""
        user: User | None = self._presence.user(user_id) or await self._store.find_user(user_id)
        return user

    async def known(self, user_id: UserId) -> User:
        """The user. Raises NO_SUCH_USER."""
        user = await self.find(user_id)
        if user is None:
            raise ChatError(ErrorCode.NO_SUCH_USER)
        return user

    async def acting(self, context: Context, actor_id: UserId) -> Context:
        """The same call in the name of this user. Raises NO_SUCH_USER."""
        if actor_id == context.actor.id:
            return context
        actor = await self.find(actor_id)
        if actor is None:
            raise ChatError(ErrorCode.NO_SUCH_USER, "no such user to act")
        return structs.replace(context, acting=actor)

    async def made_known(self, user_id: UserId, name: str | None, at: datetime) -> User:
        """The user, who is made known where nobody of that id is: under that name, or else under the id. The name of
        one who is known stays. Raises VALIDATION_ERROR for what is no id, or for a name that is too long; StorageError.
        """
        known = await self.find(user_id)
        if known is not None:
            return known
        made: User = await self._store.make_known(user_id, newcomer(user_id, name), at)
        return made

    async def several(self, user_ids: Sequence[UserId]) -> list[User]:
        """Those of the users who are known, in that order; the store is asked once, for those who are not online.
        Raises StorageError.
        """
        found = {user_id: user for user_id in user_ids if (user := self._presence.user(user_id)) is not None}
        asked = [user_id for user_id in user_ids if user_id not in found]
        if asked:
            found |= await self._store.find_users(asked)
        return [found[user_id] for user_id in user_ids if user_id in found]

    async def is_known(self, user_id: UserId) -> bool:
        """Whether there is such a user. Raises StorageError."""
        return self._presence.is_online(user_id) or await self._store.find_user(user_id) is not None

    def public(self, user: User) -> tuple[Attribute, ...]:
        """The attributes of the user that others may see, as attachments."""
        if self._public is None:
            return attributes_of(user.attributes, user.attributes.keys() - _PRIVATE)
        return attributes_of(user.attributes, self._public)

    def in_room(self, user: User, status: Status, roles: str) -> Shown:
        """The user as lists of a room's occupants show them, weighed."""
        kind = "invisible" if status is Status.INVISIBLE else "user"
        shown = RoomUser(kind=kind, id=user.id, name=user.name, roles=roles, attributes=self.public(user))
        return Shown(shown, _size_bytes(shown))

    def in_history(self, message: Message) -> HistoryEntry:
        """The message as a history shows it, with what others may see of its author."""
        return self._in_history(message)

    def _make_history_entry(self, message: Message) -> HistoryEntry:
        return HistoryEntry.of(message, self._shown_in_history)

    def is_public(self, attribute: str) -> bool:
        """Whether others may see the attribute of that name."""
        return attribute not in _PRIVATE if self._public is None else attribute in self._public


def newcomer(user_id: UserId, name: str | None) -> Identity:
    """What is known of a user whom a backend names first: the name, or else the id for one. Raises VALIDATION_ERROR for
    what is no id, or for a name that is too long.
    """
    if USER_ID.fullmatch(user_id) is None:
        raise ChatError(ErrorCode.VALIDATION_ERROR, "a user id has 1 to 64 of A-Z a-z 0-9 . _ @ : -")
    if name is not None and len(name) > NAME_LIMIT:
        raise ChatError(ErrorCode.VALIDATION_ERROR, f"a name has at most {NAME_LIMIT} characters")
    return Identity(name or user_id, {}, BACKEND)


def stranger(user_id: UserId, name: str | None) -> User:
    """A newcomer before the store knows of one: without a key. Raises what `newcomer` raises."""
    identity = newcomer(user_id, name)
    return User(0, user_id, identity.name, identity.origin, identity.attributes)


def _size_bytes(shown: RoomUser) -> int:
    """About what an occupant takes in a list."""
    plain = len(shown.id) + len(shown.roles) + _base64_bytes(shown.name) + OCCUPANT_BYTES
    return plain + sum(
        len(attribute.kind.encode()) + _base64_bytes(attribute.content) + ATTRIBUTE_BYTES
        for attribute in shown.attributes
    )


def _base64_bytes(text: str) -> int:
    return len(text.encode()) * 4 // 3


def _weight(entry: HistoryEntry) -> int:
    """The characters of a message, and some for what every message has."""
    return len(entry.content or "") + ENTRY_BYTES


_PRIVATE = frozenset({"ip", "user_agent"})
