"""The files of the pages, over real HTTP."""

from __future__ import annotations

import http.client
import re
from collections.abc import Callable, Iterator
from importlib.resources import files

import pytest

from tests.running import RunningServer


@pytest.fixture
def connection(run_server: Callable[..., RunningServer]) -> Iterator[http.client.HTTPConnection]:
    client = http.client.HTTPConnection("127.0.0.1", run_server().settings.public, timeout=30)
    yield client
    client.close()


def test_every_file_over_one_connection(connection: http.client.HTTPConnection) -> None:
    for file in files("chat.web").joinpath("static").iterdir():
        connection.request("GET", f"/{file.name}")
        response = connection.getresponse()
        assert response.status == 200
        assert response.read() == file.read_bytes()
        assert response.getheader("Content-Security-Policy", "").startswith("default-src 'self'")
        assert response.getheader("X-Content-Type-Options") == "nosniff"


def test_the_page_is_at_the_root(connection: http.client.HTTPConnection) -> None:
    connection.request("GET", "/")
    response = connection.getresponse()
    assert response.getheader("Content-Type") == "text/html; charset=utf-8"
    assert b"<html" in response.read()


@pytest.mark.parametrize(
    "path",
    ["/none.js", "/../config.py", "/%2e%2e/config.py", "/.hidden", "/%00", "/a%00b.js", "/ws/x/../../etc/passwd"],
)
def test_nothing_else_is_served(connection: http.client.HTTPConnection, path: str) -> None:
    connection.request("GET", path)
    response = connection.getresponse()
    assert response.status in {400, 404, 426}
    assert b"import" not in response.read()


@pytest.mark.parametrize(
    "ranges", ["bytes=0-0", "bytes=99999999999999999999-", ",".join(["bytes=0-0"] + ["0-0"] * 900)]
)
def test_a_file_is_served_as_a_whole(run_server: Callable[..., RunningServer], ranges: str) -> None:
    server = run_server()
    client = http.client.HTTPConnection("127.0.0.1", server.settings.public, timeout=30)
    client.request("GET", "/index.html", headers={"Range": ranges})
    response = client.getresponse()
    assert response.status == 200
    assert response.read().endswith(b"</html>\n")
    client.close()
    assert "Traceback" not in server.log


def test_a_file_is_served_again_unless_it_is_known(run_server: Callable[..., RunningServer]) -> None:
    server = run_server()
    client = http.client.HTTPConnection("127.0.0.1", server.settings.public, timeout=30)
    later = "Fri, 01 Jan 2100 00:00:00 GMT"
    since = {";": 200, " ; ": 200, "9" * 5000: 200, "Mon, 99 Foo 99999 99:99:99": 200, later: 304, f"{later}; x": 304}
    for date, status in since.items():
        client.request("GET", "/index.html", headers={"If-Modified-Since": date})
        response = client.getresponse()
        assert (response.status, bool(response.read())) == (status, status == 200)
    client.close()
    assert "Traceback" not in server.log


@pytest.fixture
def backend(run_server: Callable[..., RunningServer]) -> Iterator[http.client.HTTPConnection]:
    client = http.client.HTTPConnection("127.0.0.1", run_server().settings.backend, timeout=30)
    yield client
    client.close()


def test_the_page_for_moderators_needs_no_key(backend: http.client.HTTPConnection) -> None:
    seen, waiting = set[str](), {"index.html"}
    while waiting:
        name = waiting.pop()
        backend.request("GET", f"/admin/{name}")
        response = backend.getresponse()
        assert response.status == 200, name
        policy = response.getheader("Content-Security-Policy", "")
        assert policy.startswith("default-src 'self'; frame-ancestors 'none'")
        assert response.getheader("Referrer-Policy") == "no-referrer"
        seen.add(name)
        text = response.read().decode()
        waiting |= set(re.findall(r"(?:from|href=|src=) ?\"(?:\./)?([a-z0-9.]+)\"", text)) - seen
    assert {file.name for file in files("chat.web").joinpath("admin").iterdir()} < seen
    assert {"dom.js", "look.css", "favicon.svg"} < seen


def test_the_folder_of_moderators_has_a_slash(backend: http.client.HTTPConnection) -> None:
    backend.request("GET", "/admin", headers={"Host": "elsewhere.invalid"})
    response = backend.getresponse()
    assert (response.status, response.getheader("Location")) == (302, "admin/")
    response.read()
    backend.request("GET", "/admin/")
    assert b"Moderation" in backend.getresponse().read()


@pytest.mark.parametrize("path", ["main.js/", "client.js", "../static/client.js", "%2e%2e/static/client.js", "none"])
def test_nothing_else_is_served_to_moderators(backend: http.client.HTTPConnection, path: str) -> None:
    backend.request("GET", f"/admin/{path}")
    response = backend.getresponse()
    assert response.status in {401, 404}
    assert b"import" not in response.read()


def test_moderators_have_no_page_on_the_public_endpoint(connection: http.client.HTTPConnection) -> None:
    connection.request("GET", "/admin/")
    assert connection.getresponse().status == 404
