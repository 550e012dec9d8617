"""Rooms on the page: made in one window, seen in the other, renamed, and removed under somebody's feet."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.functional.windows import Window
from tests.running import RunningServer

Enter = Callable[..., Window]

REMOVED = "Novels <i> was removed by Ada."


def hears_alone(page: Page) -> None:
    """The page does not ask now and then: what it shows it was told."""
    page.add_init_script("window.setInterval = () => 0")


def rename(window: Window, name: str) -> None:
    window.page.get_by_role("button", name="Manage room").click()
    dialog = window.page.get_by_role("dialog")
    expect(dialog.get_by_label("Name")).to_be_focused()
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_role("button", name="Rename").click()


def remove(window: Window) -> None:
    window.page.get_by_role("button", name="Manage room").click()
    dialog = window.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Remove room…").click()
    expect(dialog.get_by_role("button", name="Keep it")).to_be_focused()
    dialog.get_by_role("button", name="Remove", exact=True).click()


def test_the_life_of_a_room(server: RunningServer, enter: Enter) -> None:
    ada, bob = (enter(server, name, hears_alone) for name in ("Ada", "Bob"))
    ada.make_room("Books <i>")
    ada.shows_room("Books <i>")
    ada.sees_people("Ada")
    expect(bob.room_button("Books <i>")).to_have_accessible_name(re.compile("temporary"))
    expect(bob.room_button("General")).not_to_have_accessible_name(re.compile("temporary"))
    bob.join("Books <i>")
    ada.sees_people("Ada", "Bob")
    expect(bob.page.get_by_role("button", name="Manage room")).to_be_hidden()
    rename(ada, "Novels <i>")
    for window in (ada, bob):
        window.shows_room("Novels <i>")
        expect(window.room_button("Novels <i>")).to_be_visible()
        expect(window.room_button("Books <i>")).to_have_count(0)
    ada.say("The last words")
    bob.sees_messages("The last words")
    remove(ada)
    expect(ada.page.get_by_role("heading", level=1)).to_be_hidden()
    expect(bob.page.get_by_role("log").get_by_text(REMOVED)).to_be_visible()
    bob.sees_messages("The last words")
    expect(bob.page.get_by_label("Message", exact=True)).to_be_hidden()
    for window in (ada, bob):
        expect(window.room_button("Novels <i>")).to_have_count(0)
    bob.page.get_by_role("button", name="Close").click()
    expect(bob.page.get_by_role("heading", level=1)).to_be_hidden()


def test_a_removed_room_that_is_not_shown_is_told_of(server: RunningServer, enter: Enter) -> None:
    """And a room that nobody keeps any more is removed by nobody in person."""
    ada, bob = enter(server, "Ada"), enter(server, "Bob")
    ada.make_room("Books")
    ada.shows_room("Books")
    bob.join("Books")
    bob.join("General")
    ada.page.get_by_role("button", name="Leave").click()
    expect(bob.page.get_by_role("status", name="Notices")).to_contain_text("Books was removed.")
    expect(bob.room_button("Books")).to_have_count(0)
    bob.shows_room("General")


def test_a_confirmation_can_be_thought_better_of(server: RunningServer, enter: Enter) -> None:
    ada = enter(server, "Ada")
    ada.make_room("Books")
    ada.shows_room("Books")
    ada.page.get_by_role("button", name="Manage room").click()
    dialog = ada.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Remove room…").click()
    dialog.get_by_role("button", name="Keep it").click()
    expect(dialog.get_by_label("Name")).to_have_value("Books")
    ada.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    ada.shows_room("Books")


def test_names_that_will_not_do(run_server: Callable[..., RunningServer], enter: Enter) -> None:
    ada = enter(run_server("[rooms]\nmax_per_user = 1"), "Ada")
    refusals = {
        "general": "There is a room with this name already.",
        "ab": "A room name has at least 3 characters.",
        "x" * 121: "A room name has at most 120 characters.",
        "Admin": "This name is not allowed. Try another one.",
    }
    alert = ada.page.get_by_role("navigation").get_by_role("alert")
    field = ada.page.get_by_label("Name of the new room")
    for name, words in refusals.items():
        ada.make_room(name)
        expect(alert).to_have_text(words)
        expect(field).to_be_focused()
        expect(field).to_have_accessible_description(words)
    ada.make_room("Books")
    ada.shows_room("Books")
    expect(field).to_have_count(0)
    ada.make_room("Novels")
    expect(alert).to_have_text("You have made as many rooms as you may have at a time.")
    field.press("Escape")
    expect(field).to_have_count(0)
    expect(ada.page.get_by_role("button", name="New room in Lobby")).to_be_focused()
    rename(ada, "General")
    expect(ada.page.get_by_role("dialog").get_by_role("alert")).to_have_text(refusals["general"])


def test_operators_keep_order_among_temporary_rooms(run_server: Callable[..., RunningServer], enter: Enter) -> None:
    server = run_server('[roles]\nglobalmods = ["root"]')
    root, ada = enter(server, "Root", hears_alone), enter(server, "Ada")
    expect(root.page.get_by_role("button", name="Manage room")).to_be_hidden()
    ada.make_room("Books")
    root.join("Books")
    remove(root)
    expect(ada.page.get_by_role("log").get_by_text("Books was removed by Root.")).to_be_visible()


def test_a_room_that_went_meanwhile(server: RunningServer, enter: Enter) -> None:
    ada, bob = enter(server, "Ada"), enter(server, "Bob")
    ada.make_room("Books")
    ada.shows_room("Books")
    bob.join("Books")
    bob.page.context.set_offline(offline=True)
    server.kill()
    expect(ada.status).to_contain_text("Connection lost")
    ada.make_room("Novels")
    expect(ada.page.get_by_role("alert")).to_have_text("The connection was lost before the server answered.")
    server.start()
    expect(ada.status).to_have_text("Connected")
    remove(ada)
    expect(ada.room_button("Books")).to_have_count(0)
    bob.page.context.set_offline(offline=False)
    expect(bob.page.get_by_role("log").get_by_text("Books is no longer there.")).to_be_visible()
    expect(bob.page.get_by_label("Message", exact=True)).to_be_hidden()


@pytest.mark.parametrize("width", [360, 800])
def test_little_room(server: RunningServer, open_window: Callable[[RunningServer], Window], width: int) -> None:
    """On a phone and on a tablet everything is within reach, and nothing reaches out of the screen."""
    name = "A room with a name that is far too long for a screen as narrow as this one"
    ada = open_window(server)
    ada.page.set_viewport_size({"width": width, "height": 640})
    ada.log_in("ada", "Ada with a name that is long as well")
    ada.make_room(name)
    ada.shows_room(name)
    for button in ("Manage room", "1 person", "Leave", "Log out"):
        expect(ada.page.get_by_role("button", name=button, exact=True)).to_be_in_viewport(ratio=1)
    ada.page.get_by_role("button", name="Manage room").click()
    expect(ada.page.get_by_role("dialog")).to_be_in_viewport(ratio=1)
    ada.page.keyboard.press("Escape")
    server.kill()
    for button in ("Try now", "Log out"):
        expect(ada.page.get_by_role("button", name=button)).to_be_in_viewport(ratio=1)
    expect(ada.visibility).to_be_in_viewport(ratio=1)
    assert ada.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
