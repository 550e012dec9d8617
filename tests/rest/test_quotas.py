"""How much callers may ask: of real servers, and of the clock."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from uuid import uuid4

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.task import Clock
from twisted.web.test.requesthelper import DummyRequest

from chat.buckets import Rate
from chat.config import Backend, BackendKey, Config
from chat.web import quotas
from chat.web.auth import Keys, keys_of
from chat.web.json import HttpProblem
from chat.web.quotas import CallRates, Guesses
from tests.running import KEY, ROOM_ID, RunningServer

Run = Callable[..., RunningServer]
MUTED = f"/muted?room_id={ROOM_ID}"
OTHER = '[[backend.keys]]\nname = "other"\nkey = "other-key"\n'
LONG = "0123456789abcdef"
HERE, THERE = b"\x7f\0\0\1", b"\x0a\0\0\1"


def refusal(server: RunningServer, key: str) -> tuple[int, int, Any]:
    """Status, Retry-After and body of a call that is refused."""
    url = f"http://127.0.0.1:{server.settings.backend}{MUTED}"
    with pytest.raises(HTTPError) as refused:
        urlopen(Request(url, headers={"Authorization": f"Bearer {key}"}), timeout=30)
    with refused.value as error:
        return error.code, int(error.headers["Retry-After"] or 0), error.read()


def test_each_key_has_its_calls(run_server: Run) -> None:
    server = run_server(f"[rest]\ncalls_per_s = 0.001\nburst = 3\n{OTHER}")
    assert [server.rest("GET", MUTED)[0] for _ in range(3)] == [200, 200, 200]
    status, wait_s, body = refusal(server, KEY)
    assert (status, body) == (429, b'{"status_code":500,"data":"too many calls with this key"}')
    assert 900 < wait_s <= 1000
    assert server.http("GET", MUTED, key="other-key")[0] == 200
    assert "tests GET /muted 429, " in server.log
    server.signal(signal.SIGHUP)
    server.wait_for_log("reloaded: ")
    assert server.rest("GET", MUTED)[0] == 429, "who is out of calls stays so"


def test_guessing_becomes_slow_and_shuts_nobody_out(run_server: Run) -> None:
    server = run_server(OTHER)
    assert server.rest("GET", MUTED)[0] == 200
    tried = 0
    while (refused := refusal(server, f"attempt-{tried}"))[0] == 401:
        tried += 1
        assert tried < 200
    assert tried >= 20
    assert refused == (429, 1, b'{"status_code":500,"data":"too many wrong keys from this address"}')
    assert server.rest("GET", MUTED)[0] == 200
    assert "attempt" not in server.log


def guess(server: RunningServer) -> None:
    """Try different keys until that is slow."""
    statuses = (refusal(server, f"attempt-{uuid4()}")[0] for _ in range(200))
    assert next(status for status in statuses if status != 401) == 429


def test_guessing_shuts_out_no_key_in_force(run_server: Run) -> None:
    """Neither across a reload, nor one that nobody guesses and that comes for the first time."""
    server = run_server(f'[[backend.keys]]\nname = "long"\nkey = "{LONG}"\n{OTHER}')
    assert server.rest("GET", MUTED)[0] == 200
    guess(server)
    server.signal(signal.SIGHUP)
    server.wait_for_log("reloaded: ")
    guess(server)
    assert server.rest("GET", MUTED)[0] == 200
    assert server.http("GET", MUTED, key=LONG)[0] == 200


def test_which_keys_wait_while_guessing_is_slow() -> None:
    keys = Keys((), Rate(1, 100), Clock().seconds)
    config = Config(backend=Backend(keys=tuple(BackendKey(name=name, key=name) for name in (LONG, "new", "old"))))
    in_force = keys_of(config, ())
    keys.replace(in_force)

    def status(given: str) -> int:
        request: Any = DummyRequest([b""])
        request.requestHeaders.setRawHeaders("Authorization", [f"Bearer {given}"])
        request.client = IPv4Address("TCP", "127.0.0.1", 1)
        try:
            return 200 if keys.identify(request).name == given else 0
        except HttpProblem as problem:
            return problem.status

    assert [status(given) for given in ("old", *map(str, range(20)))] == [200] + [401] * 20
    assert [status(given) for given in (LONG, LONG[:-1], "new", "old")] == [200, 429, 429, 200]
    keys.replace(in_force)
    assert [status(given) for given in (LONG, LONG[:-1], "new", "old")] == [200, 429, 429, 200]
    keys.replace(in_force[:2])
    assert [status(given) for given in (LONG, LONG[:-1], "new", "old")] == [200, 429, 429, 429]


def test_a_short_key_is_not_told_from_a_wrong_one_while_guessing_is_slow() -> None:
    clock = Clock()
    guesses = Guesses(clock.seconds)
    for number in range(20):
        guesses.check(HERE, b"%d" % number)
        guesses.was_wrong(HERE, b"%d" % number)
    with pytest.raises(HttpProblem) as refused:
        guesses.check(HERE, b"good")
    assert (refused.value.status, refused.value.headers) == (429, {"Retry-After": "1"})
    guesses.check(THERE, b"good")
    guesses.check(None, b"good")
    clock.advance(1)
    guesses.check(HERE, b"good")


def test_a_wrong_key_that_comes_again_is_no_guess() -> None:
    guesses = Guesses(Clock().seconds)
    for _ in range(100):
        for digest in (b"former", b"older"):
            guesses.check(HERE, digest)
            guesses.was_wrong(HERE, digest)
    guesses.check(HERE, b"new")


def test_keys_that_are_replaced_are_forgotten() -> None:
    guesses = Guesses(Clock().seconds)
    for good in (b"good", b"former"):
        guesses.was_good(HERE, good)
    for number in range(20):
        guesses.was_wrong(HERE, b"%d" % number)
    for digest in (b"good", b"former", b"19"):
        guesses.check(HERE, digest)
    guesses.keep((b"good", b"new"))
    guesses.check(HERE, b"good")
    for digest in (b"former", b"new", b"19"):
        with pytest.raises(HttpProblem):
            guesses.check(HERE, digest)


def test_not_every_address_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quotas, "ADDRESSES", 3)
    guesses = Guesses(Clock().seconds)
    places = [b"%04d" % number for number in range(3)]
    for place in places:
        for number in range(20):
            guesses.was_wrong(place, b"%d" % number)
    guesses.was_good(places[0], b"good")
    guesses.was_wrong(b"next", b"x")
    guesses.check(places[1], b"new")
    for place in (places[0], places[2]):
        with pytest.raises(HttpProblem):
            guesses.check(place, b"new")


def test_calls_come_back_with_time_and_go_with_their_key() -> None:
    clock = Clock()
    rates = CallRates(Rate(2, 2), clock.seconds)
    for name in ("a", "b"):
        rates.take(name)
        rates.take(name)
        with pytest.raises(HttpProblem):
            rates.take(name)
    clock.advance(0.5)
    rates.take("a")
    with pytest.raises(HttpProblem):
        rates.take("a")
    rates.keep(name for name in ("a", "c"))
    with pytest.raises(HttpProblem):
        rates.take("a")
    rates.take("b")
    rates.take("b")
