"""The page at `/admin`: reports, words of strangers, and lists that change while somebody reads and writes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from chat.texts import base64_of
from tests.clients import Client
from tests.functional.desks import ModeratorsDesk
from tests.running import ROOM_ID, RunningServer

Open = Callable[..., ModeratorsDesk]
MARKUP = "<img src=x onerror=\"alert('broken')\"><b>bold</b>"


def report(reporter: Client, author: Client, text: str, reason: str = "spam", author_id: str = "bob") -> None:
    """Let the author say this, and the reporter report it."""
    message_id = author.say(text, ROOM_ID)["data"]["id"]
    said = {"id": message_id, "content": base64_of("?"), "summary": base64_of(reason)}
    body = {"verb": "report", "object": said, "target": {"id": author_id}}
    assert reporter.call("report", body) == {"status_code": 200}


def test_words_of_strangers_are_text(server: RunningServer, open_desk: Open) -> None:
    with Client(server.url) as ada, Client(server.url) as bob:
        ada.enter("ada", ROOM_ID)
        bob.login("bob", MARKUP)
        bob.call("join", {"verb": "join", "target": {"id": ROOM_ID}})
        report(ada, bob, MARKUP, MARKUP)
        reason = base64_of(MARKUP)
        entry = {"room_id": ROOM_ID, "duration": "1h", "reason": reason}
        ban = {"type": "global", "duration": "1h", "reason": reason, "name": reason}
        assert server.rest("POST", "/mute", {"bob": entry, "ada": entry})[0] == 200
        assert server.rest("POST", "/ban", {"eve": ban, "constructor": ban, "__proto__": ban})[0] == 200
        desk = open_desk(server)
        expect(desk.person(MARKUP)).to_contain_text("bob")
        desk.start("Mute", MARKUP)
        expect(desk.dialog.get_by_role("heading")).to_have_text(f"Mute {MARKUP} in General")
        desk.press("Mute")
        desk.says(f"{MARKUP} is muted in General for 1h.")
        desk.open_room("General")
        expect(desk.rows("#room-mutes").filter(has_text="ada")).to_contain_text(MARKUP)
        desk.look("Bans")
        expect(desk.rows("#bans-list")).to_have_count(3)
        expect(desk.rows("#bans-list").last).to_contain_text(MARKUP)
        desk.look("Reports")
        expect(desk.page.locator("blockquote")).to_have_text(MARKUP)
        expect(desk.page.locator(".report .why")).to_contain_text(MARKUP)
        expect(desk.page.locator("#content img, #content b b")).to_have_count(0)
        for user_id in ("constructor", "__proto__"):
            desk.look("Bans")
            desk.page.get_by_label("Search bans").fill(user_id)
            desk.start("Unban", MARKUP)
            desk.press("Unban")
            desk.says(f"{MARKUP} is no longer banned from the whole server.")
            expect(desk.rows("#bans-list")).to_have_count(0)
        assert set(server.rest("GET", "/banned", {"global": True})[1]["data"]) == {"eve"}


def test_reports(server: RunningServer, open_desk: Open) -> None:
    with Client(server.url) as ada, Client(server.url) as bob:
        ada.enter("ada", ROOM_ID)
        bob.enter("bob", ROOM_ID)
        for number in range(51):
            report(ada, bob, f"rude {number}")
        desk = open_desk(server)
        desk.look("Reports")
        quotes = desk.page.locator("blockquote")
        expect(quotes).to_have_text([f"rude {number}" for number in range(50, 0, -1)])
        desk.page.get_by_role("button", name="Older reports").click()
        expect(quotes).to_have_count(51)
        expect(desk.page.get_by_role("button", name="Older reports")).to_be_hidden()
        report(ada, bob, "rudest", "")
        expect(quotes).to_have_count(52)
        newest = desk.page.locator(".report").first
        expect(newest).to_contain_text("gave no reason")
        newest.get_by_role("button", name="Ban bob").click()
        desk.choose("General")
        desk.press("Ban")
        desk.says("bob is banned from General for 1h.")
        bob.wait_for("gn_banned")
        newest.get_by_role("button", name="General").click()
        expect(desk.rows("#room-bans")).to_contain_text("bob")
        expect(desk.rows("#room-people").locator("b")).to_have_text(["ada"])


def test_what_somebody_does_is_left_alone(server: RunningServer, open_desk: Open) -> None:
    with Client(server.url) as bob, Client(server.url) as ada:
        bob.login("bob", "Bob")
        desk = open_desk(server)
        button = desk.page.get_by_role("button", name="Mute Bob")
        button.focus()
        desk.page.evaluate("document.getSelection().selectAllChildren(document.querySelector('.name b'))")
        ada.login("ada", "Ada")
        expect(desk.person("Ada")).to_be_visible()
        expect(button).to_be_focused()
        assert desk.page.evaluate("document.getSelection().toString()") == "Bob"
        button.press("Enter")
        desk.choose("General")
        field = desk.dialog.get_by_label("Reason")
        field.press_sequentially("Half")
        ada.socket.close()
        expect(desk.page.get_by_text("1 person online")).to_be_visible()
        expect(field).to_be_focused()
        field.press_sequentially(" written")
        expect(field).to_have_value("Half written")
        field.press("Enter")
        desk.says("Bob is muted in General for 1h.")
        assert bob.wait_for("gn_mute")["object"]["content"] == base64_of("Half written")
        expect(button).to_be_focused()


def test_the_dialog_takes_no_nonsense(server: RunningServer, open_desk: Open) -> None:
    with Client(server.url) as bob:
        bob.enter("bob", ROOM_ID)
        desk = open_desk(server)
        desk.start("Mute", "bob")
        for nonsense in ("", "soon", "0h", "1 h", "-5m"):
            desk.fill(for_how_long=nonsense)
            desk.press("Mute")
            assert desk.dialog.get_by_label("For how long").evaluate("field => !field.validity.valid")
        desk.fill(for_how_long="999999999999d")
        desk.press("Mute")
        expect(desk.refusal).to_have_text("A duration ends before the year 10000 for user id bob.")
        desk.page.keyboard.press("Escape")
        expect(desk.dialog).to_be_hidden()
        assert "/mute" in desk.calls
        bob.sync()
        assert bob.heard("gn_mute") == []


@pytest.mark.parametrize("width", [320, 390, 1440])
def test_nothing_is_wider_than_the_window(server: RunningServer, open_desk: Open, width: int) -> None:
    with Client(server.url) as bob:
        bob.login("b" * 64, "W" * 100)
        bob.call("join", {"verb": "join", "target": {"id": ROOM_ID}})
        report(bob, bob, "long" * 500, author_id="b" * 64)
        desk = open_desk(server)
        desk.page.set_viewport_size({"width": width, "height": 700})
        for view in ("People", "Rooms", "Bans", "Reports"):
            desk.look(view)
            assert desk.page.evaluate("document.getElementById('content').scrollWidth") <= width
        desk.open_room("General")
        expect(desk.rows("#room-people")).to_have_count(1)
        assert desk.page.evaluate("document.getElementById('content').scrollWidth") <= width
