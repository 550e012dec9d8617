"""What changed in the configuration, and which of it a running server takes over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from chat.config import Config

# Everything else needs a restart.
RELOADED = frozenset({"backend.keys", "content.blacklist", "log.format", "log.level"})


def changed_keys(old: Config, new: Config) -> list[str]:
    """The keys whose values differ, such as `limits.burst`; a list counts as one value."""
    return list(_changed(_inside(old), _inside(new), ""))


def with_reloaded(old: Config, new: Config) -> Config:
    """The old configuration, but for what a running server takes over."""
    content = msgspec.structs.replace(old.content, blacklist=new.content.blacklist)
    return msgspec.structs.replace(old, backend=new.backend, content=content, log=new.log)


def _changed(old: Any, new: Any, where: str) -> Iterator[str]:
    for name in old.keys() | new.keys():
        place = f"{where}.{name}" if where else name
        before, after = old.get(name), new.get(name)
        if isinstance(before, (Struct, dict)) and isinstance(after, (Struct, dict)):
            yield from _changed(_inside(before), _inside(after), place)
        elif before != after:
            yield place


def _inside(section: Any) -> dict[str, Any]:
    return msgspec.structs.asdict(section) if isinstance(section, Struct) else section
