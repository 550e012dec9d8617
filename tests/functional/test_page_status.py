"""Being seen on the page, and not: by others, by operators, in several windows, and over reconnects."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.clients import Client
from tests.functional.relays import Relay
from tests.functional.windows import Window
from tests.running import ROOM_ID, RunningServer

Enter = Callable[[RunningServer, str], Window]
OpenWindow = Callable[[RunningServer], Window]
OPERATOR = '[[channels.rooms]]\nname = "Books"\n[roles]\nsuperusers = ["root"]'


@pytest.fixture
def server(run_server: Callable[..., RunningServer]) -> RunningServer:
    return run_server(OPERATOR)


def enter_invisible(window: Window) -> None:
    window.log_in("bob", "Bob", invisible=True)
    window.join("General")


def sees_invisible(window: Window, *names: str) -> None:
    expect(window.invisible).to_have_text(list(names))


def test_operators_see_who_hides(server: RunningServer, enter: Enter) -> None:
    root, ada, bob = enter(server, "Root"), enter(server, "Ada"), enter(server, "Bob")
    for window in (root, bob):
        window.join("Books")
        window.join("General")
    root.sees_people("Ada", "Bob", "Root")
    bob.visibility.select_option("invisible")
    ada.sees_people("Ada", "Root")
    expect(ada.page.get_by_role("heading", name="Here now (2)")).to_be_visible()
    expect(root.page.get_by_role("heading", name="Here now (3)")).to_be_visible()
    for window in (root, bob):
        window.sees_people("Ada", "Bob", "Root")
        sees_invisible(window, "Bob")
    root.join("Books")
    root.sees_people("Bob", "Root")
    sees_invisible(root, "Bob")
    bob.say("Can you hear me?")
    ada.sees_messages("Can you hear me?")
    bob.visibility.select_option("online")
    ada.sees_people("Ada", "Bob", "Root")
    for window in (root, bob):
        sees_invisible(window)
    root.sees_people("Bob", "Root")


def test_coming_and_going_unseen(server: RunningServer, enter: Enter, open_window: OpenWindow) -> None:
    ada, root, bob = enter(server, "Ada"), enter(server, "Root"), open_window(server)
    enter_invisible(bob)
    expect(bob.visibility).to_have_value("invisible")
    root.sees_people("Ada", "Bob", "Root")
    sees_invisible(root, "Bob")
    late = enter(server, "Root")
    sees_invisible(late, "Bob")
    bob.page.get_by_role("button", name="Log out").click()
    for window in (root, late):
        window.sees_people("Ada", "Root")
    bob.log_in("bob", "Bob")
    expect(bob.visibility).to_have_value("online")
    bob.join("General")
    ada.sees_people("Ada", "Bob", "Root")


def test_the_choice_outlives_the_connection(server: RunningServer, enter: Enter) -> None:
    root, ada, bob = enter(server, "Root"), enter(server, "Ada"), enter(server, "Bob")
    bob.visibility.select_option("invisible")
    sees_invisible(root, "Bob")
    server.kill()
    for window in (root, ada, bob):
        expect(window.status).to_contain_text("Connection lost")
    server.start()
    for window in (root, bob):
        window.sees_people("Ada", "Bob", "Root")
        sees_invisible(window, "Bob")
    ada.sees_people("Ada", "Root")
    expect(bob.visibility).to_have_value("invisible")
    assert bob.requests.count("status") == 1


def test_what_was_chosen_without_a_connection(server: RunningServer, enter: Enter) -> None:
    """It is said as soon as there is one. A login alone does not reveal whom another session hides."""
    ada, bob = enter(server, "Ada"), enter(server, "Bob")
    bob.visibility.select_option("invisible")
    ada.sees_people("Ada")
    bob.page.context.set_offline(offline=True)
    server.kill()
    expect(bob.status).to_contain_text("Connection lost")
    bob.visibility.select_option("online")
    server.start()
    with Client(server.url) as other:
        other.enter("bob", ROOM_ID)
        assert other.call("status", {"verb": "invisible"}) == {"status_code": 200}
        ada.sees_people("Ada")
        bob.page.context.set_offline(offline=False)
        ada.sees_people("Ada", "Bob")
    expect(bob.visibility).to_have_value("online")


def test_two_windows_of_one_user(server: RunningServer, enter: Enter) -> None:
    ada, first = enter(server, "Ada"), enter(server, "Bob")
    first.visibility.select_option("invisible")
    ada.sees_people("Ada")
    second = enter(server, "Bob")
    expect(second.visibility).to_have_value("invisible")
    second.visibility.select_option("online")
    ada.sees_people("Ada", "Bob")
    expect(first.visibility).to_have_value("online")
    sees_invisible(first)


def test_who_was_as_if_gone_hides(server: RunningServer, enter: Enter) -> None:
    root = enter(server, "Root")
    with Client(server.url) as bob:
        bob.enter("bob", ROOM_ID)
        root.sees_people("bob", "Root")
        bob.call("status", {"verb": "offline"})
        root.sees_people("Root")
        root.say("Bob?")
        root.sees_messages("Bob?")
        bob.call("status", {"verb": "invisible"})
        root.sees_people("bob", "Root")
        sees_invisible(root, "bob")
    root.sees_people("Root")


def test_who_is_seen_again(
    server: RunningServer, enter: Enter, enter_by_relay: Callable[[RunningServer, str], tuple[Window, Relay]]
) -> None:
    """Whether the join that tells it gets through or not."""
    (root, relay), bob = enter_by_relay(server, "Root"), enter(server, "Bob")
    bob.visibility.select_option("invisible")
    sees_invisible(root, "Bob")
    relay.answer = lambda frame: None if frame[0] == "gn_user_joined" else frame
    bob.visibility.select_option("online")
    sees_invisible(root)
    root.sees_people("Bob", "Root")


def test_a_status_that_is_refused(run_server: Callable[..., RunningServer], enter: Enter) -> None:
    ada = enter(run_server('[plugins]\ndisable = ["status"]'), "Ada")
    ada.visibility.select_option("invisible")
    expect(ada.page.get_by_role("status", name="Notices")).to_contain_text("No such event.")
    expect(ada.visibility).to_have_value("online")
