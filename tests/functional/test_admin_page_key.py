"""The page at `/admin` and its key: where it is not, and what becomes of the page when the server or the key goes."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from tests.clients import Client
from tests.functional.desks import ModeratorsDesk
from tests.running import KEY, ROOM_ID, RunningServer

Open = Callable[..., ModeratorsDesk]
ROOMS_KEY = """
[[backend.keys]]
name = "rooms"
key = "rooms-key"
scopes = ["rooms"]
"""
STORED = """async () => JSON.stringify([
  location.href, document.cookie, {...localStorage}, {...sessionStorage}, history.state,
  await indexedDB.databases(), await caches.keys(), document.documentElement.outerHTML,
  document.getElementById("key").value, Object.values(window).filter((one) => typeof one === "string"),
])"""


def test_the_key_is_nowhere_but_in_memory(server: RunningServer, open_desk: Open) -> None:
    desk = open_desk(server)
    desk.open_room("General")
    assert KEY not in desk.page.evaluate(STORED)
    assert desk.page.context.cookies() == []
    expect(desk.status).to_have_text("Up to date")
    desk.page.reload()
    expect(desk.page.get_by_label("Key")).to_have_value("")
    calls = len(desk.calls)
    desk.page.get_by_label("Key").focus()
    assert len(desk.calls) == calls
    assert "/admin/" in server.log
    assert KEY not in server.log


def test_signing_out_forgets(server: RunningServer, open_desk: Open) -> None:
    with Client(server.url) as ada:
        ada.enter("ada", ROOM_ID)
        desk = open_desk(server)
        desk.open_room("General")
        expect(desk.rows("#room-people")).to_have_count(1)
        desk.page.get_by_role("button", name="Sign out").click()
        expect(desk.page.get_by_label("Key")).to_be_focused()
        expect(desk.page.locator(".who")).to_have_count(0)
        calls = len(desk.calls)
        desk.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        desk.sign_in("wrong")
        expect(desk.refusal).to_have_text("The server does not know this key.")
        assert desk.calls[calls:] == ["/rooms"]


def test_keys_that_do_not_do(run_server: Callable[..., RunningServer], open_desk: Open) -> None:
    server = run_server(ROOMS_KEY)
    desk = open_desk(server, None)
    for key, why in (
        ("wrong", "The server does not know this key."),
        ("Schlüssel", "This is no key: a key has letters, digits and signs, and no blanks."),
        ("rooms-key", "The key lacks the scope read."),
    ):
        desk.sign_in(key)
        expect(desk.refusal).to_have_text(why)
        expect(desk.page.get_by_role("navigation")).to_be_hidden()
    desk.sign_in(f"  {KEY} ")
    expect(desk.page.get_by_role("heading", name="People")).to_be_focused()
    expect(desk.refusal).to_have_count(0)


def test_where_every_answer_is_200(run_server: Callable[..., RunningServer], open_desk: Open) -> None:
    server = run_server("[rest]\nlegacy_http_status = true")
    desk = open_desk(server, None)
    desk.sign_in("wrong")
    expect(desk.refusal).to_have_text("The server does not know this key.")
    desk.sign_in()
    expect(desk.status).to_have_text("Up to date")
    desk.look("Bans")
    desk.page.get_by_role("button", name="Ban somebody").click()
    desk.fill(user_id="hal", for_how_long="999999999999d")
    desk.choose("General")
    desk.press("Ban")
    expect(desk.refusal).to_contain_text("A duration ends before the year 10000")


def test_a_key_that_is_taken_away(server: RunningServer, open_desk: Open) -> None:
    desk = open_desk(server)
    desk.page.get_by_role("button", name="Broadcast…", exact=True).click()
    file = server.settings.file
    file.write_text(file.read_text(encoding="utf-8").replace(KEY, "another-key-altogether"), encoding="utf-8")
    server.signal(signal.SIGHUP)
    expect(desk.page.get_by_role("alert")).to_have_text("The server does not know this key any more.")
    expect(desk.dialog).to_be_hidden()
    desk.sign_in("another-key-altogether")
    expect(desk.status).to_have_text("Up to date")


@pytest.mark.parametrize("end", ["kill", "terminate"])
def test_a_new_process_is_found_again(server: RunningServer, open_desk: Open, end: str) -> None:
    desk = open_desk(server)
    with Client(server.url) as ada:
        ada.login("ada", "Ada")
        expect(desk.person("Ada")).to_be_visible()
        desk.page.get_by_role("button", name="Broadcast…", exact=True).click()
        desk.fill(message="Half written")
        getattr(server, end)()
    expect(desk.status).to_have_text("The server does not answer. Trying again…")
    desk.press("Send")
    desk.press("Yes, send")
    expect(desk.refusal).to_have_text("The server does not answer.")
    server.start()
    expect(desk.status).to_have_text("Up to date")
    expect(desk.page.get_by_text("0 people online")).to_be_visible()
    expect(desk.page.get_by_label("Message")).to_have_value("Half written")
    with Client(server.url) as ada:
        ada.login("ada", "Ada")
        desk.press("Send")
        desk.press("Yes, send")
        desk.says("Everybody was told.")
        ada.wait_for("gn_broadcast")


def test_a_server_that_says_when_to_come_again(server: RunningServer, open_desk: Open) -> None:
    desk = open_desk(server)
    waits = ["3600"]

    def answer(route: Route) -> None:
        headers = {"Retry-After": waits[0]}
        route.fulfill(status=429, headers=headers, json={"status_code": 500, "data": "too many calls with this key"})

    desk.page.route("**/rooms", answer)
    said = "Too many calls with this key. Trying again in 3600 s."
    expect(desk.status).to_have_text(said)
    calls = len(desk.calls)
    desk.look("Bans")
    desk.look("Reports")
    desk.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    desk.page.get_by_role("button", name="Sign out").click()
    assert len(desk.calls) == calls
    waits[0] = "1"
    desk.sign_in()
    expect(desk.refusal).to_have_text("Too many calls with this key. Trying again in 1 s.")
    desk.page.unroute("**/rooms")
    desk.sign_in()
    expect(desk.status).to_have_text("Up to date")
