"""Finds plugins, checks them, and says precisely what is wrong with one that does not fit.

Plugins come from modules of the package `chat.plugins` (those of this distribution, those that others put there, those
in the folders of `plugins.path`) and from the entry-point group `chat.plugins`. Those of this distribution are on
unless disabled, the others off unless enabled.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from msgspec import Struct
from twisted.plugin import getPlugins
from zope.interface import Interface
from zope.interface.exceptions import Invalid
from zope.interface.verify import verifyObject

import chat.plugins
from chat.config import Config
from chat.errors import ConfigError
from chat.ichat import (
    IAuthenticator,
    IChatPlugin,
    IEndpoint,
    IGuard,
    INamedPlugin,
    IObserver,
    IStarted,
    IStorePlugin,
    IVerb,
)
from chat.plugin import Contribution

GROUP = "chat.plugins"
_OWN_FOLDER = Path(chat.plugins.__file__).parent
_LISTS = ("disable", "enable", "path")


class Found(Struct, frozen=True):
    """A plugin that was found, or a module or entry point that should have brought one and did not."""

    name: str
    kind: str
    source: str
    own: bool
    enabled: bool
    plugin: Any = None
    error: str = ""


def find(config: Config) -> list[Found]:
    """Everything that there is, sorted by name, without building anything."""
    disabled, enabled = set(config.plugin_names("disable")), set(config.plugin_names("enable"))
    with _folders(config.plugin_names("path")):
        sources = [*_from_modules(), *_from_entry_points()]
    found = [_found(plugin, source, own, disabled, enabled) for plugin, source, own in sources]
    return sorted(found, key=lambda one: one.name)


@contextmanager
def _folders(folders: Iterable[str]) -> Iterator[None]:
    """Have the folders in the package's search path for a while: another server in the process has its own."""
    before = list(chat.plugins.__path__)
    chat.plugins.__path__.extend(folder for folder in folders if folder not in before)
    try:
        yield
    finally:
        chat.plugins.__path__[:] = before


def load(config: Config) -> list[Found]:
    """The enabled plugins, checked.

    Raises ConfigError for one that is broken, for a name that two have, and for a name in the configuration that none
    has.
    """
    found = find(config)
    _check_names(config, found)
    for one in found:
        if one.error and (one.own or one.enabled):
            raise ConfigError(f"plugin {one.name} ({one.source}): {one.error}")
    return [one for one in found if one.enabled]


def check_contribution(found: Found, contribution: Any) -> Contribution:
    """What a plugin's build returned, each part checked against its interface. Raises ConfigError."""
    if not isinstance(contribution, Contribution):
        raise ConfigError(f"plugin {found.name}: build returned no Contribution")
    for interface, parts in (
        (IVerb, contribution.verbs),
        (IGuard, contribution.guards),
        (IObserver, contribution.observers),
        (IEndpoint, contribution.endpoints),
        (IStarted, contribution.started),
        (IAuthenticator, (contribution.authenticators or {}).values()),
    ):
        for part in parts:
            problem = _misfit(interface, part)
            if problem:
                raise ConfigError(f"plugin {found.name}: {type(part).__name__}: {problem}")
    return contribution


def _check_names(config: Config, found: list[Found]) -> None:
    names = [one.name for one in found]
    for name in names:
        if names.count(name) > 1:
            sources = " and ".join(one.source for one in found if one.name == name)
            raise ConfigError(f"plugin {name} exists twice: {sources}")
    for key in ("disable", "enable"):
        for name in config.plugin_names(key):
            if name not in names:
                raise ConfigError(f"plugins.{key}: there is no plugin {name}")
    for name in config.plugins:
        if name not in _LISTS and name not in names:
            raise ConfigError(f"plugins.{name}: there is no plugin {name}")


_Source = tuple[Any, str, bool]


def _from_modules() -> Iterator[_Source]:
    """The plugins that `getPlugins` sees; for a module that brings none, the error that it would not tell."""
    seen: set[str] = set()
    for plugin in getPlugins(INamedPlugin, chat.plugins):
        module = _module_of(plugin)
        seen.add(module.__name__)
        yield plugin, _source(module), _is_own(module)
    for entry in pkgutil.iter_modules(chat.plugins.__path__, "chat.plugins."):
        if entry.name not in seen:
            own = _is_own_path(Path(getattr(entry.module_finder, "path", "")))
            yield _import_error(entry.name), entry.name, own


def _from_entry_points() -> Iterator[_Source]:
    for point in entry_points(group=GROUP):
        source = f"{point.dist.name if point.dist else '?'}: {point.value}"
        try:
            plugin = point.load()
        except Exception as error:
            yield _Broken(point.name, _reason(error)), source, False
        else:
            yield plugin, source, False


class _Broken:
    """Stands for a plugin that could not be had."""

    def __init__(self, name: str, error: str) -> None:
        self.name = name
        self.error = error


def _import_error(module_name: str) -> _Broken:
    name = module_name.rpartition(".")[2].replace("_", "-")
    try:
        importlib.import_module(module_name)
    except Exception as error:
        return _Broken(name, _reason(error))
    return _Broken(name, "the module has no plugin")


def _reason(error: Exception) -> str:
    return f"does not import: {type(error).__name__}: {str(error).partition(chr(10))[0]}"


def _found(plugin: Any, source: str, own: bool, disabled: set[str], enabled: set[str]) -> Found:
    if isinstance(plugin, _Broken):
        return Found(plugin.name, "?", source, own, plugin.name in enabled, error=plugin.error)
    name = str(getattr(plugin, "name", source))
    interface = IStorePlugin if IStorePlugin.providedBy(plugin) else IChatPlugin
    kind = "store" if interface is IStorePlugin else "chat"
    on = name not in disabled and (own or name in enabled)
    return Found(name, kind, source, own, on, plugin, _misfit(interface, plugin))


def _misfit(interface: type[Interface], thing: Any) -> str:
    """Why a thing does not provide the interface, on one line; empty when it does."""
    try:
        verifyObject(interface, thing)
    except Invalid as error:
        return " ".join(str(error).split())
    return ""


def _module_of(plugin: Any) -> ModuleType:
    """The module of `chat.plugins` in which the plugin stands."""
    for name in _plugin_modules():
        if any(value is plugin for value in vars(importlib.import_module(name)).values()):
            return importlib.import_module(name)
    return chat.plugins


def _plugin_modules() -> Iterable[str]:
    return [name for name in sys.modules if name.startswith("chat.plugins.")]


def _source(module: ModuleType) -> str:
    return module.__name__ if _is_own(module) else str(module.__file__)


def _is_own(module: ModuleType) -> bool:
    return _is_own_path(Path(module.__file__ or "").parent)


def _is_own_path(folder: Path) -> bool:
    return folder.resolve() == _OWN_FOLDER.resolve()
