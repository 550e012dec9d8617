"""Lengths of bodies that are no lengths, over real TCP."""

from __future__ import annotations

import socket
from collections.abc import Callable

from tests.running import RunningServer

DIGITS = b"9" * 5000


def status_of(port: int, headers: bytes) -> bytes:
    """The status of a call with these headers, after which the server closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as raw:
        raw.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n\r\n")
        answer = b""
        while part := raw.recv(65536):
            answer += part
    return answer.split()[1]


def test_a_length_that_nobody_can_have_is_answered_with_400(run_server: Callable[..., RunningServer]) -> None:
    server = run_server()
    for port in (server.settings.public, server.settings.backend):
        for headers in (
            b"Content-Length: " + DIGITS,
            b"content-LENGTH:" + DIGITS + b"\r\nX-Other: 1",
            b"Content-Length:\r\n " + DIGITS,
            b"Content-Length: -1",
            b"Content-Length: 5 5",
        ):
            assert status_of(port, headers) == b"400"
    assert "Traceback" not in server.log
