"""From a TOML file, environment variables and secret files to one checked `chat.config.Config`, and back to text.

Unknown keys are errors that name the nearest valid one. Every error is one line with the file and the key.
Does not look at the network or the database.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from operator import attrgetter
from pathlib import Path
from typing import Any, get_args

import msgspec
import tomli_w
from msgspec import Struct

from chat.config import NOT_IN_FORCE, Config
from chat.config_rules import problems
from chat.errors import ConfigError

ENV_PREFIX = "CHAT__"
MASK = "********"
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
    try:
        config = _load(path, source, environ)
    except RecursionError:
        raise ConfigError(f"{source}: nested too deeply") from None
    ignored = tuple(name for name in NOT_IN_FORCE if not _is_default(config, name))
    return Loaded(config, None if path is None else str(Path(path).absolute()), source, ignored)


def _load(path: str | None, source: str, environ: Mapping[str, str]) -> Config:
    raw = {} if path is None else _read_file(path)
    _apply_environment(raw, environ)
    for place in _unwritable(raw):
        raise ConfigError(f"{source}: {place}: not a text that can be written")
    _resolve_files(raw, source, Path(path).parent if path else Path())
    config: Config = convert(raw, Config, source)
    for name in ("disable", "enable", "path"):
        convert(config.plugins.get(name, ()), tuple[str, ...], source, f"plugins.{name}")
    for problem in problems(config):
        raise ConfigError(f"{source}: {problem}")
    return config


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
    except ValueError as error:
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
    """The text as a TOML value; what is none is a string."""
    try:
        values = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    return values["value"] if len(values) == 1 else text


def _unwritable(node: Any, where: str = "") -> Iterable[str]:
    """The keys of texts with characters that no file and no database takes: NUL, and halves of surrogate pairs."""
    if isinstance(node, str) and any(one == "\0" or "\ud800" <= one <= "\udfff" for one in node):
        yield where
    elif isinstance(node, list):
        for item in node:
            yield from _unwritable(item, where)
    elif isinstance(node, dict):
        for key, value in node.items():
            place = _join(where, key)
            yield from (*_unwritable(key, place), *_unwritable(value, place))


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


_UNKNOWN = re.compile(r"Object contains unknown field `(.*?)`(?: - at `\$\.?(.*)`)?$", re.DOTALL)
_WRONG = re.compile(r"(.+?)(?: - at `\$\.?(.*)`)?$", re.DOTALL)


def _explain(text: str, kind: type[Any], source: str, prefix: str) -> str:
    unknown = _UNKNOWN.match(text)
    if unknown:
        name, parent = unknown[1], unknown[2] or ""
        near = difflib.get_close_matches(name, _names_in(kind, parent), n=1, cutoff=0.0)
        hint = f", did you mean {near[0]}?" if near else ""
        return f"{source}: {_join(prefix, parent, name or repr(name))}: unknown key{hint}"
    wrong = _WRONG.match(text)
    assert wrong is not None
    problem = wrong[1].replace("`", "")
    return f"{source}: {_join(prefix, wrong[2] or '')}: {problem[:1].lower()}{problem[1:]}"


def _join(*parts: str) -> str:
    return ".".join(part for part in parts if part)


def _names_in(kind: type[Any], parent: str) -> list[str]:
    """The keys of the section at `parent`, such as `channels[...].rooms[...]`."""
    for name in re.sub(r"\[[^]]*\]", "", parent).split(".") if parent else ():
        hint = next((one.type for one in msgspec.structs.fields(kind) if one.encode_name == name), None)
        kind = next((one for one in (hint, *get_args(hint)) if isinstance(one, type) and issubclass(one, Struct)), kind)
    return [one.encode_name for one in msgspec.structs.fields(kind)]


def _is_default(config: Config, name: str) -> bool:
    value_of = attrgetter(name)
    return bool(value_of(config) == value_of(Config()))


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
