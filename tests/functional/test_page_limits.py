"""The page and the server's limits: what comes too soon waits, and connections that are cut come back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.clients import Client
from tests.functional.relays import Relay
from tests.functional.windows import Window
from tests.running import RunningServer

Enter = Callable[[RunningServer, str], Window]
OpenWindow = Callable[..., Window]
EnterByRelay = Callable[[RunningServer, str], tuple[Window, Relay]]

# What a window needs to log in, to see which rooms there are, and to go into one.
BURST = 4
SLOW = f"[limits]\ncommands_per_s = 1\nburst = {BURST}"
ROOMS = [f"Room {number}" for number in range(8)]
INTERRUPTIONS = {
    1001: "Connection lost. Trying again…",
    1012: "The server restarts. Coming back…",
    4001: "Logging in took too long. Trying again…",
    4008: "This connection was too slow. Trying again…",
    4029: "That was too much at once. Coming back in a moment…",
}
REMEMBER_STATUS = """
addEventListener("DOMContentLoaded", () => {
  const status = document.getElementById("status");
  window.said = [];
  new MutationObserver(() => said.push(status.textContent)).observe(status, {childList: true});
});
"""


def test_messages_that_come_too_soon_wait(run_server: Callable[..., RunningServer], enter: Enter) -> None:
    server = run_server(SLOW)
    ada, bob = enter(server, "Ada"), enter(server, "Bob")
    words = [f"word {number}" for number in range(6)]
    for word in words:
        ada.say(word)
    for window in (ada, bob):
        window.sees_messages(*words)
    assert ("gn_message", 900) in ada.refused
    tries = Counter(frame[1]["object"]["id"] for frame in ada.sent if frame[0] == "message")
    assert len(tries) == len(words)
    assert max(tries.values()) > 1


def test_a_return_into_many_rooms_takes_its_time(run_server: Callable[..., RunningServer], enter: Enter) -> None:
    rooms = [f'[[channels.rooms]]\nname = "{name}"\nid = "{name[-1]}"' for name in ROOMS]
    server = run_server("\n".join([*rooms, SLOW]))
    ada = enter(server, "Ada")
    for name in ROOMS:
        ada.join(name)
    ada.page.context.set_offline(offline=True)
    server.kill()
    expect(ada.status).to_contain_text("Connection lost")
    server.start()
    ada.refused.clear()
    with Client(server.url) as bob:
        bob.login("bob")
        for room_id in ("6", "7"):
            assert bob.call("join", {"verb": "join", "target": {"id": room_id}})["status_code"] == 200
        ada.page.context.set_offline(offline=False)
        came = [bob.wait_for("gn_user_joined") for _ in range(4)]
        ada.sees_people("Ada", "bob")
    assert [(one["actor"]["id"], one["target"]["id"]) for one in came] == [
        ("bob", "6"),
        ("bob", "7"),
        ("ada", "6"),
        ("ada", "7"),
    ]
    expect(ada.page.get_by_role("status", name="Notices")).to_have_text("")
    assert ("gn_join", 900) in ada.refused


def refuse(relay: Relay, event: str, *, times: int, retry_after_s: float) -> None:
    """Let the page hear, so many times, that it asked too soon."""
    answers = ["too soon"] * times
    body = {"status_code": 900, "message": "too many commands", "data": {"retry_after_s": retry_after_s}}

    def answer(frame: list[Any]) -> list[Any]:
        if frame[0] != event or not answers:
            return frame
        answers.pop()
        return [event, body, frame[2]]

    relay.answer = answer


def test_who_asks_while_another_waits_waits_behind(server: RunningServer, enter_by_relay: EnterByRelay) -> None:
    ada, relay = enter_by_relay(server, "Ada")
    refuse(relay, "gn_message", times=1, retry_after_s=5)
    ada.say("Too soon")
    ada.make_room("Books")
    ada.shows_room("Books")
    asked = [frame[0] for frame in relay.asked if frame[0] in {"message", "create"}]
    assert asked == ["message", "message", "create"]


def test_a_message_is_never_given_up(server: RunningServer, enter_by_relay: EnterByRelay) -> None:
    ada, relay = enter_by_relay(server, "Ada")
    refuse(relay, "gn_message", times=7, retry_after_s=0.1)
    ada.say("Sooner or later")
    ada.sees_messages("Sooner or later")
    assert len(relay.requests("message")) == 8


def test_nobody_waits_over_a_reconnect(server: RunningServer, enter_by_relay: EnterByRelay) -> None:
    """A new connection owes nothing to the one before."""
    ada, relay = enter_by_relay(server, "Ada")
    refuse(relay, "gn_message", times=1, retry_after_s=600)
    refusing = relay.answer

    def refuse_and_cut(frame: list[Any]) -> None:
        relay.tell(refusing(frame))
        if frame[0] == "gn_message":
            relay.answer = refusing
            relay.cut(4008)

    relay.answer = refuse_and_cut
    ada.say("At last")
    ada.sees_messages("At last")
    assert len(relay.requests("message")) == 2


def test_what_is_refused_over_and_over_is_given_up(server: RunningServer, enter_by_relay: EnterByRelay) -> None:
    ada, relay = enter_by_relay(server, "Ada")
    refuse(relay, "gn_create", times=3, retry_after_s=0.1)
    ada.make_room("Books")
    alert = ada.page.get_by_role("navigation").get_by_role("alert")
    expect(alert).to_have_text("That was too much at once. Try again in a moment.")
    assert len(relay.requests("create")) == 3
    ada.make_room("Novels")
    ada.shows_room("Novels")


def test_a_message_whose_answer_is_lost_is_said_once(
    server: RunningServer,
    enter: Enter,
    enter_by_relay: EnterByRelay,
) -> None:
    bob, (ada, relay) = enter(server, "Bob"), enter_by_relay(server, "Ada")
    relay.answer = lambda frame: None if frame[0] == "gn_message" else frame
    ada.say("Once only")
    bob.sees_messages("Once only")
    relay.answer = lambda frame: frame
    relay.cut(4008)
    ada.sees_messages("Once only")
    ada.say("And then")
    for window in (ada, bob):
        window.sees_messages("Once only", "And then")
    first, second, _ = [request["object"]["id"] for request in relay.requests("message")]
    assert first == second


def test_connections_that_are_cut_come_back(run_server: Callable[..., RunningServer], open_window: OpenWindow) -> None:
    relays: list[Relay] = []

    def prepare(page: Page) -> None:
        relays.append(Relay(page))
        page.add_init_script(REMEMBER_STATUS)

    ada = open_window(run_server("[drain]\ndrain_s = 2"), prepare)
    (relay,) = relays
    ada.log_in("ada", "Ada")
    ada.join("General")
    for number, (code, words) in enumerate(INTERRUPTIONS.items(), start=2):
        relay.cut(code)
        ada.page.wait_for_function("words => said.includes(words)", arg=words)
        ada.page.wait_for_function("() => said.at(-1) === 'Connected'")
        assert len(relay.sockets) == number
    ada.say("Still here")
    ada.sees_messages("Still here")


@pytest.mark.parametrize(
    ("code", "words"),
    [(4003, "You are banned from this server."), (4004, "An operator closed your connection.")],
)
def test_connections_that_end_for_good(
    server: RunningServer,
    enter_by_relay: EnterByRelay,
    code: int,
    words: str,
) -> None:
    ada, relay = enter_by_relay(server, "Ada")
    relay.cut(code)
    expect(ada.page.get_by_role("alert")).to_have_text(words)
    expect(ada.page.get_by_role("button", name="Log in")).to_be_enabled()
    assert len(relay.sockets) == 1


def test_how_long_a_return_waits(server: RunningServer, open_window: OpenWindow) -> None:
    """The shortest and the longest wait in seconds, by vain attempts and close code, with a jitter of 10 s."""
    spans = {
        (0, 1006): [0.5, 1],
        (3, 1006): [4, 8],
        (9, 1006): [15, 30],
        (0, 1012): [0, 10],
        (1, 1012): [1, 2],
        (0, 4029): [4, 8],
        (9, 4029): [15, 30],
        (0, 4008): [0.5, 1],
        (0, 4001): [0.5, 1],
    }
    delays = """async (cases) => {
      const { delaySeconds } = await import("/connection.js");
      return cases.map(([attempt, code]) => [0, 1].map((random) => delaySeconds(attempt, code, 10, () => random)));
    }"""
    assert open_window(server).page.evaluate(delays, list(spans)) == list(spans.values())
