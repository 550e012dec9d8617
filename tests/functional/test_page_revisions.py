"""The page at `/`: messages that are edited, taken back and cleared away."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Locator, expect

from tests.clients import Client, message
from tests.functional.windows import Window
from tests.running import ROOM_ID, RunningServer

Enter = Callable[[RunningServer, str], Window]


def item(window: Window, text: str) -> Locator:
    """The message with this text."""
    return window.page.get_by_role("log").get_by_role("listitem").filter(has_text=text)


def test_people_take_back_what_they_said(server: RunningServer, enter: Enter) -> None:
    """After they were asked once more; not what others said, nor in a room that they left."""
    ada, bob = enter(server, "Ada"), enter(server, "Bob")
    for text in ("first", "second", "third"):
        ada.say(text)
    bob.sees_messages("first", "second", "third")
    expect(item(bob, "second").get_by_role("button")).to_have_count(0)
    item(ada, "second").hover()
    item(ada, "second").get_by_role("button", name="Delete this message").click()
    item(ada, "third").hover()
    item(ada, "third").get_by_role("button", name="Delete this message").click()
    expect(item(ada, "second").get_by_role("button", name="Delete this message")).to_be_visible()
    ada.sees_messages("first", "second", "third")
    item(ada, "third").get_by_role("button", name="Really delete this message").click()
    for window in (ada, bob):
        window.sees_messages("first", "second")
    ada.page.get_by_role("button", name="Leave").click()
    expect(item(ada, "second").get_by_role("button")).to_have_count(0)
    late = enter(server, "Cleo")
    late.sees_messages("first", "second")


def test_what_becomes_of_messages_is_shown(run_server: Callable[..., RunningServer], enter: Enter) -> None:
    server = run_server('[roles]\nsuperusers = ["boss"]')
    ada = enter(server, "Ada")
    with Client(server.url) as boss:
        boss.enter("boss", ROOM_ID)
        ids = [boss.say(text, ROOM_ID)["data"]["id"] for text in ("one", "two", "three")]
        ada.sees_messages("one", "two", "three")
        content = message("ONE", ROOM_ID)["object"] | {"id": ids[0]}
        boss.call("edit", {"verb": "edit", "target": {"id": ROOM_ID}, "object": content})
        boss.call("delete", {"verb": "delete", "target": {"id": ROOM_ID}, "object": {"id": ids[1]}})
        ada.sees_messages("ONE", "three")
        room = {"id": ROOM_ID, "objectType": "room"}
        boss.call("delete", {"verb": "delete", "target": {"id": ROOM_ID}, "object": room})
        ada.sees_messages()
        boss.say("after", ROOM_ID)
        ada.sees_messages("after")
