"""From a TOML file, environment variables and secret files to one checked `chat.config.Config`, and back to text.

Unknown keys are errors that name the nearest valid one. Every error is one line with the file and the key.
Does not look at the network or the database.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import msgspec
import tomli_w
from msgspec import Struct

from chat.config import NOT_IN_FORCE, ChannelSection, Config, RoomSection
from chat.errors import ConfigError
from chat.model import ID_LENGTH, SYSTEM_ID, USER_ID
from chat.plugin import Scope

ENV_PREFIX = "CHAT__"
MASK = "********"
# What a number may be at the most, and which may be 0.
MOST_OF_ALL = 1_000_000_000
MOST = {"history.limit": 5_000, "rooms.join_users_max": 10_000, "messages.max_characters": 1_000_000}
MAY_BE_ZERO = frozenset(
    {
        "attachments.max_bytes", "drain.drain_s", "history.retention_days", "limits.ping_interval_s",
        "limits.ping_timeout_s", "messages.edit_window_s", "rooms.max_per_user", "rooms.max_users", "rooms.min_name",
        "rooms.owner_grace_s", "rooms.relay_receipts_max",
    }
)  # fmt: skip
_SECRETS = frozenset({"token", "key", "secret", "webhook_secret", "as_token", "hs_token", "admin_token", "api_tokens"})


class Loaded(Struct, frozen=True):
    """A configuration, where it came from, and which of the values that are given have no effect yet."""

    config: Config
    path: str | None
    source: str
    ignored: tuple[str, ...]


def load(path: str | None, environ: Mapping[str, str] = os.environ) -> Loaded:
    """Read the file (None: the defaults alone) and the environment. Raises ConfigError."""
    source = path or "the defaults"
    raw = {} if path is None else _read_file(path)
    _apply_environment(raw, environ)
    _resolve_files(raw, source, Path(path).parent if path else Path())
    config = convert(raw, Config, source)
    _check(config, source)
    ignored = tuple(name for name in NOT_IN_FORCE if not _is_default(config, name))
    return Loaded(config, None if path is None else str(Path(path).absolute()), source, ignored)


def convert(raw: Any, kind: type[Any], source: str, prefix: str = "") -> Any:
    """`raw` as a `kind`. Raises ConfigError with source, key and, for an unknown key, the nearest valid name."""
    try:
        return msgspec.convert(raw, kind, strict=True)
    except msgspec.ValidationError as error:
        raise ConfigError(_explain(str(error), kind, source, prefix)) from None


def render(config: Config) -> str:
    """The configuration as TOML, secrets masked, defaults filled in."""
    values = _without_none(_mask(msgspec.to_builtins(config)))
    values["storage"]["url"] = _mask_url(config.storage_url)
    return tomli_w.dumps(values)


def _read_file(path: str) -> dict[str, Any]:
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: {error}") from None


def _apply_environment(raw: dict[str, Any], environ: Mapping[str, str]) -> None:
    for name, value in sorted(environ.items()):
        if not name.startswith(ENV_PREFIX):
            continue
        *sections, key = name[len(ENV_PREFIX) :].lower().split("__")
        table = raw
        for section in sections:
            inside = table.setdefault(section, {})
            if not isinstance(inside, dict):
                raise ConfigError(f"environment {name}: {section} is not a table")
            table = inside
        table[key] = _toml_value(value)


def _toml_value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _resolve_files(node: Any, source: str, folder: Path, where: str = "") -> None:
    """Replace `token_file` and its like by `token` with the file's content. Relative to the configuration file."""
    if isinstance(node, list):
        for item in node:
            _resolve_files(item, source, folder, where)
        return
    if not isinstance(node, dict):
        return
    for key in list(node):
        place = f"{where}.{key}" if where else key
        secret = key.removesuffix("_file")
        if key == secret or secret not in _SECRETS:
            _resolve_files(node[key], source, folder, place)
            continue
        if secret in node:
            raise ConfigError(f"{source}: {place}: {secret} is given too; keep one of the two")
        try:
            node[secret] = (folder / str(node.pop(key))).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            raise ConfigError(f"{source}: {place}: {getattr(error, 'strerror', None) or error}") from None


_UNKNOWN = re.compile(r"Object contains unknown field `(.+?)`(?: - at `\$\.?(.*)`)?$")
_WRONG = re.compile(r"(.+?)(?: - at `\$\.?(.*)`)?$")


def _explain(text: str, kind: type[Any], source: str, prefix: str) -> str:
    unknown = _UNKNOWN.match(text)
    if unknown:
        name, parent = unknown[1], unknown[2] or ""
        near = difflib.get_close_matches(name, _names_in(kind, parent), n=1, cutoff=0.0)
        hint = f", did you mean {near[0]}?" if near else ""
        return f"{source}: {_join(prefix, parent, name)}: unknown key{hint}"
    wrong = _WRONG.match(text)
    assert wrong is not None
    problem = wrong[1].replace("`", "")
    return f"{source}: {_join(prefix, wrong[2] or '')}: {problem[:1].lower()}{problem[1:]}"


def _join(*parts: str) -> str:
    return ".".join(part for part in parts if part)


