"""The backend endpoint, called over real HTTP, its effects seen through a real WebSocket."""

from __future__ import annotations

import http.client
import json
import socket
import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from chat.texts import base64_of
from tests.clients import Client
from tests.running import KEY, ROOM_ID, RunningServer

EXTRA = """
[[backend.keys]]
name = "reader"
key = "reader-key"
scopes = ["read"]
[[backend.keys]]
name = "rooms"
key = "rooms-key"
scopes = ["rooms"]
[[backend.keys]]
name = "moderator"
key = "moderator-key"
scopes = ["moderate"]
"""
GENERAL = base64_of("General")


@pytest.fixture
def server(shared_server: RunningServer) -> RunningServer:
    return shared_server


@pytest.fixture
def alice(enter: Callable[..., Client]) -> Client:
    return enter("alice")


def test_mute_and_unmute(server: RunningServer, alice: Client) -> None:
    body = {"alice": {"room_name": GENERAL, "duration": "99m", "reason": base64_of("why"), "muter_user_id": "alice"}}
    assert server.rest("POST", "/mute", body) == (200, {"status_code": 200, "data": {"status": "OK"}})
    assert alice.wait_for("gn_mute")["object"]["summary"] == "99m"
    assert alice.say("x", ROOM_ID)["status_code"] == 703
    answer = server.rest("GET", "/muted", {"room_id": ROOM_ID})[1]
    entry = answer["data"]["alice"]
    assert entry.pop("timestamp").endswith("Z")
    shown = {"room_name": GENERAL, "muter_user_id": "alice", "duration": "99m", "reason": base64_of("why")}
    assert entry == {"room_id": ROOM_ID} | shown
    for names in ({"user_ids": ["alice", "bob"]}, {"users": ["alice", "bob"]}):
        answer = server.rest("GET", "/muted", names)[1]["data"]
        assert answer["alice"][ROOM_ID].items() >= shown.items()
        assert answer["bob"] == {}
    assert server.rest("GET", "/muted?user_ids=alice&user_ids=bob")[1]["data"] == answer
    assert set(server.rest("GET", f"/muted?room_id={ROOM_ID}")[1]["data"]) == {"alice"}
    assert server.rest("DELETE", "/mute", {"user_id": "alice", "room_id": ROOM_ID})[0] == 200
    alice.wait_for("gn_unmute")
    assert alice.say("x", ROOM_ID)["status_code"] == 200
    assert server.rest("GET", "/muted", {"room_id": ROOM_ID})[1]["data"] == {}


def test_broadcast(server: RunningServer, alice: Client) -> None:
    assert server.rest("POST", "/broadcast", {"body": base64_of("hi there"), "verb": "anything"})[0] == 200
    heard = alice.wait_for("gn_broadcast")
    assert heard["actor"] == {"id": "0", "displayName": base64_of("admin")}
    assert (heard["content"], heard["verb"], heard["provider"]) == (base64_of("hi there"), "anything", {"id": "dev"})
    assert "target" not in heard
    with Client(server.url) as outside:
        outside.login("bob")
        body = {"body": base64_of("you"), "verb": "broadcast", "room_name": GENERAL}
        assert server.rest("POST", "/broadcast", body)[0] == 200
        heard = alice.wait_for("gn_broadcast")
        assert heard["target"] == {"id": ROOM_ID, "displayName": GENERAL, "objectType": "room"}
        outside.sync()
        assert outside.heard("gn_broadcast") == []
    longest = {"body": base64_of("\U0001f600" * 10_000), "verb": "\U0001f600" * 64, "room_id": ROOM_ID}
    assert server.rest("POST", "/broadcast", longest)[0] == 200
    assert alice.wait_for("gn_broadcast")["content"] == longest["body"]
    with sqlite3.connect(server.settings.folder / "data" / "chat.db") as database:
        rows = database.execute(
            "SELECT key_name, actor_id, action, room_id FROM audit WHERE action = 'broadcast' AND key_name = 'tests'"
        ).fetchall()
    database.close()
    assert rows == [("tests", "0", "broadcast", None)] + [("tests", "0", "broadcast", ROOM_ID)] * 2


