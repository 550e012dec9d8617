"""Finds plugins, and says precisely what is wrong with one that does not fit.

Plugins come from modules of the package `chat.plugins` (those of this distribution, those that others put there, those
in the folders of `plugins.path`) and from the entry-point group `chat.plugins`. Those of this distribution are on
unless disabled, but for optional ones; these and the others are off unless enabled.

It finds what `twisted.plugin.getPlugins` finds, without its cache, and without its tracebacks for what does not import.
"""

from __future__ import annotations

import importlib
import pkgutil
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

import chat.plugins
from chat.config import Config
from chat.contracts import LISTS, misfit, name_of
from chat.errors import ConfigError
from chat.ichat import IChatPlugin, INamedPlugin, IStorePlugin
from chat.lines import one_line

GROUP = "chat.plugins"
_OWN_FOLDER = Path(chat.plugins.__file__).parent.resolve()
_OWN_FRAMES = (Path(importlib.__file__).parent, Path(__file__))


class Found(Struct, frozen=True):
    """A plugin that was found, or a module or entry point that should have brought one and did not.

    `enabled` is what the configuration says, whatever `error` says: why the plugin cannot be used.
    """

    name: str
    source: str
    own: bool
    kind: str = "?"
    enabled: bool = False
    plugin: Any = None
    error: str = ""


class PluginError(ConfigError):
    """The plugin `found` keeps the server from starting, for the `reason`. `line` is the whole line, if another."""

    def __init__(self, found: Found, reason: str, line: str = "") -> None:
        self.found = found
        self.reason = one_line(reason)
        super().__init__(line or f"plugin {found.name} ({found.source}): {reason}")


def find(config: Config, source: str = "the configuration") -> list[Found]:
    """Everything that there is, sorted by name, without building anything.

    Raises ConfigError for a folder of `plugins.path` that is none.
    """
    for folder in config.plugin_names("path"):
        if not Path(folder).is_dir():
            raise ConfigError(f"{source}: plugins.path: there is no folder {folder}")
    with _folders(config.plugin_names("path")):
        found = _without_twins([*_from_modules(), *_from_entry_points()])
    disabled, enabled = config.plugin_names("disable"), config.plugin_names("enable")
    found = [replace(one, enabled=one.name not in disabled and (_is_on(one) or one.name in enabled)) for one in found]
    return sorted(found, key=lambda one: one.name)


def load(config: Config, source: str = "the configuration") -> list[Found]:
    """The enabled plugins, checked, those of this distribution first.

    Raises ConfigError for one that is broken, and for a name in the configuration that none has.
    """
    found = find(config, source)
    _check_names(config, source, found)
    enabled = [one for one in found if one.enabled]
    for one in enabled:
        if one.error:
            raise PluginError(one, one.error)
    return sorted(enabled, key=lambda one: not one.own)


def _is_on(found: Found) -> bool:
    """Whether a plugin is on if the configuration does not name it."""
    return found.own and not getattr(found.plugin, "is_optional", False)


@contextmanager
def blaming(found: Found, step: str = "build") -> Iterator[None]:
    """Have what goes wrong in this step raised as the plugin's PluginError, on one line."""
    try:
        yield
    except KeyboardInterrupt:
        raise
    except ConfigError as error:
        raise PluginError(found, str(error)) from None
    except BaseException as error:
        raise PluginError(found, f"{step} failed: {_reason(error)}") from None


@contextmanager
def _folders(folders: Iterable[str]) -> Iterator[None]:
    """Have the folders in the package's search path for a while: another server in the process has its own."""
    before = list(chat.plugins.__path__)
    chat.plugins.__path__.extend(folder for folder in folders if folder not in before)
    importlib.invalidate_caches()
    try:
        yield
    finally:
        chat.plugins.__path__[:] = before


