"""The page at `/`, used by people with browsers: several windows, a server that falls, words that are refused."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from chat.texts import base64_of
from tests.functional.windows import Window
from tests.running import ROOM_ID, RunningServer

STATIC_USERS = """
[auth]
kind = "static"
[[auth.users]]
id = "1001"
name = "Ada"
token = "good"
"""


def test_two_windows_talk_and_a_third_comes_late(
    server: RunningServer, enter: Callable[[RunningServer, str], Window]
) -> None:
    ada = enter(server, "Ada")
    ada.sees_people("Ada")
    bob = enter(server, "Bob")
    for window in (ada, bob):
        window.sees_people("Ada", "Bob")
    ada.say("Hello Bob")
    bob.sees_messages("Hello Bob")
    bob.say("Zażółć gęślą jaźń 🎉")
    for window in (ada, bob):
        window.sees_messages("Hello Bob", "Zażółć gęślą jaźń 🎉")
    cleo = enter(server, "Cleo")
    cleo.sees_messages("Hello Bob", "Zażółć gęślą jaźń 🎉")
    cleo.page.get_by_role("button", name="Leave").click()
    for window in (ada, bob):
        window.sees_people("Ada", "Bob")
    bob.page.close()
    ada.sees_people("Ada")


def test_rooms_show_what_came_while_another_was_shown(
    run_server: Callable[..., RunningServer], enter: Callable[[RunningServer, str], Window]
) -> None:
    server = run_server('[[channels.rooms]]\nname = "Books"')
    ada, bob = enter(server, "Ada"), enter(server, "Bob")
    ada.join("Books")
    bob.say("Anybody?")
    unread = ada.page.get_by_role("button", name="General, 2 people, joined, 1 new")
    expect(unread).to_be_visible()
    expect(ada.page).to_have_title("(1) Chat")
    unread.click()
    expect(ada.page.get_by_role("log").get_by_text("Anybody?")).to_be_visible()
    expect(ada.page).to_have_title("Chat")


def test_windows_come_back_after_the_server_fell(
    server: RunningServer, enter: Callable[[RunningServer, str], Window]
) -> None:
    ada, bob = enter(server, "Ada"), enter(server, "Bob")
    ada.say("before")
    bob.sees_messages("before")
    server.kill()
    for window in (ada, bob):
        expect(window.status).to_contain_text("Connection lost")
    ada.say("meanwhile")
    expect(ada.page.locator(".unsent")).to_contain_text("meanwhile")
    server.start()
    for window in (ada, bob):
        expect(window.status).to_have_text("Connected")
        window.sees_messages("before", "meanwhile")
        window.sees_people("Ada", "Bob")
    bob.say("after")
    ada.sees_messages("before", "meanwhile", "after")


def test_windows_come_back_after_a_restart(
    run_server: Callable[..., RunningServer], enter: Callable[[RunningServer, str], Window]
) -> None:
    """Whoever comes back late is told what was said since, by the history that fills the gap."""
    server = run_server("[drain]\ndrain_s = 1\n[history]\nlimit = 1")
    ada, bob = enter(server, "Ada"), enter(server, "Bob")
    ada.say("before")
    bob.sees_messages("before")
    bob.page.context.set_offline(offline=True)
    server.terminate()
    server.start()
    for text in ("one", "two", "three"):
        ada.say(text)
    ada.sees_messages("before", "one", "two", "three")
    bob.page.context.set_offline(offline=False)
    bob.sees_messages("before", "one", "two", "three")
    assert "history" in bob.requests
    expect(bob.page.get_by_text("Some messages are missing")).to_have_count(0)


def test_a_wrong_token_is_refused(
    run_server: Callable[..., RunningServer], open_window: Callable[[RunningServer], Window]
) -> None:
    window = open_window(run_server(STATIC_USERS))
    window.log_in("1001", token="bad")
    expect(window.page.get_by_role("alert")).to_contain_text("Invalid token")
    window.log_in("1001", token="good")
    window.join("General")
    window.sees_people("Ada")
    expect(window.page.get_by_role("alert")).to_be_hidden()
    assert window.page.evaluate("JSON.stringify({...sessionStorage, ...localStorage})") == '{"userId":"1001","name":""}'


def test_markup_is_shown_as_text(
    server: RunningServer,
    enter: Callable[[RunningServer, str], Window],
    open_window: Callable[[RunningServer], Window],
) -> None:
    markup = "<img src=x onerror=\"document.title='broken'\"><b>bold</b>"
    ada, bob = enter(server, "Ada"), open_window(server)
    bob.log_in("bob", "<i>Bob")
    bob.join("General")
    bob.say(markup)
    ada.sees_messages(markup)
    ada.sees_people("<i>Bob", "Ada")
    expect(ada.page.get_by_role("log").locator("img")).to_have_count(0)
    expect(ada.page).to_have_title("Chat")


def test_the_muted_are_told_why(server: RunningServer, enter: Callable[[RunningServer, str], Window]) -> None:
    ada, bob = enter(server, "Ada"), enter(server, "Bob")
    mute = {"ada": {"room_id": ROOM_ID, "duration": "90m", "reason": base64_of("too loud")}}
    assert server.rest("POST", "/mute", mute)[0] == 200
    notice = ada.page.locator(".notice")
    expect(notice).to_have_text("You are muted in General for another 1 h 30 min. Reason: too loud")
    ada.say("May I?")
    refused = ada.page.locator(".refused")
    expect(refused).to_contain_text(re.compile(r"muted in General for another 1 h (29|30) min\. Reason: too loud"))
    assert server.rest("DELETE", "/mute", {"user_id": "ada", "room_id": ROOM_ID})[0] == 200
    expect(notice.last).to_have_text("You are no longer muted.")
    refused.get_by_role("button", name="Try again").click()
    ada.sees_messages("May I?")
    bob.sees_messages("May I?")


def test_broadcasts_are_shown_until_dismissed(
    server: RunningServer, enter: Callable[[RunningServer, str], Window]
) -> None:
    ada = enter(server, "Ada")
    assert server.rest("POST", "/broadcast", {"body": base64_of("Back at noon"), "verb": "news"})[0] == 200
    notices = ada.page.get_by_role("status", name="Notices")
    expect(notices).to_contain_text("admin: Back at noon")
    ada.page.get_by_role("button", name="Dismiss notice").click()
    expect(notices).to_have_text("")
