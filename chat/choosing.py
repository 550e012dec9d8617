"""The plugins that one server works with: one store, and all that is on besides; with their options, by their names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from chat import loading
from chat.config import Config
from chat.config_file import convert
from chat.contracts import check_contribution, check_store
from chat.errors import ConfigError
from chat.ichat import IStarted, IStore
from chat.plugin import Contribution, Services


class Chosen:
    """Chooses and checks the plugins, or raises ConfigError. `open_store` comes next, then `build`, then `start`."""

    def __init__(self, config: Config, source: str) -> None:
        self._config = config
        self._source = source
        found = loading.load(config, source)
        self._store = self._store_among([one for one in found if one.kind == "store"])
        self._others = [one for one in found if one.kind != "store"]
        self._started: list[tuple[loading.Found, IStarted]] = []

    def open_store(self, reactor: Any) -> IStore:
        """The store of `storage.url`, which touches nothing yet. Raises PluginError."""
        options = self._options(self._store)
        with loading.blaming(self._store):
            store: IStore = self._store.plugin.open(self._config.storage_url, options, reactor)
            check_store(store)
        return store

    def build(self, services: Services, add: Callable[[Contribution], None]) -> None:
        """Build all others and add what they contribute. Raises PluginError, also for what `add` raises."""
        for found in self._others:
            options = self._options(found)
            with loading.blaming(found):
                contribution = check_contribution(found.plugin.build(options, services))
                add(contribution)
            self._started += [(found, part) for part in contribution.started]

    def start(self) -> None:
        """Start what is to be started. Raises PluginError."""
        for found, part in self._started:
            with loading.blaming(found, "start"):
                part.start()

    def _store_among(self, stores: list[loading.Found]) -> loading.Found:
        """The one that serves the scheme of `storage.url`."""
        scheme = self._config.storage_url.partition(":")[0]
        serving = [one for one in stores if scheme in one.plugin.schemes]
        if len(serving) != 1:
            known = ", ".join(sorted(scheme for one in stores for scheme in one.plugin.schemes))
            problem = f"no store serves {scheme}:" if not serving else f"several stores serve {scheme}:"
            raise ConfigError(f"{self._source}: storage.url: {problem} known schemes are {known}")
        return serving[0]

    def _options(self, found: loading.Found) -> Struct:
        raw = self._config.plugins.get(found.name, {})
        try:
            options: Struct = convert(raw, found.plugin.options, self._source, f"plugins.{found.name}")
        except ConfigError as error:
            raise loading.PluginError(found, str(error), line=str(error)) from None
        return options
