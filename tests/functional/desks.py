"""The page for moderators in a browser, and what somebody does and sees in it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from playwright.sync_api import Locator, Page, Request, expect

from tests.running import KEY, RunningServer


class ModeratorsDesk:
    """One window with the page at `/admin`. `problems` are those that nobody should have."""

    def __init__(self, page: Page, server: RunningServer) -> None:
        self.page = page
        self.root = f"http://127.0.0.1:{server.settings.backend}"
        self.problems: list[str] = []
        self.asked: list[str] = []
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", lambda message: self.problems.append(message.text) if "Policy" in message.text else None)
        page.on("request", self._watch)
        page.on("dialog", lambda dialog: self.problems.append(dialog.message))
        page.goto(f"{self.root}/admin")

    def _watch(self, request: Request) -> None:
        self.asked.append(request.url)
        if not request.url.startswith(f"{self.root}/") or KEY in request.url:
            self.problems.append(request.url)

    @property
    def calls(self) -> list[str]:
        """The paths of the calls that the page made so far."""
        paths = [urlsplit(url).path for url in self.asked]
        return [path for path in paths if not path.startswith("/admin")]

    @property
    def refusal(self) -> Locator:
        """Why something was refused."""
        return self.page.get_by_role("alert")

    @property
    def status(self) -> Locator:
        """How the server is."""
        return self.page.locator("#status")

    @property
    def dialog(self) -> Locator:
        """The dialog that is open."""
        return self.page.get_by_role("dialog")

    def sign_in(self, key: str = KEY) -> None:
        """Type the key and send it."""
        self.page.get_by_label("Key").fill(key)
        self.page.get_by_role("button", name="Sign in").click()

    def look(self, view: str) -> None:
        """Go to one of the views."""
        self.page.get_by_role("navigation").get_by_role("button", name=view).click()
        expect(self.page.get_by_role("heading", level=1, name=view)).to_be_visible()

    def open_room(self, name: str) -> None:
        """Go to a room."""
        self.look("Rooms")
        self.page.get_by_role("button", name=re.compile(f"^{re.escape(name)}, ")).click()
        expect(self.page.get_by_role("heading", level=2, name=name)).to_be_visible()

    def rows(self, place: str) -> Locator:
        """The rows that are shown of a list."""
        return self.page.locator(f":is({place}.list, {place} .list) > li:visible")

    def person(self, name: str) -> Locator:
        """The row of somebody in a list that is shown."""
        return self.page.locator("main .list > li:visible").filter(has=self.page.get_by_text(name, exact=True)).first

    def start(self, verb: str, name: str) -> None:
        """Press the button of somebody."""
        self.page.get_by_role("button", name=f"{verb} {name}", exact=True).first.click()
        expect(self.dialog).to_be_visible()

    def fill(self, **fields: str) -> None:
        """Fill in fields of the dialog by their labels."""
        for label, text in fields.items():
            self.dialog.get_by_label(label.replace("_", " ").capitalize()).fill(text)

    def choose(self, place: str) -> None:
        """Choose where."""
        self.dialog.get_by_label("Where").select_option(label=place)

    def press(self, verb: str) -> None:
        """Press a button of the dialog."""
        self.dialog.get_by_role("button", name=verb, exact=True).click()

    def says(self, sentence: str) -> None:
        """The dialog is closed, and the page says that it is done."""
        expect(self.dialog).to_be_hidden()
        notices = self.page.get_by_role("status", name="Notices").get_by_role("listitem")
        expect(notices.filter(has_text=sentence).last).to_be_visible()