def _check_names(config: Config, source: str, found: list[Found]) -> None:
    names = {one.name for one in found}
    lists = [(f"plugins.{key}", name) for key in ("disable", "enable") for name in config.plugin_names(key)]
    tables = [(f"plugins.{name}", name) for name in config.plugins if name not in LISTS]
    for key, name in [*lists, *tables]:
        if name not in names:
            # A plugin that cannot be read may be the one that is meant: its name is known from its file alone.
            unread = "".join(f"; {one.source}: {one.error}" for one in found if one.plugin is None)
            raise ConfigError(f"{source}: {key}: there is no plugin {name}{unread}")


def _without_twins(found: list[Found]) -> list[Found]:
    """One entry for what was found on two ways; an error for what has the name of another."""
    kept: dict[str, Found] = {}
    twins: list[Found] = []
    for one in found:
        first = kept.setdefault(one.name, one)
        if first is not one and (one.plugin is None or one.plugin is not first.plugin):
            twins.append(replace(one, error=one.error or f"{first.source} has this name too"))
    return [*kept.values(), *twins]


def _from_modules() -> Iterator[Found]:
    for folder in dict.fromkeys(chat.plugins.__path__):
        own = Path(folder).resolve() == _OWN_FOLDER
        for entry in pkgutil.iter_modules([folder], f"{chat.plugins.__name__}."):
            name = entry.name.rpartition(".")[2]
            if not name.startswith("_"):
                spec = entry.module_finder.find_spec(entry.name, None)
                file = str(spec and spec.origin)
                nothing = Found(name.replace("_", "-"), entry.name if own else file, own)
                yield from _in_module(entry.name, file, nothing)


def _in_module(name: str, file: str, nothing: Found) -> list[Found]:
    """The plugins of a module, or `nothing` with the reason why there is none."""
    module, problem = _tried(lambda: importlib.import_module(name))
    if problem:
        return [replace(nothing, error=problem)]
    if Path(module.__file__).resolve() != Path(file).resolve():
        return [replace(nothing, error=f"{module.__file__} has the same module name and comes first")]
    plugins = {id(value): value for value in vars(module).values() if INamedPlugin.providedBy(value)}
    return [_found(plugin, nothing) for plugin in plugins.values()] or [
        replace(nothing, error="the module has no plugin")
    ]


def _from_entry_points() -> Iterator[Found]:
    for point in entry_points(group=GROUP):
        nothing = Found(point.name, f"{point.dist.name if point.dist else '?'}: {point.value}", own=False)
        plugin, problem = _tried(point.load)
        yield replace(nothing, error=problem) if problem else _found(plugin, nothing)


def _tried(load: Callable[[], Any]) -> tuple[Any, str]:
    """What `load` gives, or None and why it gives nothing. An interrupt is the operator's and goes through."""
    try:
        return load(), ""
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return None, f"does not import: {_reason(error)}"


def _found(plugin: Any, nothing: Found) -> Found:
    """`nothing`, filled with the plugin. One without a good name goes by that of its file or entry point."""
    is_store = IStorePlugin.providedBy(plugin)
    return replace(
        nothing,
        name=name_of(plugin, nothing.name),
        kind="store" if is_store else "chat",
        plugin=plugin,
        error=misfit(IStorePlugin if is_store else IChatPlugin, plugin),
    )


def _reason(error: BaseException) -> str:
    """An exception on one line: its type, the first line of its text, and where in the plugin it was raised."""
    text = one_line(f"{type(error).__name__}: {str(error).partition(chr(10))[0]}".removesuffix(": "))
    places = [frame for frame in traceback.extract_tb(error.__traceback__) if not _is_own_frame(frame.filename)]
    return f"{text} ({Path(places[-1].filename).name}:{places[-1].lineno})" if places else text


def _is_own_frame(file: str) -> bool:
    """Whether a line of a traceback is of those that loaded the plugin."""
    return file.startswith("<") or any(Path(file).is_relative_to(place) for place in _OWN_FRAMES)