def _names_in(kind: type[Any], parent: str) -> list[str]:
    """The keys of the section at `parent`, such as `channels[...].rooms[...]`."""
    for name in re.sub(r"\[[^]]*\]", "", parent).split(".") if parent else ():
        hint = next(one.type for one in msgspec.structs.fields(kind) if one.encode_name == name)
        kind = next((one for one in (hint, *get_args(hint)) if isinstance(one, type) and issubclass(one, Struct)), kind)
    return [one.encode_name for one in msgspec.structs.fields(kind)]


def _check(config: Config, source: str) -> None:
    """The rules that types cannot say."""
    for name in ("disable", "enable", "path"):
        convert(config.plugins.get(name, ()), tuple[str, ...], source, f"plugins.{name}")
    for problem in _problems(config):
        raise ConfigError(f"{source}: {problem}")


def _problems(config: Config) -> Iterator[str]:
    yield from _number_problems(config)
    if sum(channel.default for channel in config.channels) != 1:
        yield "channels: exactly one channel needs default = true"
    yield from _name_problems(config)
    yield from _id_problems(config)
    yield from _acl_problems(config)
    yield from _key_problems(config)
    for name in ("environment", "data_dir"):
        if not _is_clean(getattr(config, name)):
            yield f"{name}: not a text that can be written"
    if not _is_clean(config.storage_url):
        yield "storage.url: not a text that can be written"


def _is_clean(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _number_problems(config: Config) -> Iterator[str]:
    for section in ("limits", "messages", "history", "rooms", "drain", "attachments"):
        for name, value in msgspec.structs.asdict(getattr(config, section)).items():
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                continue
            place = f"{section}.{name}"
            most = MOST.get(place, MOST_OF_ALL)
            if value == 0 and place in MAY_BE_ZERO:
                continue
            if not 0 < value <= most:
                yield f"{place}: expected a positive number up to {most}, got {value}"


def _name_problems(config: Config) -> Iterator[str]:
    twice = _first_twice(channel.name.casefold() for channel in config.channels)
    if twice is not None:
        yield f"channels: the name {twice} is declared twice"
    for channel in config.channels:
        twice = _first_twice(room.name.casefold() for room in channel.rooms)
        if twice is not None:
            yield f"channels.rooms: the name {twice} is declared twice in {channel.name}"


def _id_problems(config: Config) -> Iterator[str]:
    ids = [channel.id for channel in config.channels] + [room.id for one in config.channels for room in one.rooms]
    given = [public_id for public_id in ids if public_id is not None]
    for public_id in given:
        if not 0 < len(public_id) <= ID_LENGTH:
            yield f"channels: an id has 1 to {ID_LENGTH} characters, got {public_id!r}"
    twice = _first_twice(iter(given))
    if twice is not None:
        yield f"channels: the id {twice} is declared twice"
    users = [user.id for user in config.auth.users]
    twice = _first_twice(iter(users))
    if twice is not None:
        yield f"auth.users: the id {twice} is declared twice"
    named = [*config.roles.superusers, *config.roles.globalmods]
    for channel in config.channels:
        named += [*channel.owners, *channel.admins]
        named += [user_id for room in channel.rooms for user_id in (*room.owners, *room.moderators)]
    for user_id in (*users, *named):
        if USER_ID.fullmatch(user_id) is None or user_id == SYSTEM_ID:
            yield f"{user_id!r} is no id for a user: 1 to {ID_LENGTH} of letters, digits and ._@:-, and not {SYSTEM_ID}"


def _acl_problems(config: Config) -> Iterator[str]:
    for channel in config.channels:
        places: list[ChannelSection | RoomSection] = [channel, *channel.rooms]
        for place in places:
            twice = _first_twice(f"{acl.action} {acl.type}" for acl in place.acls)
            if twice is not None:
                yield f"channels: {place.name} has two rules for {twice}"


def _key_problems(config: Config) -> Iterator[str]:
    for key in config.backend.keys:
        if not key.key:
            yield f"backend.keys: {key.name} has neither key nor key_file"
        for scope in key.scopes:
            if scope != "*" and scope not in [known.value for known in Scope]:
                yield f"backend.keys: {key.name} has the unknown scope {scope}"


def _first_twice(names: Iterator[str]) -> str | None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def _is_default(config: Config, name: str) -> bool:
    usual = _values_at(Config(), name)
    return all(value in usual for value in _values_at(config, name))


def _values_at(node: Any, name: str) -> list[Any]:
    """What stands at a dotted name; with lists of sections on the way, of each."""
    if isinstance(node, tuple):
        return [value for item in node for value in _values_at(item, name)]
    key, _, rest = name.partition(".")
    inside = getattr(node, key)
    return _values_at(inside, rest) if rest and not isinstance(inside, dict) else [inside]


def _mask(node: Any, key: str = "") -> Any:
    if isinstance(node, dict):
        return {name: _mask(value, name) for name, value in node.items()}
    if isinstance(node, (list, tuple)):
        return [_mask(value, key) for value in node]
    if key in _SECRETS and isinstance(node, str) and node:
        return MASK
    return _mask_url(node) if isinstance(node, str) and "://" in node else node


def _mask_url(url: str) -> str:
    return re.sub(r"(://[^:/@]*):.*@", rf"\1:{MASK}@", url)


def _without_none(node: Any) -> Any:
    """TOML has no null: an absent value is an absent key."""
    if isinstance(node, dict):
        return {name: _without_none(value) for name, value in node.items() if value is not None}
    return [_without_none(value) for value in node] if isinstance(node, (list, tuple)) else node
