"""Some hostile bytes over TCP against a server process: on open WebSocket connections, and HTTP of all kinds."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.calls import Call, calls
from tests.hostile.payloads import payloads
from tests.hostile.seeds import EXAMPLES
from tests.hostile.siege import siege
from tests.hostile.storm import storm
from tests.hostile.volleys import volleys
from tests.running import KEY


def test_payloads(tmp_path: Path) -> None:
    with siege(tmp_path) as attacked:
        storm(payloads(EXAMPLES), attacked.strike, 1, attacked.tally.until(250))
        assert {4007, None} <= attacked.tally.closes.keys()


def test_volleys(tmp_path: Path) -> None:
    with siege(tmp_path) as attacked:
        storm(volleys(), attacked.batter, 1, attacked.tally.until(300))
        assert {1000, 1002, None} <= attacked.tally.closes.keys()


def test_calls(tmp_path: Path) -> None:
    with siege(tmp_path) as attacked:
        storm(calls(), attacked.call, 1, attacked.calls.until(300))
        assert {101, 200, 400, 401, 404} <= attacked.calls.statuses.keys()


def test_what_follows_a_call_is_a_call_too(tmp_path: Path) -> None:
    """Without a length a body is the next request: the answers to both are looked at, each by itself."""
    data = b"POST /mute HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %b\r\n\r\n5\r\nhello\r\n0\r\n\r\n" % KEY.encode()
    with siege(tmp_path) as attacked:
        attacked.call(Call(data, is_public=False, is_whole=False))
        assert attacked.calls.statuses == {400: 1}
