"""How a server stops: what it still does, in which order, for how long, and what a second signal changes."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from tests.clients import Client
from tests.running import PLUGINS, ROOM_ID, RunningServer, wait_until

Run = Callable[..., RunningServer]
FOREVER = 3600
STOPPING = "the server is about to stop"


def staged(drain_s: float, gate: Path | None = None, more: str = "") -> str:
    """A configuration with commands and calls that wait for the gate."""
    return f'[drain]\ndrain_s = {drain_s}\n{PLUGINS}[plugins.staged]\ngate = "{gate or "/nowhere"}"\n{more}'


def closing(client: Client) -> int:
    """The code with which the server ends the connection."""
    with pytest.raises(ConnectionClosed) as closed:
        client.wait_for("nothing")
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code


def is_draining(server: RunningServer) -> bool:
    return server.http("GET", "/readyz") == (503, {"status": "unavailable", "reasons": ["draining"]})


def test_the_order_of_a_stop(run_server: Run, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    server = run_server(staged(FOREVER, gate))
    public = ("127.0.0.1", server.settings.public)
    with (
        Client(server.url) as alice,
        socket.create_connection(public) as waiting,
        ThreadPoolExecutor() as pool,
    ):
        alice.enter("alice", ROOM_ID)
        waiting.sendall(b"GET /favicon.svg HTTP/1.1\r\nHost: x\r\n\r\n")
        assert waiting.recv(12) == b"HTTP/1.1 200"
        asked = [alice.send("wait", {}), alice.send("connect", {})]
        call = pool.submit(server.rest, "GET", "/wait")
        alice.socket.ping().wait(60)
        wait_until(Path(f"{gate}.called").exists)
        server.signal(signal.SIGTERM)
        wait_until(lambda: is_draining(server))
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(public)
        alice.send("connect", {"never": "served"})
        server.signal(signal.SIGHUP)
        server.wait_for_log("not reloaded: the server is about to stop")
        assert server.http("GET", "/healthz")[0] == 200
        assert server.rest("GET", f"/muted?room_id={ROOM_ID}") == (503, {"status_code": 500, "data": STOPPING})
        assert upgrade_on(waiting).startswith(b"HTTP/1.1 503")
        assert alice.heard("gn_wait") == []
        gate.touch()
        assert [alice.reply(one)["status_code"] for one in asked] == [200, 200]
        assert call.result(60) == (200, {"status_code": 200, "data": "done"})
        assert closing(alice) == 1012
        assert alice.heard("gn_connect") == []
    assert server.exit_code() == 0
    assert "Traceback" not in server.log
    assert "the stop does not wait any longer" not in server.log
    assert "closed by the server: 1012" in server.log


def upgrade_on(connection: socket.socket) -> bytes:
    """The answer to a WebSocket handshake on a connection that was there before."""
    connection.settimeout(60)
    while connection.recv(65536).find(b"</svg>") < 0:
        pass
    connection.sendall(
        b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    return connection.recv(65536)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_signal_stops_a_second_one_ends(run_server: Run, number: signal.Signals) -> None:
    server = run_server(staged(FOREVER))
    with Client(server.url) as alice:
        alice.enter("alice", ROOM_ID)
        assert alice.say("kept", ROOM_ID)["status_code"] == 200
        alice.send("wait", {})
        alice.socket.ping().wait(60)
        server.signal(signal.SIGTERM)
        wait_until(lambda: is_draining(server))
        server.signal(number)
        assert server.exit_code() == 128 + number
    assert f"ended at once by a second signal, {number.name}" in server.log
    assert "Traceback" not in server.log
    server.start()
    with Client(server.url) as alice:
        history = alice.enter("alice", ROOM_ID)["data"]["object"]["attachments"][1]["attachments"]
        assert len(history) == 1
    server.signal(signal.SIGINT)
    assert server.exit_code() == 0


def test_what_takes_too_long_is_left_behind(run_server: Run) -> None:
    """A command that does not end, and a client that does not answer, do not hold the stop up."""
    server = run_server(staged(1))
    with Client(server.url) as alice, Client(server.url) as bob, socket.socket() as deaf:
        alice.send("wait", {})
        alice.socket.ping().wait(60)
        bob.enter("bob", ROOM_ID)
        deaf.connect(("127.0.0.1", server.settings.public))
        assert upgrade(deaf)
        assert server.terminate() == 0
        assert closing(alice) == closing(bob) == 1012
    for what in ("what was asked before", "clients to leave"):
        assert f"the stop does not wait any longer for {what}" in server.log
    assert "1 sessions are left behind" in server.log
    assert server.log.count("session ended") == 2
    assert "Traceback" not in server.log


def upgrade(connection: socket.socket) -> bool:
    connection.sendall(
        b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    return connection.recv(12) == b"HTTP/1.1 101"


def test_no_time_at_all(run_server: Run) -> None:
    server = run_server(staged(0))
    with Client(server.url) as alice, Client(server.url) as bob:
        alice.enter("alice", ROOM_ID)
        assert alice.say("kept", ROOM_ID)["status_code"] == 200
        bob.send("wait", {})
        bob.socket.ping().wait(60)
        assert server.terminate() == 0
        assert closing(alice) == 1012
    assert "Traceback" not in server.log
    assert server.log.count("session ended: user alice") == 1


def test_a_stop_that_hangs_is_ended(run_server: Run) -> None:
    """The reactor's thread itself is stuck: only the alarm is left."""
    server = run_server(staged(0.2, more="hangs = true"))
    with Client(server.url) as alice:
        alice.enter("alice", ROOM_ID)
        assert alice.say("kept", ROOM_ID)["status_code"] == 200
        assert server.terminate() == 1
    assert "the stop is not over in time: ended at once" in server.log


def test_many_are_sent_away(run_server: Run) -> None:
    server = run_server("[drain]\ndrain_s = 20")
    clients = [Client(server.url) for _ in range(100)]
    for number, client in enumerate(clients):
        client.enter(f"user{number}", ROOM_ID)
    with ThreadPoolExecutor(len(clients)) as pool:
        codes = pool.map(closing, clients)
        assert server.terminate() == 0
        assert set(codes) == {1012}
    assert server.log.count("closed by the server: 1012") == len(clients)
    assert "the stop does not wait any longer" not in server.log


def test_what_was_said_is_there_after_a_stop(run_server: Run) -> None:
    server = run_server()
    with Client(server.url) as alice:
        alice.enter("alice", ROOM_ID)
        alice.say("last words", ROOM_ID)
        assert server.terminate() == 0
    server.start()
    with Client(server.url) as alice:
        history = alice.enter("alice", ROOM_ID)["data"]["object"]["attachments"][1]["attachments"]
        assert len(history) == 1