def test_reports(server: RunningServer, alice: Client) -> None:
    assert server.rest("GET", "/reports")[1]["data"] == {"items": [], "next": None}
    said = [alice.say(text, ROOM_ID)["data"]["id"] for text in ("rude", "ruder", "rüdest")]
    with Client(server.url) as bob:
        bob.enter("bob", ROOM_ID)
        for message_id in said:
            shown = {"id": message_id, "content": base64_of("?"), "summary": base64_of("why")}
            body = {"verb": "report", "object": shown, "target": {"id": "alice"}}
            assert bob.call("report", body) == {"status_code": 200}
    newest = server.http("GET", "/reports?limit=2", key="reader-key")[1]["data"]
    assert [item["message_id"] for item in newest["items"]] == said[:0:-1]
    oldest = server.rest("GET", "/reports", {"limit": 2, "before": newest["next"]})[1]["data"]
    assert [item["message_id"] for item in oldest["items"]] == said[:1]
    assert oldest["next"] is None
    item = newest["items"][0]
    assert item.pop("timestamp").endswith("Z")
    assert item.pop("id") not in said
    assert item == {
        "message_id": said[2],
        "body": base64_of("rüdest"),
        "user_id": "alice",
        "user_name": base64_of("alice"),
        "room_id": ROOM_ID,
        "room_name": GENERAL,
        "reporter_id": "bob",
        "reporter_name": base64_of("bob"),
        "reason": base64_of("why"),
    }


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/mute", b"{", 400),
        ("POST", "/mute", b"[" * 100_000, 400),
        ("POST", "/mute", b"\xff", 400),
        ("POST", "/mute", [], 400),
        ("POST", "/mute", {}, 400),
        ("POST", "/mute", {"alice": {}}, 400),
        ("POST", "/mute", {"alice": {"room_id": 5, "duration": "1h"}}, 400),
        ("POST", "/mute", {"alice": {"duration": "1h"}}, 400),
        ("POST", "/mute", {"alice": {"room_id": ROOM_ID, "duration": "1 h"}}, 400),
        ("POST", "/mute", {"alice": {"room_id": ROOM_ID, "duration": "-1h"}}, 400),
        ("POST", "/mute", {"alice": {"room_id": ROOM_ID, "duration": "1h", "reason": "!"}}, 400),
        ("POST", "/mute", {"alice": {"room_id": "nowhere", "duration": "1h"}}, 404),
        ("POST", "/mute", {"alice": {"room_name": base64_of("nowhere"), "duration": "1h"}}, 404),
        ("POST", "/mute", {"alice": {"room_name": "!", "duration": "1h"}}, 400),
        ("POST", "/mute", {"nobody": {"room_id": ROOM_ID, "duration": "1h"}}, 404),
        ("POST", "/mute", {"alice": {"room_id": ROOM_ID, "duration": "1h", "muter_user_id": "nobody"}}, 404),
        ("DELETE", "/mute", {"user_id": "nobody", "room_id": ROOM_ID}, 404),
        ("DELETE", "/mute", {"user_id": "alice"}, 400),
        ("GET", "/muted", None, 400),
        ("GET", "/muted", {"user_ids": "alice"}, 400),
        ("POST", "/broadcast", {"body": "!", "verb": "x"}, 400),
        ("POST", "/broadcast", {"verb": "x"}, 400),
        ("POST", "/broadcast", {"body": base64_of("x" * 10_001), "verb": "x"}, 400),
        ("POST", "/broadcast", {"body": "eA==", "verb": "x" * 65}, 400),
        ("POST", "/broadcast", {"body": "eA==", "verb": "x\0"}, 400),
        ("POST", "/broadcast", {"body": "eA==", "verb": "x", "room_id": "nowhere"}, 404),
        ("GET", "/reports?limit=0", None, 400),
        ("GET", "/reports", {"limit": 101}, 400),
        ("PUT", "/mute", {}, 405),
        ("GET", "/nothing", None, 404),
        ("GET", "/", None, 404),
        ("GET", "/mute/deeper", None, 404),
        ("POST", "/mute", b" " * 2_000_000, 413),
    ],
)
def test_bad_calls(server: RunningServer, alice: Client, method: str, path: str, body: Any, status: int) -> None:
    answered, answer = server.rest(method, path, body)
    assert answered == status
    assert set(answer) == {"status_code", "data"}
    assert answer["status_code"] == 500
    assert isinstance(answer["data"], str)
    assert "Traceback" not in answer["data"]
    assert alice.say("still here", ROOM_ID)["status_code"] == 200
    assert alice.heard("gn_mute") == alice.heard("gn_broadcast") == []


