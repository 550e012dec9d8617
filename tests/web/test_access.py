"""What the log says of every request, over real HTTP, and what it never says."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable
from typing import Any
from urllib.request import Request, urlopen

import pytest
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.interfaces import IAddress

from chat.web.access import peer_of
from tests.running import KEY, PLUGINS, ROOM_ID, RunningServer, wait_until

Run = Callable[..., RunningServer]
LINE = re.compile(
    r"\S+Z \[chat\.web\.access#info\] (\S+) (\S+) (\S+) (\d+), ([\d.]+) ms, (\d+) bytes in, (\d+) out, (\S+), id (\S+)"
)


def raw_call(port: int, sent: bytes) -> bytes:
    """What comes back until the server closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(sent)
        answer = b""
        while part := connection.recv(65536):
            answer += part
    return answer


def lines_about(server: RunningServer, path: str) -> list[tuple[str, ...]]:
    """The groups of all lines about requests of a path, which are there when the next answer is."""
    assert server.is_ready()
    found = [LINE.fullmatch(line) for line in server.log.splitlines()]
    return [one.groups() for one in found if one is not None and one[3] == path]


def test_every_call_is_one_line(run_server: Run) -> None:
    server = run_server()
    body = {"room_id": ROOM_ID}
    assert server.rest("GET", "/muted", body)[0] == 200
    assert server.rest("GET", f"/muted?room_id={ROOM_ID}")[0] == 200
    assert server.http("GET", "/muted", body)[0] == 401
    assert server.rest("PUT", "/muted", body)[0] == 405
    assert server.rest("POST", "/muted", b" " * 2_000_000)[0] == 413
    lines = lines_about(server, "/muted")
    asked = str(len(json.dumps(body)))
    assert [line[:4] + line[5:6] for line in lines] == [
        ("tests", "GET", "/muted", "200", asked),
        ("tests", "GET", "/muted", "200", "0"),
        ("-", "GET", "/muted", "401", asked),
        ("tests", "PUT", "/muted", "405", asked),
        ("-", "POST", "/muted", "413", "0"),
    ]
    answer = json.dumps({"status_code": 200, "data": {}}, separators=(",", ":"))
    assert lines[0][6] == str(len(answer))
    assert all(line[7].startswith("tcp4:127.0.0.1:") for line in lines)
    assert "room_id=" not in server.log


def test_a_call_has_the_id_that_the_caller_gave_it(run_server: Run) -> None:
    server = run_server('[log]\nformat = "json"')
    given = {"good-1/2:3": True, "x" * 128: True, "x" * 129: False, "two words": False, "\xe9": False, "": False}
    for name, is_taken in given.items():
        headers = {"Authorization": f"Bearer {KEY}", "X-Request-Id": name}
        url = f"http://127.0.0.1:{server.settings.backend}/muted?room_id={ROOM_ID}"
        with urlopen(Request(url, headers=headers), timeout=30) as response:
            request_id = response.headers["X-Request-Id"]
        assert (request_id == name) is is_taken
        line = json.loads([line for line in server.log.splitlines() if f'"{request_id}"' in line][-1])
        expected = {"namespace": "chat.web.access", "level": "info", "key": "tests", "method": "GET", "path": "/muted"}
        assert line.items() >= (expected | {"status": 200, "bytes_in": 0}).items()
        assert line["ms"] >= 0


def test_a_caller_who_is_gone_is_one_line_too(run_server: Run) -> None:
    server = run_server(f'{PLUGINS}[plugins.staged]\ngate = "gate"')
    with socket.create_connection(("127.0.0.1", server.settings.backend), timeout=30) as caller:
        caller.sendall(b"GET /wait HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %b\r\n\r\n" % KEY.encode())
        wait_until((server.settings.folder / "gate.called").exists)
    wait_until(lambda: "GET /wait 499, " in server.log)
    (server.settings.folder / "gate").touch()
    assert [line[:4] for line in lines_about(server, "/wait")] == [("tests", "GET", "/wait", "499")]


def test_no_key_gets_into_the_log(run_server: Run) -> None:
    """Neither a good one nor a wrong one, however wrong the request is; and nobody writes a line of their own."""
    server = run_server(f'[log]\nlevel = "debug"\n{PLUGINS}[plugins.staged]\ngate = "gate"')
    wrong, good = b"hush-hush-hush", KEY.encode()
    port = server.settings.backend
    for key in (good, wrong):
        bearer = b"Authorization: Bearer %b\r\n" % key
        for request in (
            b"GET /muted?key=%b HTTP/1.1\r\n%b\r\n" % (key, bearer),
            b"GET /muted HTTP/1.1\r\n%bContent-Length: x\r\n\r\n" % bearer,
            b"GET /muted HTTP/1.1\r\n%bTransfer-Encoding: odd\r\n\r\n" % bearer,
            b"GET /muted HTTP/1.1\r\n%bno header\r\n\r\n" % bearer,
            b"%b\r\n\r\n" % bearer,
            b"GET /muted HTTP/1.1\r\n%b: x\r\n\r\n" % bearer.strip(),
            b"POST /mute HTTP/1.1\r\n%bContent-Length: 2000000\r\n\r\n" % bearer,
            b"POST /mute HTTP/1.1\r\n%bTransfer-Encoding: chunked\r\n\r\nnonsense\r\n" % bearer,
            b"POST /mute HTTP/1.1\r\nReferer: %b\r\nUser-Agent: %b\r\n%bContent-Length: 1\r\n\r\n{"
            % (key, key, bearer),
            b"POST /\x1b[2J\x85mute\xff HTTP/1.0\r\n%b\r\n" % bearer,
        ):
            with_end = request.replace(b"HTTP/1.1\r\n", b"HTTP/1.1\r\nConnection: close\r\n", 1)
            with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
                connection.sendall(with_end)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):
                    pass
    server.stop()
    assert server.log.count("chat.web.access#info") >= 8
    for secret in (KEY, "hush", "Bearer", "\x1b", "\x85"):
        assert secret not in server.log
    assert "Traceback" not in server.log


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (IPv4Address("TCP", "127.0.0.1", 5), "tcp4:127.0.0.1:5"),
        (IPv6Address("TCP", "::1", 5), "tcp6:::1:5"),
        (UNIXAddress("/run/chat"), "unix"),
    ],
)
def test_peers(address: Any, shown: str) -> None:
    assert IAddress.providedBy(address)
    assert peer_of(address) == shown
