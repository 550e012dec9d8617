"""The entities of the model, and what somebody is in a room."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from unicodedata import normalize

from chat.config import ChannelSection, RoomSection

from .cast import CHANNEL_ROLES, GLOBAL_ROLES, GROWN_UP, SUPER
from .facts import Fact

ONLINE, INVISIBLE, OFFLINE = "online", "invisible", "offline"
UNSEEN = "\u200b"


@dataclass(frozen=True)
class Said:
    """One message."""

    seq: int
    author: str
    words: str
    at: datetime
    client_id: str | None


@dataclass(eq=False)
class Room:
    """A place. `due`: when it ends, unless somebody comes who keeps it. `members`: the only ones who may come in."""

    id: str
    channel: str
    name: str
    kind: str
    sort: int = 0
    members: set[str] | None = None
    autojoin: bool = False
    owners: set[str] = field(default_factory=set)
    moderators: set[str] = field(default_factory=set)
    exists: bool = True
    due: datetime | None = None
    said: list[Said] = field(default_factory=list)

    @property
    def is_temporary(self) -> bool:
        return self.kind == "temporary"

    @classmethod
    def declared(cls, channel: ChannelSection, section: RoomSection) -> Room:
        """A room of the configuration."""
        assert section.id is not None
        assert channel.id is not None
        room = cls(section.id, channel.id, section.name, "static", section.sort, autojoin=GROWN_UP in section.acls)
        room.owners, room.moderators = set(section.owners), set(section.moderators)
        if section.access == "members":
            room.members = room.owners | room.moderators
        return room


@dataclass(eq=False)
class Person:
    """A user. `rooms` are those that the user is in; `announced` those that know that the user is connected."""

    id: str
    name: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    status: str = OFFLINE
    sessions: list[Session] = field(default_factory=list)
    rooms: set[Room] = field(default_factory=set)
    announced: set[Room] = field(default_factory=set)

    @property
    def is_operator(self) -> bool:
        return self.id in GLOBAL_ROLES

    def may_enter(self, room: Room) -> bool:
        """Whether the user may list, join and read the room."""
        if room.kind == "admin":
            return self.is_operator
        return room.members is None or self.id in room.members

    def may_change(self, room: Room) -> bool:
        """Whether the user may rename the room, and remove it unless it is an admin room."""
        if room.kind == "admin":
            return self.id == SUPER
        if self.id == SUPER or self.id in room.owners or (room.channel, self.id) in CHANNEL_ROLES:
            return True
        return room.is_temporary and (self.is_operator or self.id in room.moderators)

    def knows_of(self, room: Room) -> bool:
        """Whether the room need not be kept from the user."""
        return self.may_enter(room) or self.may_change(room) or self.is_operator

    def roles_in(self, room: Room) -> str:
        """The roles that others see in the room."""
        held = [GLOBAL_ROLES.get(self.id, "")]
        held.append("admin" if CHANNEL_ROLES.get((room.channel, self.id)) == "admin" else "")
        return ",".join(filter(None, [*held, *self.own_roles(room)]))

    def own_roles(self, room: Room) -> list[str]:
        """The roles in the room alone."""
        is_moderator, is_owner = self.id in room.moderators, self.id in room.owners
        return ["moderator"] * is_moderator + ["owner"] * is_owner

    def sees(self, other: Person) -> bool:
        """Whether the other is in this user's view."""
        if other is self or other.status == ONLINE:
            return True
        return self.is_operator and other.status == INVISIBLE

    def shown(self) -> Fact:
        """The attributes that others see."""
        return tuple(sorted(self.attributes.items()))


@dataclass(eq=False)
class Session:
    """A connection; `rooms` are those whose events it gets, `heard` what it is to hear since somebody looked."""

    person: Person | None = None
    rooms: set[Room] = field(default_factory=set)
    heard: list[Fact] = field(default_factory=list)


def alike(name: str) -> str:
    """What names have in common that are taken for the same."""
    return normalize("NFKC", name.replace(UNSEEN, "")).casefold()
