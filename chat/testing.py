"""For tests of plugins: a whole server without sockets, and clients that talk to it. See `docs/testing-plugins.md`.

    async with MemoryServer(Config(data_dir=str(folder)), reactor) as server:
        alice = server.client()
        await alice.login("alice")
        room_id = await alice.join("General")
        await alice.sync()
        assert alice.heard("gn_user_joined")

Everything is real but the wire: the pipeline, the plugins, a SQLite file in `data_dir`, the framing of `/ws`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Self

import msgspec
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.defer import TimeoutError as TwistedTimeoutError
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.task import Clock, LoopingCall, deferLater
from zope.interface import implementer

from chat.config import Config
from chat.server import Server
from chat.texts import base64_of
from chat.wire.ending import LOST, Ending
from chat.wire.frames import CloseCode, Command, JsonArrayFraming
from chat.wire.front import ReplyFraming
from chat.wire.session import Connection

WAIT_S = 30.0
_TICK_S = 0.01
_LONG, _LONGER = 126, 127


class MemoryServer:
    """A server that only `MemoryClient`s reach. Stop it with `await stop()`, or use it with `async with`.

    With a `clock` time stands still in it until the clock is advanced: no timeout comes, nothing that waits for its
    time happens before. What is due at once happens by itself, and the store works, in the time of the `reactor`.
    """

    def __init__(self, config: Config, reactor: Any, clock: Clock | None = None) -> None:
        self._reactor = reactor
        self._clock = clock
        self._is_stopped = False
        self.endings: list[Deferred[None]] = []
        self.server = Server(config, reactor if clock is None else _SteppedReactor(reactor, clock))
        self.server.open()

    async def __aenter__(self) -> Self:
        """The server runs already."""
        return self

    async def __aexit__(self, *exception: object) -> None:
        """Stop it."""
        await self.stop()

    def client(self) -> MemoryClient:
        """A fresh connection. A user who logs in on two of them has two sessions."""
        return MemoryClient(self, self._reactor)

    async def settle(self) -> None:
        """Return when all observers have seen what was published, and all clients have heard what came of it.

        Connections that the server ends are over by then. Raises TimeoutError when an observer does not come to its end
        within WAIT_S.
        """
        await Deferred.fromCoroutine(self._settle()).addTimeout(WAIT_S, self._reactor)

    async def _settle(self) -> None:
        await deferLater(self._reactor, 0)
        endings, self.endings = self.endings, []
        await DeferredList(endings)
        await self.server.bus.idle()
        self.server.front.delivery.flush()

    async def stop(self) -> None:
        """Drain the server; time goes on meanwhile. A second stop does nothing."""
        if self._is_stopped:
            return
        self._is_stopped = True
        passing = LoopingCall(self._clock.advance if self._clock is not None else _nothing, _TICK_S)
        passing.clock = self._reactor
        passing.start(_TICK_S)
        try:
            await self.server.drain()
        finally:
            passing.stop()


class MemoryClient:
    """One connection. `events` are what the server said unasked, as pairs of name and data, in order; `log` has the
    replies too, as name, data and the id of the command.

    `close_code` is set once the server ends the connection.
    """

    framing: ReplyFraming = JsonArrayFraming()
    carrier = "memory"
    peer: str | None = None
    bytes_in = bytes_out = 0
    is_behind = False

    def __init__(self, server: MemoryServer, reactor: Any) -> None:
        self.events: list[tuple[str, Any]] = []
        self.log: list[tuple[str, Any, Any]] = []
        self.close_code: int | None = None
        self.is_read = True
        self._server = server
        self._reactor = reactor
        self._replies: dict[Any, Deferred[Any]] = {}
        self._news: Deferred[None] | None = None
        self._ids = 0
        self.connection = Connection(server.server.front, self)
        self.connection.opened()

    # Asking

    def ask(self, event: str, data: dict[str, Any]) -> Deferred[Any]:
        """Send a command. The Deferred fires with the reply's body, whatever its status.

        It fails with TimeoutError after WAIT_S, with ConnectionDone when the connection ends first.
        """
        self._ids += 1
        reply: Deferred[Any] = Deferred()
        self._replies[self._ids] = reply
        self.connection.command(Command(event, data, self._ids))
        return reply.addTimeout(WAIT_S, self._reactor)

    async def call(self, event: str, data: dict[str, Any]) -> Any:
        """Send a command and return the reply's body, whatever its status."""
        return await self.ask(event, data)

    async def login(self, user_id: str, name: str = "", **attributes: str) -> Any:
        """Log in with the open authenticator; the name is the id unless given. Returns the reply's body."""
        claims = [{"objectType": kind, "content": base64_of(value)} for kind, value in attributes.items()]
        actor = {"id": user_id, "displayName": base64_of(name or user_id), "attachments": claims}
        return await self.call("login", {"verb": "login", "actor": actor})

    async def join(self, name: str) -> str:
        """Join the room of that name, and return its id."""
        reply = await self.call("join", {"verb": "join", "target": {"id": name, "objectType": "name"}})
        assert reply["status_code"] == 200, reply
        room_id: str = reply["data"]["target"]["id"]
        return room_id

    async def leave(self) -> None:
        """Break the connection, and return when the server has dealt with it."""
        await self._lose()

    # Hearing

    async def sync(self) -> None:
        """Return when this client has heard all that its own commands caused, and all commands of others that have
        been answered; also by way of observers. Asks the server nothing.

        An observer that waits for something keeps this waiting too: `wait_for` what is to come before its end.
        """
        await DeferredList(list(self._replies.values()))
        await self._server.settle()

    def heard(self, event: str) -> list[Any]:
        """The data of the events of that name, in order."""
        return [data for name, data in self.events if name == event]

    async def wait_for(self, event: str) -> Any:
        """Return the data of the next event of that name; it and what came before it are taken out of `events`.

        Raises AssertionError when it does not come within WAIT_S.
        """
        passed: list[str] = []
        while True:
            while self.events:
                name, data = self.events.pop(0)
                if name == event:
                    return data
                passed.append(name)
            await self._news_or_fail(f"{event} did not come, but {passed}")

    async def closed(self) -> int:
        """Return the close code when the server has ended the connection. Raises AssertionError after WAIT_S."""
        while self.close_code is None:
            await self._news_or_fail("the connection was not closed")
        return self.close_code

    async def _news_or_fail(self, problem: str) -> None:
        self._news = Deferred()
        try:
            await self._news.addTimeout(WAIT_S, self._reactor)
        except TwistedTimeoutError:
            raise AssertionError(problem) from None

    # For the server. What a client does about it is done in a later turn, as it would be through a socket.

    def write(self, frames: bytes) -> None:
        """See `Link`."""
        for payload in split_frames(frames):
            event, body, *reply_id = msgspec.json.decode(payload)
            self.log.append((event, body, reply_id[0] if reply_id else None))
            if reply_id and reply_id[0] in self._replies:
                self._reactor.callLater(0, self._answer, reply_id[0], body)
            else:
                self.events.append((event, body))
        self._tell()

    def _answer(self, reply_id: int, body: Any) -> None:
        reply = self._replies.pop(reply_id, None)
        if reply is not None and not reply.called:
            reply.callback(body)

    def _tell(self) -> None:
        news, self._news = self._news, None
        if news is not None:
            self._reactor.callLater(0, news.callback, None)

    def close(self, code: int, reason: str) -> None:
        """See `Link`."""
        if self.close_code is None:
            self.close_code = CloseCode(code)
            self._tell()
            self._reactor.callLater(0, self._lose, Ending("server", code, reason))

    def _lose(self, ending: Ending = LOST) -> Deferred[None]:
        """The connection is gone: nothing that was asked on it will be answered. Fires when its session is over."""
        ended = self.connection.ended()
        self._server.endings.append(ended)
        self.connection.closed(ending)
        replies, self._replies = self._replies, {}
        for reply in replies.values():
            if not reply.called:
                reply.errback(ConnectionDone())
        return ended

    def pause_reading(self) -> None:
        """See `ClientLink`."""
        self.is_read = False

    def resume_reading(self) -> None:
        """See `ClientLink`."""
        self.is_read = True


@implementer(IReactorTime)
class _SteppedReactor:
    """A reactor whose time is a clock's, but for what is due at once."""

    def __init__(self, reactor: Any, clock: Clock) -> None:
        self._reactor = reactor
        self._clock = clock

    def seconds(self) -> float:
        """See `IReactorTime`."""
        return self._clock.seconds()

    def callLater(self, delay: float, callable: Callable[..., Any], *args: object, **kwargs: object) -> IDelayedCall:
        """See `IReactorTime`."""
        when = self._clock if delay > 0 else self._reactor
        delayed: IDelayedCall = when.callLater(delay, callable, *args, **kwargs)
        return delayed

    def getDelayedCalls(self) -> Sequence[IDelayedCall]:
        """See `IReactorTime`."""
        return self._clock.getDelayedCalls()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reactor, name)


def _nothing(seconds: float) -> None:
    """Time goes by itself."""


def split_frames(frames: bytes) -> Iterator[bytes]:
    """The payloads of whole, unmasked text frames."""
    while frames:
        size, start = frames[1], 2
        if size in (_LONG, _LONGER):
            start = 4 if size == _LONG else 10
            size = int.from_bytes(frames[2:start], "big")
        yield frames[start : start + size]
        frames = frames[start + size :]
