"""GET /metrics: what it says is what clients did."""

from __future__ import annotations

import urllib.request
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.clients import Client
from tests.running import ROOM_ID, RunningServer, wait_until

Sample = tuple[str, str]
EXTRA = """
[[backend.keys]]
name = "rooms"
key = "rooms-key"
scopes = ["rooms"]
"""


def look(server: RunningServer) -> dict[Sample, float]:
    """Every sample but buckets, by name and the value of its label."""
    with urllib.request.urlopen(f"http://127.0.0.1:{server.settings.backend}/metrics") as response:
        assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        text = response.read().decode()
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {(one.name, "".join(one.labels.values())): one.value for one in samples if not one.name.endswith("_bucket")}


@pytest.fixture
def grown(shared_server: RunningServer) -> Callable[[], dict[Sample, float]]:
    """Asks how much everything has grown since the test began, when those of the test before were gone."""
    wait_until(lambda: ("chat_connections", "websocket") not in look(shared_server))
    before = look(shared_server)

    def compare() -> dict[Sample, float]:
        now = look(shared_server)
        return defaultdict(float, {key: value - before.get(key, 0) for key, value in now.items()})

    return compare


def test_what_clients_do_shows(enter: Callable[..., Client], grown: Callable[[], dict[Sample, float]]) -> None:
    alice, bob = enter("alice"), enter("bob")
    joined = grown()
    for text in ("one", "two", "three"):
        assert alice.say(text, ROOM_ID)["status_code"] == 200
    assert alice.say("", ROOM_ID)["status_code"] == 700
    alice.sync()
    bob.sync()
    more = grown()
    assert more["chat_connections", "websocket"] == more["chat_logged_in", ""] == more["chat_users_online", ""] == 2
    assert more["chat_messages_total", "room"] == more["chat_events_total", "message"] == 3
    assert more["chat_deliveries_total", ""] - joined["chat_deliveries_total", ""] == 6
    assert more["chat_refusals_total", "700"] == 1
    assert more["chat_command_seconds_count", "message"] == 4
    assert more["chat_command_seconds_sum", "message"] > 0
    assert more["chat_command_seconds_count", "login"] == more["chat_command_seconds_count", "join"] == 2
    assert more["chat_bytes_total", "in"] > 500
    assert more["chat_bytes_total", "out"] > 1000
    assert more["chat_store_commit_seconds_count", ""] > 0


def test_what_is_over_still_counts(enter: Callable[..., Client], grown: Callable[[], dict[Sample, float]]) -> None:
    carol = enter("carol")
    before = grown()
    carol.socket.close()
    wait_until(lambda: grown()["chat_connections", "websocket"] == 0)
    after = grown()
    assert after["chat_users_online", ""] == after["chat_logged_in", ""] == 0
    assert after["chat_bytes_total", "in"] >= before["chat_bytes_total", "in"] > 0
    assert after["chat_closings_total", "1000"] == 1
    assert after["chat_command_seconds_count", "disconnect"] == 1


def test_what_does_not_change_by_itself(shared_server: RunningServer) -> None:
    found = look(shared_server)
    assert found["chat_rooms", "static"] == 1
    assert found["chat_rooms", "admin"] == 1
    assert found["chat_store_waiting", ""] == found["chat_observer_failures_total", "ban"] == 0
    assert found["process_resident_memory_bytes", ""] > 0
    wait_until(lambda: look(shared_server)["chat_reactor_lag_seconds_count", ""] > 0)


def test_calls_of_backends_show(shared_server: RunningServer, grown: Callable[[], dict[Sample, float]]) -> None:
    assert shared_server.rest("GET", "/reports")[0] == 200
    assert shared_server.rest("GET", "/reports?limit=0")[0] == 400
    assert shared_server.http("GET", "/invented/by/whoever")[0] == 401
    assert shared_server.rest("POST", "/mute", b" " * 2_000_000)[0] == 413
    more = grown()
    assert more["chat_call_seconds_count", "GET /reports"] == 2
    assert more["chat_call_seconds_count", "none"] == 1
    assert [more["chat_calls_total", status] for status in ("200", "400", "401", "413")] == [1, 1, 1, 1]


def test_who_may_look(shared_server: RunningServer) -> None:
    forwarded = {"X-Forwarded-For": "192.0.2.1"}
    assert shared_server.http("GET", "/metrics", headers=forwarded)[0] == 401
    assert shared_server.http("GET", "/metrics", headers=forwarded, key="rooms-key")[0] == 403
    assert shared_server.http("POST", "/metrics", b"")[0] == 405
    assert shared_server.http("GET", "/metrics/deeper")[0] == 404


def test_many_look_at_once(shared_server: RunningServer) -> None:
    with ThreadPoolExecutor(20) as threads:
        found = list(threads.map(lambda number: look(shared_server), range(100)))
    assert all(one["chat_rooms", "static"] == 1 for one in found)
