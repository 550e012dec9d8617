"""The page and the server's limits: what comes too soon waits, and connections that are cut come back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

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


def test_what_is_refused_over_and_over_is_given_up(server: RunningServer, enter_by_relay: EnterByRelay) -> None:
    ada, relay = enter_by_relay(server, "Ada")
    refusal = {"status_code": 900, "message": "too many commands", "data": {"retry_after_s": 0.1}}
    relay.answer = lambda frame: ["gn_create", refusal, frame[2]] if frame[0] == "gn_create" else frame
    ada.make_room("Books")
    alert = ada.page.get_by_role("navigation").get_by_role("alert")
    expect(alert).to_have_text("That was too much at once. Try again in a moment.")
    assert len(relay.requests("create")) == 3
    relay.answer = lambda frame: frame
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
