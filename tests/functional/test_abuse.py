"""Clients that do what they should not, against a real server: each is cut with its code, while others chat on and lose
nothing.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest

from tests.clients import Client
from tests.raw import PING, RawClient, frame, text
from tests.running import ROOM_ID, RunningServer

# The chatters have an address of their own, and send fewer commands than they may.
CHATTERS, CHATTERS_ADDRESS = 5, "127.0.0.2"
LIMITS = """
[limits]
commands_per_s = 200
burst = 400
login_timeout_s = 4
outbound_bytes = 100000
[plugins.rate-limit]
flood_s = 1
"""
CONNECTIONS = 1000
# What the kernel keeps for the server to accept.
ACCEPTED_AT_ONCE = 50
WAIT_S = 60


class Chat:
    """Users who talk in turn: everybody has to hear what one says before the next one speaks."""

    def __init__(self, url: str) -> None:
        self._said = 0
        self._is_over = False
        self._progress = threading.Condition()
        self._clients = [Client(url, source_address=(CHATTERS_ADDRESS, 0)) for _ in range(CHATTERS)]
        for number, client in enumerate(self._clients):
            client.enter(f"chatter{number}", ROOM_ID)
        self._executor = ThreadPoolExecutor(1)
        self._talking = self._executor.submit(self._talk)
        self._talking.add_done_callback(self._tell)

    def _talk(self) -> None:
        while not self._is_over:
            self._say(self._clients[self._said % CHATTERS])

    def _say(self, speaker: Client) -> None:
        said = speaker.say(f"{self._said}" * 1000, ROOM_ID)
        assert said["status_code"] == 200
        for client in self._clients:
            heard = client.wait_for("message")
            assert (heard["seq"], heard["object"]) == (self._said + 1, said["data"]["object"])
        self._said += 1
        self._tell()

    def _tell(self, done: object = None) -> None:
        with self._progress:
            self._progress.notify_all()

    def goes_on(self, messages: int = 20) -> None:
        """Return when all have heard so many more messages."""
        until = self._said + messages
        with self._progress:
            assert self._progress.wait_for(lambda: self._said >= until or self._talking.done(), WAIT_S)
        assert self._said >= until or self._talking.result()

    def end(self) -> None:
        """Stop talking; nothing was lost, and nobody was cut."""
        self._is_over = True
        self._talking.result(WAIT_S)
        self._executor.shutdown()
        for client in self._clients:
            client.sync()
            assert client.heard("message") == []
            client.socket.close()


@contextmanager
def chatting(server: RunningServer) -> Iterator[Chat]:
    """A chat that goes on all the time."""
    chat = Chat(server.url)
    try:
        yield chat
        chat.goes_on()
    finally:
        chat.end()
    assert "Traceback" not in server.log


@pytest.fixture
def server(run_server: Callable[..., RunningServer]) -> RunningServer:
    return run_server(LIMITS)


def test_a_client_that_never_reads(server: RunningServer) -> None:
    with chatting(server) as chat, Client(server.url) as watcher:
        watcher.enter("watcher", ROOM_ID)
        with RawClient(server, receive_bytes=4096).upgrade().enter("deaf", ROOM_ID) as deaf:
            while "does not read" not in server.log:
                chat.goes_on()
                watcher.events.clear()
                watcher.sync()
            assert deaf.wait_for_close() == 4008
        assert watcher.wait_for("gn_user_disconnected")["actor"]["id"] == "deaf"


def test_a_client_that_never_reads_and_is_not_heard_of_again(server: RunningServer) -> None:
    """What waits for it is forgotten, and its user with it."""
    with chatting(server) as chat, RawClient(server, receive_bytes=4096).upgrade().enter("deaf", ROOM_ID):
        while "does not read" not in server.log:
            chat.goes_on()
        while "session ended: user deaf" not in server.log:
            chat.goes_on()


@pytest.mark.parametrize(
    "command",
    [text("list_channels", {"verb": "list"}, 1), text("make_coffee", {}, 1), text("connect", {})],
    ids=["verb", "unknown event", "without id"],
)
def test_a_client_that_floods(server: RunningServer, command: bytes) -> None:
    with chatting(server) as chat, RawClient(server).upgrade().enter("flood", ROOM_ID) as flooding:
        pouring = threading.Thread(target=pour, args=(flooding, command * 1000))
        pouring.start()
        chat.goes_on()
        answers = list(flooding.until_closed())
        flooding.hang_up()
        pouring.join(WAIT_S)
        refusals = [json.loads(answer)[1] for answer in answers if b'"status_code":900' in answer]
        assert len(refusals) > 100
        assert refusals[0] == {"status_code": 900, "message": "too many commands", "data": {"retry_after_s": 1}}
        assert flooding.close_code == 4029


def pour(client: RawClient, data: bytes) -> None:
    """Send the same again and again as long as the server takes it."""
    try:
        while True:
            client.send(data)
    except OSError:
        pass


def test_a_client_that_floods_with_pings(server: RunningServer) -> None:
    with chatting(server), RawClient(server).upgrade().enter("flood", ROOM_ID) as flooding:
        pouring = threading.Thread(target=pour, args=(flooding, frame(PING, b"") * 1000))
        pouring.start()
        assert flooding.wait_for_close() == 4029
        flooding.hang_up()
        pouring.join(WAIT_S)


def test_a_client_that_never_logs_in(server: RunningServer) -> None:
    with chatting(server) as chat, RawClient(server).upgrade() as stranger:
        chat.goes_on()
        assert stranger.wait_for_close() == 4001


def test_a_client_that_opens_a_thousand_connections(server: RunningServer) -> None:
    with chatting(server) as chat:
        with ExitStack() as opened:
            statuses = [opened.enter_context(RawClient(server)).ask_for_upgrade() for _ in range(CONNECTIONS)]
            assert statuses == [101] * 100 + [429] * (CONNECTIONS - 100)
            chat.goes_on()
        while "session ended" not in server.log:
            chat.goes_on()
        with RawClient(server) as again:
            assert again.ask_for_upgrade() == 101
    assert "GET /ws" not in server.log


def test_handshakes_that_never_end(server: RunningServer) -> None:
    with chatting(server) as chat, ExitStack() as opened:
        half_open: list[RawClient] = []
        while len(half_open) < CONNECTIONS:
            half_open += [opened.enter_context(RawClient(server)) for _ in range(ACCEPTED_AT_ONCE)]
            chat.goes_on(1)
        *first, last = [half_open[start : start + 100] for start in range(0, CONNECTIONS, 100)]
        for client in last:
            client.send(b"GET /ws HTTP/1.1\r\nHost: ")
        assert {client.read_status() for hundred in first for client in hundred} == {429}
        with RawClient(server).upgrade() as somebody:
            assert [client.read_status() for client in last] == [429] + [408] * 99
            assert somebody.wait_for_close() == 4001
    assert "Timing out client" not in server.log


def test_behind_a_proxy_that_tells_addresses(run_server: Callable[..., RunningServer]) -> None:
    """Each client has its own address, and everything works that stops and goes on reading."""
    server = run_server(LIMITS, change=lambda text: text.replace('public = ["tcp:', 'public = ["haproxy:tcp:'))

    def connect(address: str) -> RawClient:
        client = opened.enter_context(RawClient(server))
        client.send(f"PROXY TCP4 {address} 10.0.0.9 1 2\r\n".encode())
        return client

    with ExitStack() as opened:
        assert [connect("10.0.0.1").ask_for_upgrade() for _ in range(101)] == [101] * 100 + [429]
        flooding = connect("10.0.0.2").upgrade().enter("flood", ROOM_ID)
        pouring = threading.Thread(target=pour, args=(flooding, text("list_channels", {"verb": "list"}) * 1000))
        pouring.start()
        assert flooding.wait_for_close() == 4029
        flooding.hang_up()
        pouring.join(WAIT_S)
    assert "Traceback" not in server.log
