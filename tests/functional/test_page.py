"""The page at `/`, used by people with browsers: several windows, a server that falls, words that are refused."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from chat.texts import base64_of
from tests.running import ROOM_ID, RunningServer

WAIT_MS = 30_000
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
STATIC_USERS = """
[auth]
kind = "static"
[[auth.users]]
id = "1001"
name = "Ada"
token = "good"
"""


class Window:
    """One browser window, and what somebody does and sees in it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.problems: list[str] = []
        self.requests: list[str] = []
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", lambda message: self.problems.append(message.text) if "Policy" in message.text else None)
        page.on("websocket", lambda socket: socket.on("framesent", lambda frame: self._sent(frame)))
        page.on("response", lambda response: self.problems.append(response.url) if response.status >= 400 else None)

    def _sent(self, frame: str | bytes) -> None:
        self.requests.append(json.loads(frame)[0])

    @property
    def messages(self) -> Locator:
        """What was said in the room, without names and times."""
        return self.page.get_by_role("log").locator(".body")

    @property
    def people(self) -> Locator:
        """Who is here."""
        return self.page.get_by_role("complementary").get_by_role("listitem").locator(".name")

    @property
    def status(self) -> Locator:
        """Whether the page is connected."""
        return self.page.locator("#status")

    def log_in(self, user_id: str, name: str = "", token: str = "") -> None:
        """Fill in the form and send it."""
        self.page.get_by_label("User id").fill(user_id)
        self.page.get_by_label("Display name").fill(name)
        self.page.get_by_label("Token").fill(token)
        self.page.get_by_role("button", name="Log in").click()

    def join(self, room: str) -> None:
        """Go into a room."""
        self.page.get_by_role("button", name=re.compile(f"^{room}, ")).click()
        expect(self.page.get_by_role("heading", level=1, name=room)).to_be_visible()
        expect(self.page.get_by_role("button", name="Leave")).to_be_visible()

    def say(self, text: str) -> None:
        """Write a message and press Enter."""
        field = self.page.get_by_label("Message", exact=True)
        field.fill(text)
        field.press("Enter")

    def sees_messages(self, *texts: str) -> None:
        """Exactly these were said, and the server has all of them."""
        expect(self.messages).to_have_text(list(texts))
        expect(self.page.locator(".unsent")).to_have_count(0)

    def sees_people(self, *names: str) -> None:
        """Exactly these are here."""
        expect(self.people).to_have_text(list(names))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip(f"no browser is installed: none of {', '.join(BROWSERS)}")
    expect.set_options(timeout=WAIT_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_window(browser: Browser) -> Iterator[Callable[[RunningServer], Window]]:
    """Opens windows that share nothing, and sees that nothing went wrong in them."""
    windows: list[Window] = []

    def open_one(server: RunningServer) -> Window:
        context = browser.new_context()
        context.set_default_timeout(WAIT_MS)
        windows.append(Window(context.new_page()))
        windows[-1].page.goto(server.page)
        return windows[-1]

    yield open_one
    for window in windows:
        window.page.context.close()
    assert [problem for window in windows for problem in window.problems] == []


@pytest.fixture
def enter(open_window: Callable[[RunningServer], Window]) -> Callable[[RunningServer, str], Window]:
    """Opens a window in which somebody logs in and goes into the room."""

    def enter_room(server: RunningServer, name: str) -> Window:
        window = open_window(server)
        window.log_in(name.lower(), name)
        window.join("General")
        return window

    return enter_room


@pytest.fixture
def server(run_server: Callable[..., RunningServer]) -> RunningServer:
    return run_server()


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
