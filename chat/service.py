"""`twistd chat`: command line, sockets, signals. The composition root, and the only module that imports the reactor."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from msgspec.structs import replace
from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredLock
from twisted.logger import ILogObserver, Logger
from twisted.python.failure import Failure
from twisted.python.usage import Options as UsageOptions

from chat import loading
from chat.config_file import Loaded, load, render
from chat.errors import ConfigError, StorageError
from chat.lines import one_line
from chat.listening import Place, places_of, with_new_certificate
from chat.log_output import LogOutput, sink_of
from chat.reloading import RELOADED, changed_keys, with_reloaded
from chat.server import Server
from chat.signals import Signals
from chat.web.auth import LONG_ENOUGH, key_path, keys_of, short_keys
from chat.wire.transport import make_prompt

# Allocations between two looks of the garbage collector at young objects.
COLLECT_EVERY = 20_000


class Options(UsageOptions):
    """The command line of `twistd chat`."""

    synopsis = "[options]"
    longdesc = "A chat server: WebSocket for browsers and apps, REST for backends, every verb a plugin."
    optParameters = [["config", "c", None, "The configuration file (TOML). Without one the defaults are used."]]
    optFlags = [
        ["check", None, "Check the configuration and the plugins, then exit with 0 or 1."],
        ["print-config", None, "Print the configuration in force, secrets masked, then exit."],
        ["list-plugins", None, "Print name, kind, source, state and error of every plugin, then exit."],
    ]
    loaded: Loaded

    def postOptions(self) -> None:
        """Read the configuration; answer the questions that need no server."""
        self.loaded = _or_exit(lambda: load(self["config"]))
        config = self.loaded.config
        if self["list-plugins"]:
            print(plugin_table(_or_exit(lambda: find_plugins(self.loaded))), end="")
        elif self["print-config"]:
            print(render(config), end="")
        elif self["check"]:
            _or_exit(lambda: check(self.loaded))
            print(f"{self.loaded.source}: ok")
        else:
            return
        raise SystemExit(0)


def makeService(options: Options) -> ChatService:
    """What twistd runs. Exits with one line when the configuration does not do."""
    from twisted.internet import reactor

    service: ChatService = _or_exit(lambda: ChatService(options.loaded, reactor))
    around: Any = options.parent
    if not around["logger"]:
        log = options.loaded.config.log
        service.output = _or_exit(lambda: LogOutput(sink_of(around, reactor), log))
    return service


def check(loaded: Loaded) -> None:
    """Raise ConfigError for what a start would stumble on and that can be seen without database and network."""
    from twisted.internet import reactor

    ChatService(loaded, reactor)


def find_plugins(loaded: Loaded) -> list[loading.Found]:
    """Every plugin, with the error of the first that would keep this server from starting."""
    found = loading.find(loaded.config, loaded.source)
    try:
        check(loaded)
    except ConfigError as refusal:
        blamed = refusal.__cause__
        if isinstance(blamed, loading.PluginError):  # Of all else the start and --check tell.
            found = [replace(one, error=blamed.reason) if one == blamed.found else one for one in found]
    return found


def plugin_table(found: list[loading.Found]) -> str:
    """Name, kind, source, state and error, a line each, in columns."""
    rows = [("NAME", "KIND", "SOURCE", "ENABLED", "ERROR")]
    rows += [(one.name, one.kind, one.source, "yes" if one.enabled else "no", one.error or "-") for one in found]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[4]]).rstrip() + "\n"
        for row in rows
    )


class ChatService(Service):
    """One server with its ports. `output`, when it is set, is where twistd's log goes."""

    log = Logger()
    name = "chat"
    output: LogOutput | None = None

    def __init__(self, loaded: Loaded, reactor: Any) -> None:
        self.loaded = loaded
        self._in_force = loaded.config
        self._reloads = DeferredLock()
        self._reactor = reactor
        self._ports: list[tuple[Place, Any]] = []
        with _naming(loaded.source):
            self._places = places_of(loaded.config, reactor)
            self.server = Server(loaded.config, reactor, loaded.source)

    def setServiceParent(self, parent: Any) -> None:
        """Become a part of twistd's application, and its log."""
        super().setServiceParent(parent)
        if self.output is not None:
            parent.setComponent(ILogObserver, self.output)

    def startService(self) -> None:
        """Open the store, listen. Exits with one line when that cannot be."""
        super().startService()
        Signals(self._reactor, self._in_force.drain.drain_s, self.reload).install()
        _or_exit(self._open)
        sites = {"public": self.server.public, "backend": self.server.backend}
        for place in self._places:
            self._listen(place, place.endpoint.listen(sites[place.section]))
        self._greet()
        _spare_the_collector()

    def _open(self) -> None:
        with _naming(self.loaded.source):
            _check_folder(Path(self._in_force.data_dir))
            self.server.open()

    def _listen(self, place: Place, listening: Deferred[Any]) -> None:
        listening.addCallback(self._listening, place)
        failures: list[Failure] = []
        if listening.called:
            listening.addErrback(failures.append)
        else:
            listening.addErrback(self._failed_late, place)
        if failures:
            _exit(f"{self.loaded.source}: {place.problem(failures[0].value)}")

    def _failed_late(self, failure: Failure, place: Place) -> None:
        """That an address cannot be had turned out only after the start: end with an error all the same."""
        problem = f"{self.loaded.source}: {place.problem(failure.value)}"
        self.log.critical("{problem}", problem=problem)
        self._reactor.addSystemEventTrigger("after", "shutdown", os._exit, 1)
        self._reactor.stop()

    def _listening(self, port: Any, place: Place) -> None:
        make_prompt(port)
        self._ports.append((place, port))

    def _greet(self) -> None:
        self.log.info("configured by {source}", source=self.loaded.source)
        for name in self.loaded.ignored:
            self.log.warn("{source}: {name} has no effect in this version", source=self.loaded.source, name=name)
        for place in self._places:
            self.log.info("listening on {address}", address=place.address)
        for place, port in self._ports:
            if place.section == "public" and place.address.startswith("tcp:"):
                where = port.getHost()
                self.log.info("try it: http://{host}:{port}/", host=where.host, port=where.port)
        self._warn_of_keys()
        if not self._in_force.backend.keys:
            self.log.info("the backend key is in {path}", path=str(key_path(self._in_force).absolute()))

    def _warn_of_keys(self) -> None:
        for name in short_keys(self._in_force):
            self.log.warn(
                "the backend key {name} may be guessed: give it {count} characters or more",
                name=name,
                count=LONG_ENOUGH,
            )

    def reload(self) -> None:
        """Take over what can change while the server runs: the backend keys, the words that are not to be said, the
        log's level and form, certificates. Say what needs a restart. A configuration that would not start a server
        changes nothing.
        """
        reloading = self._reloads.run(lambda: Deferred.fromCoroutine(self._reload()))
        reloading.addErrback(lambda failure: self.log.failure("the reload failed", failure))

    async def _reload(self) -> None:
        try:
            stored = await self.server.services.store.list_keys()
            config = ChatService(load(self.loaded.path), self._reactor).loaded.config
            in_force = with_reloaded(self._in_force, config)
            keys = keys_of(in_force, stored)
            factories = [(place, port, with_new_certificate(place, port)) for place, port in self._ports]
        except (ConfigError, StorageError) as error:
            self.log.error("not reloaded: {error}", error=str(error))
            return
        self.server.keys.replace(keys)
        self.server.services.words.declare(config.content.blacklist)
        if self.output is not None:
            self.output.follow(config.log)
        for place, port, factory in factories:
            if factory is not None:
                port.factory = factory
                self.log.info("the certificate of {address} is read again", address=place.address)
        self._report(changed_keys(self._in_force, config))
        self._in_force = in_force
        self.log.info("backend keys in force: {names}", names=", ".join(key.name for key in keys))
        self._warn_of_keys()

    def _report(self, changed: list[str]) -> None:
        self.log.info("reloaded: {keys}", keys=", ".join(sorted(RELOADED.intersection(changed))) or "nothing new")
        for key in sorted(set(changed) - RELOADED):
            self.log.warn("{key} needs a restart", key=key)

    def stopService(self) -> Deferred[None]:
        """Drain: be not ready, accept nobody more, see everything through, and last close the backend's ports, which
        tell until then that the server is not ready.
        """
        super().stopService()
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        self.server.begin_drain()
        await self._close_ports("public")
        await self.server.drain()
        await self._close_ports("backend")

    async def _close_ports(self, section: str) -> None:
        for place, port in self._ports:
            if place.section == section:
                await port.stopListening()


