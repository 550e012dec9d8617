"""Private conversations: one for each set of owners, found or made when needed, and kept in memory for a while."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Set
from datetime import datetime

from msgspec import Struct

from chat.errors import ChatError, ErrorCode
from chat.ichat import IStore
from chat.model import Room, RoomId, User, UserId

# How many owners those conversations have together that are kept in memory: some 20 MB.
MEMORY_LIMIT = 40_000
OWNERS_LIMIT = 100


def check_owners(count: int) -> None:
    """Raise VALIDATION_ERROR for more owners than a conversation may have."""
    if count > OWNERS_LIMIT:
        raise ChatError(ErrorCode.VALIDATION_ERROR, f"a conversation has at most {OWNERS_LIMIT} owners")


class Conversation(Struct, frozen=True):
    """A conversation and its owners, whose ids lead to their keys."""

    room: Room
    owners: Mapping[UserId, int]


class Opened(Struct, frozen=True):
    """A conversation that was found or made."""

    conversation: Conversation
    is_new: bool = False


class Conversations:
    """Those used last are in memory, with at most MEMORY_LIMIT owners together; a conversation never changes."""

    def __init__(self, store: IStore, memory_limit: int = MEMORY_LIMIT) -> None:
        self._store = store
        self._memory_limit = memory_limit
        self._by_id: OrderedDict[RoomId, Conversation] = OrderedDict()
        self._by_owners: dict[frozenset[UserId], RoomId] = {}
        self._owners = 0

    async def find(self, room_id: RoomId) -> Conversation | None:
        """The conversation of this id, or None. Raises StorageError."""
        known = self.remembered(room_id)
        if known is not None:
            return known
        found: Conversation | None = await self._store.find_conversation(room_id)
        return None if found is None else self.keep(found)

    async def among(self, owners: Iterable[User], at: datetime) -> Opened:
        """The conversation of these owners, made where there is none. Raises StorageError, VALIDATION_ERROR for more
        than OWNERS_LIMIT owners.
        """
        keys = {owner.id: owner.key for owner in owners}
        check_owners(len(keys))
        known = self.remembered_among(frozenset(keys))
        if known is not None:
            return Opened(known)
        opened: Opened = await self._store.open_conversation(keys, at)
        self.keep(opened.conversation)
        return opened

    def remembered(self, room_id: RoomId) -> Conversation | None:
        """The conversation of this id, if it is in memory."""
        known = self._by_id.get(room_id)
        if known is not None:
            self._by_id.move_to_end(room_id)
        return known

    def remembered_among(self, owners: frozenset[UserId]) -> Conversation | None:
        """The conversation of these owners, if it is in memory."""
        room_id = self._by_owners.get(owners)
        return None if room_id is None else self.remembered(room_id)

    async def known_among(self, owners: Set[UserId]) -> Conversation | None:
        """The conversation of these owners, or None. Raises StorageError."""
        known = self.remembered_among(frozenset(owners))
        if known is not None:
            return known
        found: Conversation | None = await self._store.conversation_among(owners)
        return None if found is None else self.keep(found)

    def keep(self, conversation: Conversation) -> Conversation:
        """Have a conversation in memory; it is given back."""
        room_id = conversation.room.id
        known = self.remembered(room_id)
        if known is not None:
            return known
        self._by_id[room_id] = conversation
        self._by_owners[frozenset(conversation.owners)] = room_id
        self._owners += len(conversation.owners)
        while self._owners > self._memory_limit and len(self._by_id) > 1:
            _, oldest = self._by_id.popitem(last=False)
            del self._by_owners[frozenset(oldest.owners)]
            self._owners -= len(oldest.owners)
        return conversation
