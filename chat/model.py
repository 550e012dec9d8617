"""The entities of the domain: frozen values, their ids, their roles. Imports nothing of the package.

Every user, channel, room and message has a public id (a string) and an integer key that is never reused.
Times are aware UTC datetimes.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Final, NewType

from msgspec import Struct

UserId = NewType("UserId", str)
ChannelId = NewType("ChannelId", str)
RoomId = NewType("RoomId", str)
MessageId = NewType("MessageId", str)

USER_ID: Final = re.compile(r"[A-Za-z0-9._@:-]{1,64}", re.ASCII)
_PUBLIC_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ID_LENGTH: Final = 64
# Characters of a name as sent, with room for the rules of its kind to speak first.
NAME_LIMIT: Final = 1024
SYSTEM_ID: Final = UserId("0")
SYSTEM_NAME: Final = "admin"


def new_id() -> str:
    """A fresh public id: a UUID of version 7 (RFC 9562) in its usual text form.

    It begins with the time, so that a database adds to its index of ids at the end; with random ones every message
    would touch another page of it, and cost more the more of them there are.
    """
    milliseconds, chance = time.time_ns() // 1_000_000, os.urandom(10).hex()
    variant = "89ab"[int(chance[3], 16) & 3]
    return f"{milliseconds >> 16:08x}-{milliseconds & 0xFFFF:04x}-7{chance[:3]}-{variant}{chance[4:7]}-{chance[7:19]}"


def is_public_id(text: str) -> bool:
    """Whether this looks like an id of `new_id`."""
    return _PUBLIC_ID.fullmatch(text) is not None


class Role(Enum):
    """What a user may be, globally, in a channel or in a room. The order is the order on the wire."""

    SUPERUSER = "superuser"
    GLOBALMOD = "globalmod"
    ADMIN = "admin"
    MODERATOR = "moderator"
    OWNER = "owner"


class Access(Enum):
    """Who may come in: anybody whom the ACLs let, or durable members alone."""

    OPEN = "open"
    MEMBERS = "members"


class RoomKind(Enum):
    """How a room lives: declared, made by a user, between users, or a channel's room for its admins."""

    STATIC = "static"
    TEMPORARY = "temporary"
    CONVERSATION = "conversation"
    ADMIN = "admin"


class Status(Enum):
    """How present a user wants to be: seen by all, by operators alone, or as if gone."""

    ONLINE = "online"
    INVISIBLE = "invisible"
    OFFLINE = "offline"


class User(Struct, frozen=True):
    """A known user. `attributes` are the trusted ones, which an authenticator or a front supplied, and those few that
    the configuration lets users set of themselves. `is_hidden`: a backend lets the user come online invisible, until it
    or the user says otherwise.
    """

    key: int
    id: UserId
    name: str
    origin: str
    attributes: Mapping[str, str]
    is_hidden: bool = False


class Acl(Struct, frozen=True):
    """One condition: `action` needs the caller to satisfy `type` with `value`."""

    action: str
    type: str
    value: str


class Channel(Struct, frozen=True):
    """A group of rooms. `sort` orders channels, lowest first."""

    key: int
    id: ChannelId
    name: str
    sort: int
    tags: tuple[str, ...]
    is_default: bool
    acls: tuple[Acl, ...] = ()


class Room(Struct, frozen=True):
    """A place for messages. A conversation has no channel."""

    key: int
    id: RoomId
    name: str
    channel_id: ChannelId | None
    kind: RoomKind
    access: Access
    sort: int
    acls: tuple[Acl, ...] = ()


class Message(Struct, frozen=True):
    """A stored message. `seq` counts the messages of its room from 1 without gaps; a deleted one keeps its number.

    `edited` is when it got the body that it has, None for the first one.
    """

    key: int
    id: MessageId
    room_id: RoomId
    seq: int
    author: User
    body: str
    published: datetime
    edited: datetime | None = None
    deleted: bool = False


class Receipt(Enum):
    """What a recipient did with a private message. The numbers are those of the wire."""

    NONE = 0
    RECEIVED = 1
    READ = 2


class Mute(Struct, frozen=True):
    """A user may not speak in a room until `until`. `duration` is as given, `reason` may be empty."""

    user_id: UserId
    room_id: RoomId
    actor_id: UserId
    duration: str
    reason: str
    until: datetime

    @property
    def place(self) -> SanctionPlace:
        """Where it holds."""
        return "room", self.room_id


class BanScope(Enum):
    """How far a ban reaches. The words are those of the wire."""

    ROOM = "room"
    CHANNEL = "channel"
    GLOBAL = "global"


class Ban(Struct, frozen=True):
    """A user is out until `until`: of a room, of a channel with all its rooms, or of the server, then `target_id` is
    empty. `duration` is as given, `reason` may be empty.
    """

    user_id: UserId
    scope: BanScope
    target_id: str
    actor_id: UserId
    duration: str
    reason: str
    until: datetime

    @property
    def place(self) -> SanctionPlace:
        """Where it holds."""
        return self.scope.value, self.target_id


# A word of BanScope, and the id of the room or channel.
SanctionPlace = tuple[str, str]
Sanction = Mute | Ban
