"""From the configuration to what it declares of users, roles, channels and rooms."""

from __future__ import annotations

from collections.abc import Iterable

from chat.config import AclRule, ChannelSection, Config, RoomSection
from chat.model import Access, Acl, ChannelId, RoomId, UserId
from chat.world import Declared, DeclaredChannel, DeclaredRoom


def declared_by(config: Config) -> Declared:
    """What the store is to hold at the start, whatever it held before."""
    return Declared(
        users={UserId(user.id): user.name or user.id for user in config.auth.users},
        superusers=_ids(config.roles.superusers),
        globalmods=_ids(config.roles.globalmods),
        channels=tuple(_channel(channel) for channel in config.channels),
    )


def _channel(channel: ChannelSection) -> DeclaredChannel:
    return DeclaredChannel(
        id=None if channel.id is None else ChannelId(channel.id),
        name=channel.name,
        sort=channel.sort,
        is_default=channel.default,
        tags=channel.tags,
        owners=_ids(channel.owners),
        admins=_ids(channel.admins),
        acls=_acls(channel.acls),
        rooms=tuple(_room(room) for room in channel.rooms),
    )


def _room(room: RoomSection) -> DeclaredRoom:
    return DeclaredRoom(
        id=None if room.id is None else RoomId(room.id),
        name=room.name,
        sort=room.sort,
        access=Access(room.access),
        owners=_ids(room.owners),
        moderators=_ids(room.moderators),
        acls=_acls(room.acls),
    )


def _acls(rules: Iterable[AclRule]) -> tuple[Acl, ...]:
    return tuple(Acl(rule.action, rule.type, rule.value) for rule in rules)


def _ids(names: Iterable[str]) -> tuple[UserId, ...]:
    return tuple(UserId(name) for name in names)
