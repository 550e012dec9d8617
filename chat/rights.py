"""Who may do what to whom: one table, and the rule of rank. In memory; no I/O.

What somebody may do follows from the standings that the user has at a place: globally, in its channel, in the room
itself. `docs/moderation.md` is generated from here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import Enum
from typing import Final, NamedTuple, TypeVar

from msgspec import structs

from chat.errors import ChatError, ErrorCode
from chat.model import SYSTEM_ID, Ban, Channel, ChannelId, Mute, Role, Room, RoomKind, Sanction, UserId
from chat.roles import Roles

Kind = TypeVar("Kind", Mute, Ban)


class Standing(Enum):
    """As what somebody acts. A user may have several at one place, and most have none."""

    SYSTEM = "system"
    SUPERUSER = "superuser"
    GLOBALMOD = "globalmod"
    CHANNEL_OWNER = "channel owner"
    CHANNEL_ADMIN = "channel admin"
    ROOM_OWNER = "room owner"
    ROOM_MODERATOR = "room moderator"


class Act(Enum):
    """What needs a right. The texts are those of the table's rows."""

    KICK = "kick from a room"
    MUTE = "mute in a room"
    BAN_FROM_ROOM = "ban from a room"
    BAN_FROM_CHANNEL = "ban from a channel"
    BAN_GLOBALLY = "ban from everywhere"
    DELETE_OF_OTHERS = "delete what others said"
    CLEAR_ROOM = "clear a room"
    RENAME_ROOM = "rename a room"
    REMOVE_ROOM = "remove a room"
    SET_ROOM_RULES = "set the rules of a room"
    SET_CHANNEL_RULES = "set the rules of a channel"
    SET_AUTOJOIN = "set rules for autojoin"
    SKIP_ROOM_RULES = "pass by the rules of a room"
    SKIP_CHANNEL_RULES = "pass by the rules of a channel"
    SET_BLACKLIST = "set and end words that are not to be said"
    SKIP_DISALLOW = "speak where `disallow` is set for messages"
    SET_ROOM_ROLES = "give and take roles in a room"
    SET_CHANNEL_ROLES = "give and take roles in a channel"
    SET_GLOBAL_ROLES = "give and take global roles"


class Row(NamedTuple):
    """Those who may, and those who may in a temporary room where these are others."""

    who: frozenset[Standing]
    in_temporary: frozenset[Standing] | None = None


OPERATORS: Final = frozenset({Standing.SYSTEM, Standing.SUPERUSER, Standing.GLOBALMOD})
_OF_CHANNEL: Final = OPERATORS | {Standing.CHANNEL_OWNER, Standing.CHANNEL_ADMIN}
_OF_ROOM: Final = _OF_CHANNEL | {Standing.ROOM_OWNER}
_MODERATING: Final = _OF_ROOM | {Standing.ROOM_MODERATOR}
# What globalmods may not do themselves they may not do by way of a role that they give themselves either.
_LASTING: Final = _OF_ROOM - {Standing.GLOBALMOD}

TABLE: Final[Mapping[Act, Row]] = {
    Act.KICK: Row(_MODERATING),
    Act.MUTE: Row(_MODERATING),
    Act.BAN_FROM_ROOM: Row(_MODERATING),
    Act.BAN_FROM_CHANNEL: Row(_OF_CHANNEL),
    Act.BAN_GLOBALLY: Row(OPERATORS),
    Act.DELETE_OF_OTHERS: Row(_MODERATING),
    Act.CLEAR_ROOM: Row(_MODERATING),
    Act.RENAME_ROOM: Row(_LASTING, in_temporary=_MODERATING),
    Act.REMOVE_ROOM: Row(_LASTING, in_temporary=_MODERATING),
    Act.SET_ROOM_RULES: Row(_OF_ROOM),
    Act.SET_CHANNEL_RULES: Row(_OF_CHANNEL),
    Act.SET_AUTOJOIN: Row(_OF_CHANNEL),
    Act.SKIP_ROOM_RULES: Row(_OF_ROOM),
    Act.SKIP_CHANNEL_RULES: Row(_OF_CHANNEL),
    Act.SKIP_DISALLOW: Row(OPERATORS),
    Act.SET_BLACKLIST: Row(OPERATORS),
    Act.SET_ROOM_ROLES: Row(_LASTING, in_temporary=_OF_ROOM),
    Act.SET_CHANNEL_ROLES: Row(frozenset({Standing.SYSTEM, Standing.SUPERUSER, Standing.CHANNEL_OWNER})),
    Act.SET_GLOBAL_ROLES: Row(frozenset({Standing.SYSTEM, Standing.SUPERUSER})),
}
# The operators of a channel are never without their room, and nobody is anything in it.
NOT_IN_ADMIN_ROOMS: Final = frozenset({Act.REMOVE_ROOM, Act.SET_ROOM_RULES, Act.SET_AUTOJOIN, Act.SET_ROOM_ROLES})

