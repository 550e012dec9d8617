"""Known users: those online from memory, the others from the store."""

from __future__ import annotations

from chat.activities import HISTORY_ATTRIBUTES, Attribute, attributes_of
from chat.errors import ChatError, ErrorCode
from chat.ichat import IStore
from chat.model import User, UserId
from chat.presence import Presence


class Users:
    """The directory of users, and what others may see of them. `shown_in_history`: the attributes of an author.

    `system` is user `0`, who acts for backends and timers; there once the server runs.
    """

    system: User

    def __init__(self, store: IStore, presence: Presence, public_attributes: frozenset[str] | None) -> None:
        self._store = store
        self._presence = presence
        self._public = public_attributes
        self.shown_in_history = (
            HISTORY_ATTRIBUTES if public_attributes is None else HISTORY_ATTRIBUTES & public_attributes
        )

    async def known(self, user_id: UserId) -> User:
        """The user. Raises NO_SUCH_USER."""
        user: User | None = self._presence.user(user_id) or await self._store.find_user(user_id)
        if user is None:
            raise ChatError(ErrorCode.NO_SUCH_USER)
        return user

    def public(self, user: User) -> tuple[Attribute, ...]:
        """The attributes of the user that others may see, as attachments."""
        if self._public is None:
            return attributes_of(user.attributes, user.attributes.keys() - _PRIVATE)
        return attributes_of(user.attributes, self._public)

    def is_public(self, attribute: str) -> bool:
        """Whether others may see the attribute of that name."""
        return attribute not in _PRIVATE if self._public is None else attribute in self._public


_PRIVATE = frozenset({"ip", "user_agent"})
