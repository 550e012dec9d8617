"""The page of somebody who is banned: it says so, and does not come back by itself."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from chat.texts import base64_of
from tests.clients import Client
from tests.functional.windows import Window
from tests.running import ROOM_ID, RunningServer


def ban(server: RunningServer, kind: str) -> None:
    """Ban ada, by an operator."""
    with Client(server.url) as operator:
        assert operator.login("super")["status_code"] == 200
        whom = {"id": "ada", "summary": "90m", "content": base64_of("too loud")}
        body = {"verb": "ban", "target": {"id": ROOM_ID, "objectType": kind}, "object": whom}
        assert operator.call("ban", body) == {"status_code": 200}


def test_the_banned_are_told_why_and_stay_out(
    run_server: Callable[..., RunningServer], enter: Callable[[RunningServer, str], Window]
) -> None:
    server = run_server('[roles]\nsuperusers = ["super"]\n')
    ada, bob = enter(server, "Ada"), enter(server, "Bob")
    ban(server, "room")
    notices = ada.page.get_by_role("status", name="Notices")
    expect(notices).to_contain_text("You are banned in General for another 1 h 30 min. Reason: too loud")
    bob.sees_people("Bob")
    ada.room_button("General").click()
    expect(ada.page.get_by_text(re.compile("banned in General for another 1 h (29|30) min"))).not_to_have_count(0)
    ban(server, "global")
    farewell = ada.page.locator("#farewell")
    expect(farewell).to_have_text("You are banned from this server.")
    logins = ada.requests.count("login")
    ada.log_in("ada", "Ada")
    expect(ada.page.get_by_role("alert")).to_contain_text(re.compile(r"You are banned for another 1 h (29|30) min\."))
    assert ada.requests.count("login") == logins + 1
    assert ("gn_login", 703) in ada.refused
