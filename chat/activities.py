"""Pieces that requests, replies and events share: references to users and rooms, attributes, access rules, history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from datetime import datetime
from typing import Annotated, Final, Self

from msgspec import field

from chat.errors import ErrorCode
from chat.model import ID_LENGTH, Acl, Channel, Message, Room, Status, User, new_id
from chat.slots import Activity, At

HISTORY_ATTRIBUTES: Final = frozenset({"gender", "avatar", "app_avatar", "app_avatar_safe"})


class Stamped(Activity, frozen=True, kw_only=True):
    """An activity with an id of its own and the time at which the server made it."""

    id: Annotated[str, At("id")] = field(default_factory=new_id)
    published: Annotated[datetime, At("published")]


class Attribute(Activity, frozen=True):
    """One attribute of a user: `objectType` names it, `content` is its value."""

    kind: Annotated[str, At("objectType")]
    content: Annotated[str, At("content", text=True)]


class UserRef(Activity, frozen=True):
    """Who: id and display name."""

    id: Annotated[str, At("id")]
    name: Annotated[str, At("displayName", text=True)]

    @classmethod
    def of(cls, user: User) -> Self:
        """The reference to `user`."""
        return cls(id=user.id, name=user.name)


class VisitorRef(UserRef, frozen=True):
    """Who came or went: `objectType` says `invisible` of one whom operators alone see."""

    kind: Annotated[str | None, At("objectType")] = None

    @classmethod
    def seen(cls, user: User, status: Status) -> Self:
        """The reference to `user` in that status."""
        return cls(id=user.id, name=user.name, kind="invisible" if status is Status.INVISIBLE else None)


class RoomRef(Activity, frozen=True):
    """Where: id and name of a room."""

    id: Annotated[str, At("id")]
    name: Annotated[str, At("displayName", text=True)]

    @classmethod
    def of(cls, room: Room) -> Self:
        """The reference to `room`."""
        return cls(id=room.id, name=room.name)


class MessageRef(Activity, frozen=True):
    """Which message."""

    id: Annotated[str, At("id", missing=ErrorCode.VALIDATION_ERROR, limit=ID_LENGTH)]


class ChannelRef(Activity, frozen=True):
    """The channel of a room; both empty for a conversation, which has none."""

    id: Annotated[str, At("url")]
    name: Annotated[str, At("displayName", text=True)]

    @classmethod
    def of(cls, channel: Channel | None) -> Self:
        """The reference to `channel`."""
        return cls(id="", name="") if channel is None else cls(id=channel.id, name=channel.name)


class AclEntry(Activity, frozen=True):
    """One access rule as lists show it."""

    action: Annotated[str, At("summary")]
    type: Annotated[str, At("objectType")]
    value: Annotated[str, At("content")]


class RoomUser(Activity, frozen=True):
    """An occupant: `content` holds the roles that matter in the room, global ones first, comma separated; `objectType`
    is `user`, or `invisible` for one whom operators alone see.
    """

    lasting = True

    kind: Annotated[str, At("objectType")]
    id: Annotated[str, At("id")]
    name: Annotated[str, At("displayName", text=True)]
    roles: Annotated[str, At("content")]
    attributes: Annotated[tuple[Attribute, ...], At("attachments")]


class HistoryEntry(Activity, frozen=True, kw_only=True):
    """One message of a history, with `updated` if it was edited; of a deleted one only id, seq and `deleted`."""

    lasting = True

    id: Annotated[str, At("id")]
    seq: Annotated[int, At("seq")]
    author: Annotated[UserRef | None, At("author")] = None
    author_attributes: Annotated[tuple[Attribute, ...] | None, At("author.attachments")] = None
    room_id: Annotated[str | None, At("summary")] = None
    content: Annotated[str | None, At("content", text=True)] = None
    published: Annotated[datetime | None, At("published")] = None
    updated: Annotated[datetime | None, At("updated")] = None
    deleted: Annotated[bool | None, At("deleted")] = None

    @classmethod
    def of(cls, message: Message, shown: frozenset[str] = HISTORY_ATTRIBUTES) -> Self:
        """The entry of `message`, or its tombstone; of the author's attributes those that `shown` names."""
        if message.deleted:
            return cls(id=message.id, seq=message.seq, deleted=True)
        return cls(
            id=message.id,
            seq=message.seq,
            author=UserRef.of(message.author),
            author_attributes=attributes_of(message.author.attributes, shown),
            room_id=message.room_id,
            content=message.body,
            published=message.published,
            updated=message.edited,
        )


class WaitingEntry(HistoryEntry, frozen=True, kw_only=True):
    """A private message that waited for its recipient's login."""

    constants = {"objectType": "history"}


def attributes_of(attributes: Mapping[str, str], shown: Set[str]) -> tuple[Attribute, ...]:
    """Those of the attributes that `shown` names, as attachments."""
    return tuple(Attribute(kind=name, content=value) for name, value in attributes.items() if name in shown)


def acl_entries(acls: Iterable[Acl]) -> tuple[AclEntry, ...]:
    """The access rules as attachments."""
    return tuple(AclEntry(action=acl.action, type=acl.type, value=acl.value) for acl in acls)
