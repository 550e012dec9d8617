"""The page at `/admin`: what a moderator does in a browser, and what real clients hear of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import expect

from chat.texts import base64_of, text_of
from tests.clients import Client
from tests.functional.desks import ModeratorsDesk
from tests.running import CHANNEL_ID, ROOM_ID, RunningServer, Settings

EXTRA = """
[[channels.rooms]]
id = "books"
name = "Books"
[[channels]]
id = "games"
name = "Games"
[[channels.rooms]]
id = "chess"
name = "Chess"
[roles]
superusers = ["super"]
[[backend.keys]]
name = "reader"
key = "reader-key"
scopes = ["read"]
"""
Open = Callable[..., ModeratorsDesk]
Enter = Callable[..., Client]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server for all, whose users have names of their own in each test."""
    server = RunningServer(Settings.fresh(tmp_path_factory.mktemp("server"), EXTRA))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def enter(server: RunningServer) -> Iterator[Enter]:
    """Lets people in: `enter("Ada", ROOM_ID)` has the id ada and is in the room."""
    with ExitStack() as stack:

        def come_in(name: str, *room_ids: str) -> Client:
            client = stack.enter_context(Client(server.url))
            assert client.login(name.lower(), name)["status_code"] == 200
            for room_id in room_ids:
                assert client.call("join", {"verb": "join", "target": {"id": room_id}})["status_code"] == 200
            client.sync()
            client.events.clear()
            return client

        yield come_in


def test_who_is_online(server: RunningServer, open_desk: Open, enter: Enter) -> None:
    enter("Ada", ROOM_ID, "books")
    enter("Super").call("status", {"verb": "invisible"})
    desk = open_desk(server)
    expect(desk.person("Ada")).to_contain_text("ada")
    expect(desk.person("Ada").locator(".place")).to_have_text(["Books", "General"])
    expect(desk.person("Super")).to_contain_text("superuser · invisible")
    expect(desk.page.get_by_role("button", name="Kick Super")).to_be_disabled()
    desk.page.get_by_label("Search people").fill("SUP")
    expect(desk.rows("#people-list")).to_have_count(1)
    expect(desk.page.get_by_text("1 person found")).to_be_visible()
    desk.page.get_by_label("Search people").fill("")
    desk.person("Ada").get_by_role("button", name="Books").click()
    expect(desk.page.get_by_role("heading", level=2, name="Books")).to_be_visible()
    expect(desk.rows("#room-people")).to_have_count(1)


def test_rooms_and_who_is_in_them(server: RunningServer, open_desk: Open, enter: Enter) -> None:
    enter("Amy", "chess")
    desk = open_desk(server)
    desk.look("Rooms")
    room = desk.page.get_by_role("button", name="Chess, 1 person")
    expect(room).to_be_visible()
    late = enter("Ben", "chess")
    expect(desk.page.get_by_role("button", name="Chess, 2 people")).to_be_visible()
    desk.page.get_by_label("Search rooms").fill("book")
    expect(room).to_be_hidden()
    desk.page.get_by_label("Search rooms").fill("")
    desk.open_room("Chess")
    expect(desk.rows("#room-people").locator("b")).to_have_text(["Amy", "Ben"])
    late.socket.close()
    expect(desk.rows("#room-people").locator("b")).to_have_text(["Amy"])


def test_mute_and_unmute(server: RunningServer, open_desk: Open, enter: Enter) -> None:
    cleo = enter("Cleo", ROOM_ID)
    desk = open_desk(server)
    desk.start("Mute", "Cleo")
    desk.press("10 min")
    desk.fill(reason="zu laut")
    desk.press("Mute")
    desk.says("Cleo is muted in General for 10m.")
    mute = cleo.wait_for("gn_mute")
    assert (mute["object"]["summary"], text_of(mute["object"]["content"], "reason")) == ("10m", "zu laut")
    desk.open_room("General")
    row = desk.rows("#room-mutes").filter(has_text="Cleo")
    expect(row).to_contain_text(re.compile(r"Cleo.*(10|9) min( \d+ s)? left until .*zu laut · by a backend"))
    expect(desk.rows("#room-people").filter(has_text="Cleo")).to_contain_text("muted")
    desk.start("Unmute", "Cleo")
    desk.press("Unmute")
    desk.says("Cleo may speak in General again.")
    cleo.wait_for("gn_unmute")
    expect(row).to_have_count(0)


def test_a_mute_goes_when_it_is_over(server: RunningServer, open_desk: Open, enter: Enter) -> None:
    enter("Dan", "books")
    desk = open_desk(server)
    desk.open_room("Books")
    desk.start("Mute", "Dan")
    desk.fill(for_how_long="8s")
    desk.press("Mute")
    row = desk.rows("#room-mutes").filter(has_text="Dan")
    expect(row).to_contain_text(re.compile(r"\d s left"))
    expect(row).to_have_count(0)
    expect(desk.page.get_by_role("heading", name="Muted (0)")).to_be_visible()