def _spare_the_collector() -> None:
    """Collect garbage less often: what a start leaves is for good, and a message makes few cycles.

    With the usual threshold a busy room spent a fifth of its time in the collector.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_EVERY, *gc.get_threshold()[1:])


def _check_folder(folder: Path) -> None:
    try:
        is_other = folder.exists() and not folder.is_dir()
    except OSError as error:
        raise ConfigError(f"data_dir: {error.strerror}") from None
    if is_other:
        raise ConfigError(f"data_dir: {folder}: this is no folder")


@contextmanager
def _naming(source: str) -> Iterator[None]:
    """Let every refusal say where the configuration is from."""
    try:
        yield
    except ConfigError as error:
        text = str(error)
        raise ConfigError(text if text.startswith(f"{one_line(source)}: ") else f"{source}: {text}") from error


class StartFailed(SystemExit, Exception):
    """The end of a start. An exit, and for twistd in the background an error that it reports to its parent."""


def _or_exit(act: Callable[[], Any]) -> Any:
    try:
        return act()
    except ConfigError as error:
        _exit(str(error))


def _exit(problem: str) -> NoReturn:
    problem = one_line(problem)
    # Once twistd logs, sys.stderr is the log: the line is to be seen in both.
    if sys.stderr is not sys.__stderr__:
        Logger("chat").critical("{problem}", problem=problem)
    print(problem, file=sys.__stderr__)
    raise StartFailed(1)