def test_keys_and_scopes(server: RunningServer) -> None:
    body = {"body": base64_of("x"), "verb": "x"}
    assert server.http("POST", "/broadcast", body)[0] == 401
    assert server.http("POST", "/broadcast", body, key="wrong")[0] == 401
    assert server.http("POST", "/broadcast", body, headers={"Authorization": f"Basic {KEY}"})[0] == 401
    assert server.http("POST", "/broadcast", body, key="reader-key")[0] == 403
    assert server.http("POST", "/broadcast", body, key="rooms-key")[0] == 403
    assert server.http("POST", "/broadcast", body, key="moderator-key")[0] == 200
    for key, status in (("reader-key", 200), ("moderator-key", 200), ("rooms-key", 403)):
        assert server.http("GET", f"/muted?room_id={ROOM_ID}", key=key)[0] == status
    assert KEY not in server.log


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "\xff", ""])
def test_a_body_is_json_whatever_its_type_is_said_to_be(server: RunningServer, kind: str) -> None:
    for method, path, body in (
        ("GET", "/muted", {"room_id": ROOM_ID}),
        ("POST", "/broadcast", {"body": base64_of("x=1&y=2"), "verb": "a=b&c"}),
        ("DELETE", "/mute", {"user_id": "nobody", "room_id": "nowhere"}),
    ):
        status = server.http(method, path, body, key=KEY, headers={"Content-Type": kind})[0]
        assert status == (404 if method == "DELETE" else 200), method


def test_method_not_allowed_says_what_is(server: RunningServer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.settings.backend, timeout=30)
    connection.request("PUT", "/mute", headers={"Authorization": f"Bearer {KEY}"})
    response = connection.getresponse()
    assert (response.status, response.getheader("Allow")) == (405, "DELETE, POST")
    connection.close()


def test_a_chunked_body_is_bounded_too(server: RunningServer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.settings.backend, timeout=30)
    connection.putrequest("POST", "/mute")
    connection.putheader("Transfer-Encoding", "chunked")
    connection.endheaders()
    try:
        for _ in range(40):
            connection.send(b"%x\r\n%b\r\n" % (65536, b" " * 65536))
    except OSError:
        pass
    response = connection.getresponse()
    assert response.status == 413
    assert json.loads(response.read())["status_code"] == 500
    connection.close()


def test_a_body_that_is_refused_has_no_effect(server: RunningServer, alice: Client) -> None:
    call = json.dumps({"body": base64_of("executed"), "verb": "x"}).encode()
    padding = b" " * 1_100_000
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (call, padding, padding, b" "))
    request = (
        f"POST /broadcast HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.settings.backend), timeout=30) as raw:
        raw.sendall(request.encode() + chunks + b"0\r\n\r\n")
        answer = b""
        while part := raw.recv(65536):
            answer += part
    assert answer.count(b"HTTP/1.1") == 1
    assert answer.startswith(b"HTTP/1.1 413")
    alice.sync()
    assert alice.heard("gn_broadcast") == []


def test_odd_headers_and_methods(server: RunningServer) -> None:
    for path in ("/muted", "/nothing"):
        assert server.http("GET", path)[0] == 401
    odd = {"Authorization": "Bearer \xff", "X-Forwarded-For": "x"}
    assert server.http("GET", "/muted", headers=odd)[0] == 401
    assert server.http("GET", "/healthz", headers=odd)[0] == 401
    assert server.http("POST", "/healthz", b"")[0] == 405
    assert server.http("GET", "/healthz/deeper")[0] == 404
    assert "Traceback" not in server.log


def test_legacy_status(run_server: Callable[..., RunningServer]) -> None:
    server = run_server("[rest]\nlegacy_http_status = true")
    status, answer = server.rest("GET", "/muted", {"room_id": "nowhere"})
    assert (status, answer["status_code"]) == (200, 500)
    status, answer = server.rest("POST", "/mute", b" " * 2_000_000)
    assert (status, answer["status_code"]) == (200, 500)
    server.wait_for_log("POST /mute 413, ")


def test_health(server: RunningServer) -> None:
    assert server.http("GET", "/healthz") == (200, {"status": "ok"})
    assert server.http("GET", "/readyz") == (200, {"status": "ok"})
    forwarded = {"X-Forwarded-For": "192.0.2.1"}
    assert server.http("GET", "/healthz", headers=forwarded)[0] == 401
    assert server.http("GET", "/healthz", headers=forwarded, key="reader-key")[0] == 200