# The roles that are given and taken by these acts.
ROLES_OF: Final = {
    Act.SET_ROOM_ROLES: frozenset({Role.OWNER, Role.MODERATOR}),
    Act.SET_CHANNEL_ROLES: frozenset({Role.OWNER, Role.ADMIN}),
    Act.SET_GLOBAL_ROLES: frozenset({Role.SUPERUSER, Role.GLOBALMOD}),
}
_GLOBAL: Final = {Role.SUPERUSER: Standing.SUPERUSER, Role.GLOBALMOD: Standing.GLOBALMOD}
_IN_CHANNEL: Final = {Role.OWNER: Standing.CHANNEL_OWNER, Role.ADMIN: Standing.CHANNEL_ADMIN}
_IN_ROOM: Final = {Role.OWNER: Standing.ROOM_OWNER, Role.MODERATOR: Standing.ROOM_MODERATOR}

Where = Room | Channel | None


class Rights:
    """The table, asked for the users who have these roles. `where`: the room, or the channel, that the act is about."""

    def __init__(self, roles: Roles) -> None:
        self._roles = roles

    def may(self, act: Act, actor_id: UserId, where: Where = None, whom_id: UserId | None = None) -> bool:
        """Whether the actor may do this there, and to that user where one is named."""
        if whom_id is not None and not self.may_act_on(actor_id, whom_id):
            return False
        allowed = self._allowed(act, where)
        return any(standing in allowed for standing in self.standings(actor_id, where))

    def check(self, act: Act, actor_id: UserId, where: Where = None, whom_id: UserId | None = None) -> None:
        """Raise NOT_ALLOWED unless the actor may do this there, and to that user where one is named."""
        if not self.may(act, actor_id, where, whom_id):
            raise ChatError(ErrorCode.NOT_ALLOWED)

    def may_act_on(self, actor_id: UserId, whom_id: UserId) -> bool:
        """Whether the other's rank allows it: nobody below acts on an operator, a globalmod not on a superuser, and
        nobody at all on the system.
        """
        return whom_id != SYSTEM_ID and self._rank(actor_id) >= self._rank(whom_id)

    def check_change(self, actor_id: UserId, former: Sanction | None, until: datetime | None = None) -> None:
        """Raise NOT_ALLOWED unless the actor may put a ban or mute that ends then in place of the former one, or end
        that, which is None: one that somebody above has set is only made longer.
        """
        is_sooner = until is None or (former is not None and until < former.until)
        if is_sooner and self._is_above(former, actor_id):
            raise ChatError(ErrorCode.NOT_ALLOWED, "somebody of a higher rank has set it")

    def in_force(self, actor_id: UserId, new: Kind, former: Sanction | None) -> Kind:
        """The new ban or mute as it is in place of the former one: where somebody above the actor set that, it stays
        theirs and keeps their reason, so that nobody is made to say what somebody else says.
        """
        if former is None or not self._is_above(former, actor_id):
            return new
        return structs.replace(new, actor_id=former.actor_id, reason=former.reason)

    def _is_above(self, sanction: Sanction | None, actor_id: UserId) -> bool:
        return sanction is not None and self._rank(sanction.actor_id) > self._rank(actor_id)

    def is_operator(self, user_id: UserId) -> bool:
        """Whether the user is the system, a superuser or a globalmod."""
        return self._rank(user_id) > 0

    def has_standing(self, user_id: UserId, where: Where) -> bool:
        """Whether the user is anything there, so that the place need not be kept from the user."""
        return next(self.standings(user_id, where), None) is not None

    def standings(self, user_id: UserId, where: Where) -> Iterator[Standing]:
        """Everything that the user is there. In the room of the operators nobody else is anything, whose the channel is
        neither.
        """
        if user_id == SYSTEM_ID:
            yield Standing.SYSTEM
        if not self._roles.has_any(user_id):
            return
        yield from (_GLOBAL[role] for role in self._roles.global_roles(user_id))
        if isinstance(where, Room) and where.kind is RoomKind.ADMIN:
            return
        yield from (_IN_CHANNEL[role] for role in self._roles.in_channel(user_id, _channel_id(where)))
        if isinstance(where, Room):
            yield from (_IN_ROOM[role] for role in self._roles.in_room(user_id, where.id))

    def _allowed(self, act: Act, where: Where) -> frozenset[Standing]:
        """Those who may there. In a conversation that is nobody."""
        row = TABLE[act]
        if not isinstance(where, Room):
            return row.who
        if where.kind is RoomKind.CONVERSATION or (where.kind is RoomKind.ADMIN and act in NOT_IN_ADMIN_ROOMS):
            return frozenset()
        return row.in_temporary if where.kind is RoomKind.TEMPORARY and row.in_temporary is not None else row.who

    def _rank(self, user_id: UserId) -> int:
        if user_id == SYSTEM_ID:
            return 3
        if not self._roles.is_operator(user_id):
            return 0
        return 2 if Role.SUPERUSER in self._roles.global_roles(user_id) else 1


def _channel_id(where: Where) -> ChannelId | None:
    if isinstance(where, Channel):
        return where.id
    return None if where is None else where.channel_id
