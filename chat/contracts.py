"""Whether what a plugin hands over keeps to the interfaces of `chat.ichat`: the methods with their signatures, and the
attributes with their types.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from inspect import isclass
from typing import Any, NamedTuple

from msgspec import Struct
from zope.interface import Interface
from zope.interface.exceptions import Invalid
from zope.interface.verify import verifyObject

from chat.errors import ConfigError
from chat.events import Event
from chat.ichat import (
    IAuthenticator,
    IChatPlugin,
    IEndpoint,
    IGuard,
    INamedPlugin,
    IObserver,
    IRefusingEndpoint,
    IStarted,
    IStore,
    IStorePlugin,
    IVerb,
)
from chat.lines import one_line
from chat.plugin import Contribution, Phase, Requires, Scope
from chat.slots import Activity

# The lists of the section [plugins]: no plugin can have a section of one of these names.
LISTS = ("disable", "enable", "path")
_KEBAB_CASE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class _Shape(NamedTuple):
    """What an attribute has to be."""

    expected: str
    fits: Callable[[Any], bool]


def _instance(expected: str, *kinds: type) -> _Shape:
    return _Shape(expected, lambda value: isinstance(value, kinds))


def _subclass(kind: type) -> _Shape:
    return _Shape(f"a subclass of {kind.__name__}", lambda value: isclass(value) and issubclass(value, kind))


def _every(expected: str, container: type[Collection[Any]], fits: Callable[[Any], bool]) -> _Shape:
    return _Shape(expected, lambda value: isinstance(value, container) and all(fits(one) for one in value))


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and bool(_KEBAB_CASE.fullmatch(value)) and value not in LISTS


def _is_options(value: object) -> bool:
    return isclass(value) and issubclass(value, Struct) and value.__struct_config__.forbid_unknown_fields


_TEXT = _instance("a string", str)
_TEXTS = _every("a tuple of strings", tuple, _is_text)
_SOME_OR_ALL = _every("a frozenset of strings, or None for all", frozenset, _is_text)
_PLUGIN = {
    "name": _Shape(f"a kebab-case string other than {', '.join(LISTS)}", _is_name),
    "options": _Shape("a msgspec Struct that forbids unknown fields", _is_options),
}
_SHAPES: dict[type[Interface], dict[str, _Shape]] = {
    INamedPlugin: _PLUGIN,
    IChatPlugin: _PLUGIN,
    IStorePlugin: _PLUGIN | {"schemes": _TEXTS},
    IVerb: {
        "event": _instance("a string or None", str, type(None)),
        "verbs": _TEXTS,
        "reply_event": _TEXT,
        "request": _subclass(Activity),
        "requires": _instance("a Requires", Requires),
    },
    IGuard: {
        "name": _TEXT,
        "phase": _instance("a Phase", Phase),
        "verbs": _Shape(_SOME_OR_ALL.expected, lambda value: value is None or _SOME_OR_ALL.fits(value)),
    },
    IObserver: {
        "name": _TEXT,
        "events": _every("a tuple of subclasses of Event", tuple, _subclass(Event).fits),
    },
    IEndpoint: {"method": _TEXT, "path": _TEXT, "scope": _instance("a Scope", Scope)},
}


_LISTS_OF_PARTS: dict[type[Interface], str] = {
    IVerb: "verbs",
    IGuard: "guards",
    IObserver: "observers",
    IEndpoint: "endpoints",
    IStarted: "started",
}


def misfit(interface: type[Interface], thing: Any) -> str:
    """Why a thing does not provide the interface, on one line; empty when it does."""
    try:
        verifyObject(interface, thing)
        for name, shape in _SHAPES.get(interface, {}).items():
            value = getattr(thing, name)
            if not shape.fits(value):
                return f"{name}: expected {shape.expected}, got {value!r}"
    except Invalid as error:
        return " ".join(str(error).split())
    except Exception as error:
        return one_line(f"{type(error).__name__}: {error}")
    return ""


def name_of(plugin: Any, otherwise: str) -> str:
    """The name of a plugin, or the other one where it has none that will do."""
    try:
        name = plugin.name
    except Exception:
        return otherwise
    return name if _is_name(name) else otherwise


def check_contribution(contribution: Any) -> Contribution:
    """What a plugin's build returned, with each part checked. Raises ConfigError."""
    if not isinstance(contribution, Contribution):
        raise ConfigError(f"build returned no Contribution but {contribution!r}")
    for interface, part in _parts(contribution):
        problem = misfit(interface, part)
        if problem:
            raise ConfigError(f"{type(part).__name__}: {problem}")
    return contribution


def check_store(store: Any) -> None:
    """Raise ConfigError for what a store plugin opened and what is no store."""
    problem = misfit(IStore, store)
    if problem:
        raise ConfigError(f"{type(store).__name__}: {problem}")


def _parts(contribution: Contribution) -> Iterator[tuple[type[Interface], Any]]:
    for interface, name in _LISTS_OF_PARTS.items():
        parts = getattr(contribution, name)
        if not isinstance(parts, tuple):
            raise ConfigError(f"the {name} of its Contribution are no tuple but {parts!r}")
        yield from ((interface, part) for part in parts)
    yield from ((IRefusingEndpoint, one) for one in contribution.endpoints if IRefusingEndpoint.providedBy(one))
    authenticators = contribution.authenticators or {}
    if not isinstance(authenticators, Mapping):
        raise ConfigError(f"the authenticators of its Contribution are no mapping but {authenticators!r}")
    yield from ((IAuthenticator, part) for part in authenticators.values())
