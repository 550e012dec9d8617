"""Browser windows in which people use the page, for tests that watch several of them at once."""

from __future__ import annotations

import json
import re
from typing import Any

from playwright.sync_api import Locator, Page, WebSocket, expect


class Window:
    """One browser window, and what somebody does and sees in it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.problems: list[str] = []
        self.sent: list[list[Any]] = []
        self.refused: list[tuple[str, int]] = []
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", lambda message: self.problems.append(message.text) if "Policy" in message.text else None)
        page.on("websocket", self._watch)
        page.on("response", lambda response: self.problems.append(response.url) if response.status >= 400 else None)

    def _watch(self, socket: WebSocket) -> None:
        socket.on("framesent", lambda frame: self.sent.append(json.loads(frame)))
        socket.on("framereceived", lambda frame: self._received(json.loads(frame)))

    def _received(self, frame: list[Any]) -> None:
        code = frame[1].get("status_code", 200)
        if code != 200:
            self.refused.append((frame[0], code))

    @property
    def requests(self) -> list[str]:
        """The names of the requests that the page made."""
        return [frame[0] for frame in self.sent]

    @property
    def messages(self) -> Locator:
        """What was said in the room, without names and times."""
        return self.page.get_by_role("log").locator(".body")

    @property
    def people(self) -> Locator:
        """Who is here."""
        return self.page.get_by_role("complementary").get_by_role("listitem").locator(".name")

    @property
    def visibility(self) -> Locator:
        """The choice between being seen and not."""
        return self.page.get_by_label("How others see you")

    @property
    def invisible(self) -> Locator:
        """Who is here and marked as invisible."""
        here = self.page.get_by_role("complementary").get_by_role("listitem")
        return here.filter(has=self.page.get_by_text(re.compile("invisible"))).locator(".name")

    @property
    def status(self) -> Locator:
        """Whether the page is connected."""
        return self.page.locator("#status")

    def log_in(self, user_id: str, name: str = "", token: str = "", *, invisible: bool = False) -> None:
        """Fill in the form and send it."""
        self.page.get_by_label("User id").fill(user_id)
        self.page.get_by_label("Display name").fill(name)
        self.page.get_by_label("Token").fill(token)
        self.page.get_by_label("Invisible").set_checked(invisible)
        self.page.get_by_role("button", name="Log in").click()

    def join(self, room: str) -> None:
        """Go into a room."""
        self.room_button(room).click()
        self.shows_room(room)

    def make_room(self, name: str) -> None:
        """Make a room in the lobby; the form stays where the name is refused."""
        opener = self.page.get_by_role("button", name="New room in Lobby")
        if opener.get_attribute("aria-expanded") == "false":
            opener.click()
        field = self.page.get_by_label("Name of the new room")
        field.fill(name)
        field.press("Enter")

    def room_button(self, name: str) -> Locator:
        """The room in the list of rooms."""
        return self.page.get_by_role("navigation").get_by_role("button", name=re.compile(f"^{re.escape(name)}, "))

    def shows_room(self, name: str) -> None:
        """The room is the one that is shown, and the user is in it."""
        expect(self.page.get_by_role("heading", level=1, name=name)).to_be_visible()
        expect(self.page.get_by_role("button", name="Leave")).to_be_visible()

    def say(self, text: str) -> None:
        """Write a message on the keyboard and press Enter."""
        field = self.page.get_by_label("Message", exact=True)
        field.press_sequentially(text)
        field.press("Enter")

    def sees_messages(self, *texts: str) -> None:
        """Exactly these were said, and the server has all of them."""
        expect(self.messages).to_have_text(list(texts))
        expect(self.page.locator(".unsent")).to_have_count(0)

    def sees_people(self, *names: str) -> None:
        """Exactly these are here."""
        expect(self.people).to_have_text(list(names))
