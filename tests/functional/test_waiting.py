"""Many messages for a user who is away: all come with the next login, in order, and not all at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from chat.texts import base64_of
from tests.clients import Client
from tests.raw import RawClient, text
from tests.running import RunningServer

LARGE, FACES = 200, "\U0001f600" * 9_990
MANY, AT_ONCE, WORDS = 10_000, 50, "x" * 1_000
# What the server may need more than before, while ten thousand messages of together some 15 MB pass through.
GROWTH_KB = 12_000


def peak_kb(server: RunningServer) -> int:
    """The most memory that the server ever had resident."""
    lines = Path(f"/proc/{server.pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def private(number: int) -> dict[str, Any]:
    content = base64_of(f"{number} {WORDS}")
    return {"verb": "send", "target": {"id": "bob", "objectType": "private"}, "object": {"content": content}}


def say_all(client: Client) -> Iterator[str]:
    """Send them, some at a time; their ids."""
    for start in range(0, MANY, AT_ONCE):
        asked = [client.send("message", private(number)) for number in range(start, start + AT_ONCE)]
        for reply in map(client.reply, asked):
            assert reply["status_code"] == 200
            yield reply["data"]["id"]


def test_all_come_in_order_with_a_bounded_memory(run_server: Callable[..., RunningServer]) -> None:
    server = run_server()
    with Client(server.url) as bob:
        assert bob.login("bob")["status_code"] == 200
    with Client(server.url) as alice:
        assert alice.login("alice")["status_code"] == 200
        sent = list(say_all(alice))
    before_kb = peak_kb(server)
    with Client(server.url) as bob:
        found = bob.login("bob")["data"]["object"]["attachments"]
        assert 100 < len(found) < MANY
        got = [entry["id"] for entry in found]
        conversation = found[0]["summary"]
        while len(got) < MANY:
            got.append(bob.wait_for("message")["id"])
        assert got == sent
        assert peak_kb(server) - before_kb < GROWTH_KB
        for start in range(0, MANY, 500):
            attachments = [{"id": one} for one in got[start : start + 500]]
            body = {"verb": "receive", "target": {"id": conversation}, "object": {"attachments": attachments}}
            assert bob.call("received", body) == {"status_code": 200}
    with Client(server.url) as bob:
        assert bob.login("bob")["data"]["object"]["attachments"] == []
    assert "traceback" not in server.log.lower()


def said(payloads: Iterator[bytes]) -> Iterator[str]:
    """The texts of the messages among what a client hears, and of those in the reply to its login."""
    for payload in payloads:
        event, body, *_ = json.loads(payload)
        if event == "gn_login":
            yield from (entry["content"] for entry in body["data"]["object"]["attachments"])
        elif event == "message":
            yield body["object"]["content"]


def test_who_reads_slowly_and_is_talked_to_meanwhile_is_not_cut(run_server: Callable[..., RunningServer]) -> None:
    """The client takes one message whenever a stranger has said another one; both are as large as messages may be."""
    server = run_server()
    with Client(server.url) as mallory, RawClient(server, receive_bytes=4_096).upgrade() as bob:
        with Client(server.url) as before:
            assert before.login("bob")["status_code"] == mallory.login("mallory")["status_code"] == 200
        texts = [base64_of(f"{number} {FACES}") for number in range(LARGE)]
        target = {"id": "bob", "objectType": "private"}
        bodies = [{"verb": "send", "target": target, "object": {"content": text}} for text in texts]
        waiting, meanwhile = bodies[: LARGE // 2], bodies[LARGE // 2 :]
        assert all(mallory.call("message", body)["status_code"] == 200 for body in waiting)
        bob.send(text("login", {"verb": "login", "actor": {"id": "bob"}}))
        heard = said(bob.until_closed())
        got = []
        for body in meanwhile:
            assert mallory.call("message", body)["status_code"] == 200
            got.append(next(heard))
        got += [next(heard) for _ in waiting]
        assert got == texts
    assert "does not read" not in server.log