def test_kick(server: RunningServer, open_desk: Open, enter: Enter) -> None:
    eve = enter("Eve", ROOM_ID, "chess")
    desk = open_desk(server)
    desk.start("Kick", "Eve")
    desk.choose("Chess")
    desk.fill(reason="enough")
    desk.press("Kick")
    desk.says("Eve was kicked from Chess.")
    kicked = eve.wait_for("gn_user_kicked")
    assert (kicked["object"]["id"], kicked["target"]["id"]) == ("eve", "chess")
    expect(desk.person("Eve").locator(".place")).to_have_text(["General"])


@pytest.mark.parametrize(
    ("choice", "place", "kind"),
    [("Books", "Books", "room"), ("Lobby: the channel with all its rooms", "the channel Lobby", "channel")],
)
def test_ban_and_unban(
    server: RunningServer, open_desk: Open, enter: Enter, choice: str, place: str, kind: str
) -> None:
    name = f"Fay-{kind}"
    fay = enter(name, "books")
    desk = open_desk(server)
    desk.start("Ban", name)
    desk.choose(choice)
    desk.press("7 days")
    desk.fill(reason="spam")
    desk.press("Ban")
    desk.says(f"{name} is banned from {place} for 7d.")
    target_id = {"room": "books", "channel": CHANNEL_ID}[kind]
    assert fay.wait_for("gn_banned")["target"]["id"] == target_id
    desk.look("Bans")
    row = desk.rows("#bans-list").filter(has_text=name)
    expect(row).to_contain_text(re.compile(rf"{name}.*from {place}.*(7 d|6 d 23 h) left.*spam · by a backend"))
    desk.start("Unban", name)
    desk.press("Unban")
    desk.says(f"{name} is no longer banned from {place}.")
    expect(row).to_have_count(0)
    assert fay.call("join", {"verb": "join", "target": {"id": "books"}})["status_code"] == 200


def test_a_ban_from_everything_is_asked_for_twice(server: RunningServer, open_desk: Open, enter: Enter) -> None:
    gus = enter("Gus", ROOM_ID)
    desk = open_desk(server)
    desk.start("Ban", "Gus")
    desk.choose("Everywhere: the whole server")
    desk.fill(for_how_long="2h")
    desk.press("Ban")
    expect(desk.refusal).to_contain_text("closes every connection")
    desk.press("Back")
    expect(desk.refusal).to_have_count(0)
    desk.press("Ban")
    gus.sync()
    assert gus.heard("gn_banned") == []
    desk.press("Yes, ban")
    desk.says("Gus is banned from the whole server for 2h.")
    gus.wait_for("gn_banned")
    with Client(server.url) as again:
        assert again.login("gus")["status_code"] == 703
    desk.look("Bans")
    desk.start("Unban", "Gus")
    desk.press("Unban")
    desk.says("Gus is no longer banned from the whole server.")
    with Client(server.url) as again:
        assert again.login("gus")["status_code"] == 200


def test_ban_somebody_who_is_not_there(server: RunningServer, open_desk: Open) -> None:
    desk = open_desk(server)
    desk.look("Bans")
    desk.page.get_by_role("button", name="Ban somebody").click()
    desk.fill(user_id="hal")
    desk.choose("Games: the channel with all its rooms")
    desk.press("Ban")
    desk.says("hal is banned from the channel Games for 1h.")
    expect(desk.rows("#bans-list").filter(has_text="hal")).to_contain_text("no reason given")
    assert "hal" in server.rest("GET", "/banned", {"channel_id": "games"})[1]["data"]


def test_broadcasts(server: RunningServer, open_desk: Open, enter: Enter) -> None:
    ivy, jon = enter("Ivy", "chess"), enter("Jon")
    desk = open_desk(server)
    desk.page.get_by_role("button", name="Broadcast…", exact=True).click()
    desk.fill(message="Zurück um 12\n🎉")
    desk.press("Send")
    expect(desk.refusal).to_contain_text("Everybody who is logged in sees this")
    desk.press("Yes, send")
    desk.says("Everybody was told.")
    for client in (ivy, jon):
        assert text_of(client.wait_for("gn_broadcast")["content"], "body") == "Zurück um 12\n🎉"
    desk.open_room("Chess")
    desk.page.get_by_role("button", name="Broadcast here…").click()
    desk.fill(message="Your move")
    desk.press("Send")
    desk.says("Chess was told.")
    assert ivy.wait_for("gn_broadcast")["content"] == base64_of("Your move")
    jon.sync()
    assert jon.heard("gn_broadcast") == []


def test_what_is_refused_is_told(server: RunningServer, open_desk: Open, enter: Enter) -> None:
    kim = enter("Kim", ROOM_ID)
    desk = open_desk(server, "reader-key")
    desk.start("Mute", "Kim")
    desk.press("Mute")
    expect(desk.refusal).to_have_text("The key lacks the scope moderate.")
    desk.press("Cancel")
    kim.sync()
    assert kim.heard("gn_mute") == []
