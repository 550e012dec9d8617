"""`chatctl`: what operators do on a server's database while the server runs, or does not.

Errors are one line and exit status 1. What another program could use goes to standard output, all else to standard
error.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, NoReturn

from twisted.internet.task import react
from twisted.logger import globalLogBeginner

from chat.config_file import Loaded, load
from chat.config_rules import name_problem, scope_problem
from chat.errors import ConfigError, StorageError
from chat.ichat import IStore
from chat.lines import one_line
from chat.model import SYSTEM_ID
from chat.moderation import Audit
from chat.server import Server
from chat.times import rfc3339, utc_now
from chat.web.auth import declared_names, digest_of, new_key
from chat.world import StoredKey

LATER: Final = "the server takes this over when it starts, and at SIGHUP"

Command = Callable[[argparse.Namespace, Loaded, IStore], Awaitable[None]]


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        """See `ArgumentParser`."""
        self.exit(1, f"{self.prog}: {one_line(message)}\n")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command to its end."""
    options = _parser().parse_args(arguments)
    globalLogBeginner.beginLoggingTo([], redirectStandardIO=False)
    react(_run, (options,))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="chatctl", description="Work on a chat server's database, beside the server.")
    topics = parser.add_subparsers(required=True, metavar="TOPIC")
    keys = topics.add_parser("key", help="keys of backends").add_subparsers(required=True, metavar="COMMAND")
    new = _command(keys, "new", new_key_command, "make a key, and print it: it is not to be had again")
    new.add_argument("--name", required=True, help="what logs call it")
    new.add_argument("--scopes", required=True, help="what it may do, such as read,moderate; * for all")
    _command(keys, "list", list_keys_command, "names and scopes of all keys, those of the configuration too")
    _command(keys, "end", end_key_command, "let a key be good no more").add_argument("name", help="which")
    return parser


def _command(commands: Any, name: str, act: Command, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    parser.add_argument("--config", help="the server's configuration file; without one the defaults are used")
    parser.set_defaults(act=act)
    return parser


async def _run(reactor: Any, options: argparse.Namespace) -> None:
    try:
        loaded = load(options.config)
        store = Server(loaded.config, reactor, loaded.source).services.store
        store.attach()
        try:
            await options.act(options, loaded, store)
        finally:
            await store.close()
    except (ConfigError, StorageError) as error:
        print(f"chatctl: {one_line(str(error))}", file=sys.stderr)
        raise SystemExit(1) from None


async def new_key_command(options: argparse.Namespace, loaded: Loaded, store: IStore) -> None:
    """Make a key."""
    scopes = tuple(dict.fromkeys(options.scopes.split(",")))
    problem = name_problem(options.name) or scope_problem(scopes)
    if problem:
        raise ConfigError(problem)
    secret = new_key()
    key = StoredKey(options.name, digest_of(secret.encode()), scopes, utc_now())
    audit = _audit("create_key", f"{key.name}: {','.join(scopes)}")
    if key.name in declared_names(loaded.config) or not await store.put_key(key, audit):
        raise ConfigError(f"there is a key {key.name} already")
    print(secret)
    print(LATER, file=sys.stderr)


async def list_keys_command(options: argparse.Namespace, loaded: Loaded, store: IStore) -> None:
    """Print the keys, a line each."""
    declared = {key.name: key.scopes for key in loaded.config.backend.keys}
    for name in declared_names(loaded.config):
        print(f"{name}\t{','.join(declared.get(name, ('*',)))}\tconfiguration")
    for key in await store.list_keys():
        print(f"{key.name}\t{','.join(key.scopes)}\t{rfc3339(key.created)}")


async def end_key_command(options: argparse.Namespace, loaded: Loaded, store: IStore) -> None:
    """End a key."""
    if not await store.end_key(options.name, _audit("end_key", options.name)):
        is_declared = options.name in declared_names(loaded.config)
        where = "in the configuration" if is_declared else "not there"
        raise ConfigError(f"the key {options.name} is {where}")
    print(LATER, file=sys.stderr)


def _audit(action: str, what: str) -> Audit:
    """A row of what an operator did at the command line."""
    return Audit(utc_now(), "chatctl", SYSTEM_ID, action, SYSTEM_ID, None, what)


if __name__ == "__main__":
    main()
