"""What a server starts from: what the configuration declares, and what the store holds after it was applied."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from chat.model import Access, Acl, Channel, ChannelId, Role, Room, RoomId, Sanction, User, UserId


class DeclaredRoom(Struct, frozen=True):
    """A static room of the configuration. Without an id it is the one that was declared by that name in its channel."""

    id: RoomId | None
    name: str
    sort: int
    access: Access
    owners: tuple[UserId, ...]
    moderators: tuple[UserId, ...]
    acls: tuple[Acl, ...]


class DeclaredChannel(Struct, frozen=True):
    """A channel of the configuration. Without an id it is the channel of that name."""

    id: ChannelId | None
    name: str
    sort: int
    is_default: bool
    tags: tuple[str, ...]
    owners: tuple[UserId, ...]
    admins: tuple[UserId, ...]
    acls: tuple[Acl, ...]
    rooms: tuple[DeclaredRoom, ...]


class Declared(Struct, frozen=True):
    """Everything that the configuration says of users, roles, channels and rooms. `users` maps ids to names."""

    users: Mapping[UserId, str]
    superusers: tuple[UserId, ...]
    globalmods: tuple[UserId, ...]
    channels: tuple[DeclaredChannel, ...]


class Grant(Struct, frozen=True):
    """A user has a role: in a room, in a channel, or globally when both are None."""

    user_id: UserId
    user_name: str
    role: Role
    channel_id: ChannelId | None = None
    room_id: RoomId | None = None


class Timer(Struct, frozen=True):
    """Something is to be done to `subject` when `due` has come, whoever runs then. One for each kind and subject."""

    kind: str
    subject: str
    due: datetime


class StoredKey(Struct, frozen=True):
    """A key of a backend in the store, by the SHA-256 of it. `scopes` are as the configuration has them."""

    name: str
    digest: bytes
    scopes: tuple[str, ...]
    created: datetime


class World(Struct, frozen=True):
    """What is in memory from the start: all rooms that can be listed, the roles, the members (but for those who have a
    role in the room, who are members anyway), mutes and bans in force, timers, keys of backends, and words
    that are not to be said.

    `system` is user `0`, who acts for backends and timers.
    """

    system: User
    channels: tuple[Channel, ...]
    rooms: tuple[Room, ...]
    grants: tuple[Grant, ...]
    members: Mapping[RoomId, frozenset[UserId]]
    sanctions: tuple[Sanction, ...]
    timers: tuple[Timer, ...] = ()
    keys: tuple[StoredKey, ...] = ()
    words: tuple[str, ...] = ()
