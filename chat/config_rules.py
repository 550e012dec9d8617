"""The rules of the configuration that types cannot say. Does not look at the file, the network or the database."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec

from chat.acl import ACTIONS, ATTRIBUTES, TYPES, check_rule, check_size
from chat.config import BackendKey, ChannelSection, Config, RoomSection
from chat.errors import ChatError
from chat.model import ID_LENGTH, SYSTEM_ID, USER_ID, Acl
from chat.plugin import Scope
from chat.words import WORDS_LIMIT, checked_word

# What a number may be at the most, and which may be 0.
MOST_OF_ALL = 1_000_000_000
MOST = {
    "drain.drain_s": 3_600,
    "history.limit": 5_000,
    "history.audit_days": 365_000,
    "history.retention_days": 365_000,
    "rooms.join_users_max": 10_000,
    "messages.max_characters": 1_000_000,
    "rest.heartbeat_s": 86_400,
}
MAY_BE_ZERO = frozenset(
    {
        "attachments.max_bytes", "drain.drain_s", "events.retry", "history.audit_days", "history.retention_days",
        "limits.ping_interval_s", "limits.ping_timeout_s", "messages.edit_window_s", "rooms.max_per_user",
        "rooms.max_users", "rooms.min_name", "rooms.owner_grace_s", "rooms.relay_receipts_max",
    }
)  # fmt: skip
# Of a backend key: names stand in the audit log; a key goes into a header.
NAME_LENGTH = 64
_SENDABLE = re.compile(r"[!-~]+")
_WITH_NUMBERS = ("attachments", "cluster", "drain", "events", "history", "limits", "messages", "rest", "rooms")


def problems(config: Config) -> Iterator[str]:
    """What is wrong, each a line that begins with the key."""
    if not config.data_dir:
        yield "data_dir: expected a folder, got nothing"
    if not all(config.plugin_names("path")):
        yield "plugins.path: expected folders, got nothing"
    yield from _number_problems(config)
    if sum(channel.default for channel in config.channels) != 1:
        yield "channels: exactly one channel needs default = true"
    yield from _name_problems(config)
    yield from _id_problems(config)
    yield from _user_id_problems(config)
    yield from _acl_problems(config)
    yield from _allowed_problems(config)
    yield from _self_attribute_problems(config)
    yield from _word_problems(config)
    yield from _key_problems(config)


def _number_problems(config: Config) -> Iterator[str]:
    for section in _WITH_NUMBERS:
        for name, value in msgspec.structs.asdict(getattr(config, section)).items():
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                continue
            place = f"{section}.{name}"
            most = MOST.get(place, MOST_OF_ALL)
            if value == 0 and place in MAY_BE_ZERO:
                continue
            if not 0 < value <= most:
                yield f"{place}: expected a positive number up to {most}, got {value}"
    for place, section_of_channel in _places(config):
        if abs(section_of_channel.sort) > MOST_OF_ALL:
            yield f"{place}.sort: expected a number between {-MOST_OF_ALL} and {MOST_OF_ALL}"


def _places(config: Config) -> Iterator[tuple[str, ChannelSection | RoomSection]]:
    """Every channel and room with its key."""
    for channel in config.channels:
        yield "channels", channel
        for room in channel.rooms:
            yield "channels.rooms", room


def _name_problems(config: Config) -> Iterator[str]:
    twice = _first_twice(channel.name.casefold() for channel in config.channels)
    if twice is not None:
        yield f"channels: the name {twice} is declared twice"
    for channel in config.channels:
        twice = _first_twice(room.name.casefold() for room in channel.rooms)
        if twice is not None:
            yield f"channels.rooms: the name {twice} is declared twice in {channel.name}"


def _id_problems(config: Config) -> Iterator[str]:
    given = [(place, section.id) for place, section in _places(config) if section.id is not None]
    for place, public_id in given:
        if not 0 < len(public_id) <= ID_LENGTH:
            yield f"{place}.id: an id has 1 to {ID_LENGTH} characters, got {public_id!r}"
    twice = _first_twice(public_id for _, public_id in given)
    if twice is not None:
        yield f"channels: the id {twice} is declared twice"
    twice = _first_twice(user.id for user in config.auth.users)
    if twice is not None:
        yield f"auth.users: the id {twice} is declared twice"


def _user_id_problems(config: Config) -> Iterator[str]:
    for place, user_id in _user_ids(config):
        if USER_ID.fullmatch(user_id) is None or user_id == SYSTEM_ID:
            rule = f"1 to {ID_LENGTH} of letters, digits and ._@:-, and not {SYSTEM_ID}"
            yield f"{place}: {user_id!r} is no id for a user: {rule}"


def _user_ids(config: Config) -> Iterator[tuple[str, str]]:
    """Every user that is named, with the key."""
    named = [("auth.users.id", tuple(user.id for user in config.auth.users))]
    named += [("roles.superusers", config.roles.superusers), ("roles.globalmods", config.roles.globalmods)]
    for channel in config.channels:
        named += [("channels.owners", channel.owners), ("channels.admins", channel.admins)]
        for room in channel.rooms:
            named += [("channels.rooms.owners", room.owners), ("channels.rooms.moderators", room.moderators)]
    for place, user_ids in named:
        yield from ((place, user_id) for user_id in user_ids)


def _acl_problems(config: Config) -> Iterator[str]:
    for place, section in _places(config):
        twice = _first_twice(f"{acl.action} {acl.type}" for acl in section.acls)
        if twice is not None:
            yield f"{place}.acls: {section.name} has two rules for {twice}"
        kind = "channel" if place == "channels" else "room"
        rules = [Acl(rule.action, rule.type, rule.value) for rule in section.acls]
        for rule in rules:
            try:
                check_rule(kind, rule, config.acl.allowed)
            except ChatError as refusal:
                yield f"{place}.acls: {section.name}, {rule.type} for {rule.action}: {refusal.detail}"
        try:
            check_size(kind, rules)
        except ChatError as refusal:
            yield f"{place}.acls: {section.name}: {refusal.detail}"


def _allowed_problems(config: Config) -> Iterator[str]:
    places = {f"{place}.{action}" for place, actions in ACTIONS.items() for action in actions}
    for place, types in config.acl.allowed.items():
        if place not in places:
            yield f"acl.allowed: there is no {place!r}"
        for unknown in set(types) - TYPES:
            yield f"acl.allowed.{place}: there is no type {unknown!r}"


def _self_attribute_problems(config: Config) -> Iterator[str]:
    for name in config.users.self_attributes:
        if name in ATTRIBUTES:
            yield f"users.self_attributes: access rules ask for {name}, so users may not set it of themselves"


def _word_problems(config: Config) -> Iterator[str]:
    if len(config.content.blacklist) > WORDS_LIMIT:
        yield f"content.blacklist: expected at most {WORDS_LIMIT} words, got {len(config.content.blacklist)}"
    for word in config.content.blacklist:
        try:
            checked_word(word)
        except ChatError as refusal:
            yield f"content.blacklist: {word[:ID_LENGTH]!r}: {refusal.detail}"


def _key_problems(config: Config) -> Iterator[str]:
    keys = config.backend.keys
    for key in keys:
        for problem in (name_problem(key.name), _secret_problem(key), scope_problem(key.scopes)):
            if problem:
                yield f"backend.keys: {problem}"
    twice = _first_twice(key.name for key in keys)
    if twice is not None:
        yield f"backend.keys: the name {twice} is there twice"
    last = {key.key: key.name for key in keys}
    yield from (
        f"backend.keys: {one.name} and {last[one.key]} are the same" for one in keys if last[one.key] != one.name
    )


def name_problem(name: str) -> str:
    """Why a key cannot be called this; empty when it can."""
    if 0 < len(name) <= NAME_LENGTH and name.isprintable():
        return ""
    return f"a name has 1 to {NAME_LENGTH} printable characters, got {name!r}"


def scope_problem(scopes: Sequence[str]) -> str:
    """Why a key cannot have these scopes; empty when it can."""
    known = ["*", *(scope.value for scope in Scope)]
    unknown = [scope for scope in scopes if scope not in known]
    return f"there is no scope {unknown[0]}, known are {', '.join(known)}" if unknown else ""


def _secret_problem(key: BackendKey) -> str:
    if not key.key:
        return f"{key.name} has neither key nor key_file"
    if _SENDABLE.fullmatch(key.key) is None:
        return f"the key {key.name} has blanks or characters that are not ASCII, no caller can send it"
    return ""


def _first_twice(names: Iterator[str]) -> str | None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None
