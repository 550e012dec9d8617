"""For tests of plugins: a whole server without sockets, and a client that talks to it.

    server = MemoryServer(Config(data_dir=str(folder)), reactor)
    alice = server.client()
    await alice.login("alice")
    reply = await alice.call("join", {"verb": "join", "target": {"id": "General", "objectType": "name"}})
    await alice.sync()
    assert alice.heard("gn_user_joined")

Everything is real but the wire: the pipeline, the plugins, a SQLite file in `data_dir`, the framing of `/ws`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from twisted.internet.defer import Deferred

from chat.config import Config
from chat.server import Server
from chat.texts import base64_of
from chat.wire.ending import Ending
from chat.wire.frames import CloseCode, Command, JsonArrayFraming
from chat.wire.front import ReplyFraming
from chat.wire.session import Connection

REPLY_TIMEOUT_S = 30.0
_LONG, _LONGER = 126, 127


class MemoryServer:
    """A server that only `MemoryClient`s reach. Stop it with `await stop()`; a second stop does nothing."""

    def __init__(self, config: Config, reactor: Any) -> None:
        self.server = Server(config, reactor)
        self.server.open()
        self._reactor = reactor
        self._is_stopped = False

    def client(self) -> MemoryClient:
        """A fresh connection."""
        return MemoryClient(self.server, self._reactor)

    async def stop(self) -> None:
        """Drain the server."""
        if not self._is_stopped:
            self._is_stopped = True
            await self.server.drain()


class MemoryClient:
    """One connection. `events` are what the server said unasked, as pairs of name and data, in order.

    `close_code` is set once the server ends the connection.
    """

    framing: ReplyFraming = JsonArrayFraming()
    carrier = "memory"
    peer: str | None = None
    bytes_in = bytes_out = 0

    def __init__(self, server: Server, reactor: Any) -> None:
        self.events: list[tuple[str, Any]] = []
        self.log: list[tuple[str, Any, Any]] = []
        self.close_code: int | None = None
        self.is_read = True
        self._reactor = reactor
        self._replies: dict[Any, Deferred[Any]] = {}
        self._ids = 0
        self.connection = Connection(server.front, self)
        self.connection.opened()

    # For tests

    def ask(self, event: str, data: dict[str, Any]) -> Deferred[Any]:
        """Send a command. The Deferred fires with the reply's body, whatever its status."""
        self._ids += 1
        reply: Deferred[Any] = Deferred()
        self._replies[self._ids] = reply
        self.connection.command(Command(event, data, self._ids))
        return reply.addTimeout(REPLY_TIMEOUT_S, self._reactor)

    async def call(self, event: str, data: dict[str, Any]) -> Any:
        """Send a command and return the reply's body, whatever its status."""
        return await self.ask(event, data)

    async def login(self, user_id: str, name: str = "", **attributes: str) -> Any:
        """Log in with the open authenticator; the name is the id unless given."""
        claims = [{"objectType": kind, "content": base64_of(value)} for kind, value in attributes.items()]
        actor = {"id": user_id, "displayName": base64_of(name or user_id), "attachments": claims}
        return await self.call("login", {"verb": "login", "actor": actor})

    async def sync(self) -> None:
        """Return when everything that was caused before has arrived at this client."""
        await self.call("connect", {})

    def heard(self, event: str) -> list[Any]:
        """The data of the events of that name, in order."""
        return [data for name, data in self.events if name == event]

    async def leave(self) -> None:
        """Break the connection, and return when the server has dealt with it."""
        ended = self.connection.ended()
        self.connection.closed()
        await ended

    # For the server

    def write(self, frames: bytes) -> None:
        """See `Link`."""
        for payload in split_frames(frames):
            event, body, *reply_id = msgspec.json.decode(payload)
            self.log.append((event, body, reply_id[0] if reply_id else None))
            if reply_id and reply_id[0] in self._replies:
                # Not at once: what is written in the same turn arrives first, as it would through a socket.
                self._reactor.callLater(0, self._answer, reply_id[0], body)
            else:
                self.events.append((event, body))

    def _answer(self, reply_id: int, body: Any) -> None:
        reply = self._replies.pop(reply_id)
        if not reply.called:
            reply.callback(body)

    def close(self, code: int, reason: str) -> None:
        """See `Link`."""
        if self.close_code is None:
            self.close_code = CloseCode(code)
            self._reactor.callLater(0, self.connection.closed, Ending("server", code, reason))

    def pause_reading(self) -> None:
        """See `ClientLink`."""
        self.is_read = False

    def resume_reading(self) -> None:
        """See `ClientLink`."""
        self.is_read = True


def split_frames(frames: bytes) -> Iterator[bytes]:
    """The payloads of whole, unmasked text frames."""
    while frames:
        size, start = frames[1], 2
        if size in (_LONG, _LONGER):
            start = 4 if size == _LONG else 10
            size = int.from_bytes(frames[2:start], "big")
        yield frames[start : start + size]
        frames = frames[start + size :]
