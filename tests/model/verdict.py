"""What must hold after a round of commands that were asked at the same time, when all is quiet again."""

from __future__ import annotations

from collections import Counter

from . import bodies
from .cast import LOBBY
from .facts import Json, text
from .ledger import Spoken, Watch, names_in
from .rush import OPEN, Guest, Rush


async def judge(rush: Rush) -> None:
    """Check everything, and make sure of what could not be known, so that the next round begins with clear beliefs."""
    check_rooms(rush)
    histories = {room_id: await history_of(rush, room_id) for room_id in rush.rooms}
    check_messages(rush, histories)
    await check_watch(rush)
    unclear = {user_id: await check_user(rush, user_id) for user_id in {guest.user_id for guest in rush.guests}}
    await rush.answers()
    end_round(rush, unclear)


def check_rooms(rush: Rush) -> None:
    """Everybody who was there all the time heard of the same rooms, each once, also of those that they made."""
    steady = [guest.ledger for guest in rush.guests if not guest.is_new] or [rush.guests[0].ledger]
    for ledger in steady:
        assert Counter(ledger.made) == Counter(set(steady[0].made))
        assert Counter(ledger.removed) == Counter(set(steady[0].removed))
    made_here = {room_id for guest in rush.guests for room_id in guest.ledger.made_here}
    assert made_here <= set(steady[0].made)
    rush.rooms += steady[0].made
    note_removed(rush)


def note_removed(rush: Rush) -> None:
    """Eve hears of the end of every room that she may list."""
    rush.removed |= set(rush.guests[0].ledger.removed)


async def history_of(rush: Rush, room_id: str) -> list[Spoken]:
    """All messages of a room, with seqs from 1 without gaps; none of a room that was removed."""
    reply = await call(rush.guests[1], "history", bodies.history(room_id, after=0), room_id)
    assert reply["status_code"] == (802 if room_id in rush.removed else 200)
    entries = reply["data"]["object"]["attachments"] if "data" in reply else []
    assert [one["seq"] for one in entries] == list(range(1, len(entries) + 1))
    return [Spoken(room_id, one["seq"], one["author"]["id"], text(one["content"])) for one in entries]


def check_messages(rush: Rush, histories: dict[str, list[Spoken]]) -> None:
    """Every message that was answered or heard is in the history as it was said, in the order of its connection; and
    who is in a room heard the last one.
    """
    kept = {message for history in histories.values() for message in history}
    words = [message.words for message in kept]
    assert len(words) == len(set(words)), "a message is there twice"
    for guest in [*rush.guests, *rush.lost]:
        rush.answered += guest.ledger.answered
        told = {*guest.ledger.answered, *guest.ledger.heard}
        assert {message for message in told if message.room_id not in rush.removed} <= kept
        for room_id, head in guest.ledger.sure() if guest in rush.guests else ():
            assert head == len(histories[room_id]), (guest.user_id, room_id)
    for history in histories.values():
        check_order(history)


def check_order(history: list[Spoken]) -> None:
    """Messages of a connection are in the order in which it sent them."""
    latest: dict[str, int] = {}
    for message in history:
        connection, number = message.words.split()
        assert latest.get(connection, 0) < int(number)
        latest[connection] = int(number)


async def check_watch(rush: Rush) -> None:
    """Lists and counts say what a user works out from the events."""
    eve = rush.guests[0]
    assert isinstance(eve.ledger, Watch)
    reply = await call(eve, "list_rooms", bodies.list_rooms(LOBBY))
    counts = {room["id"]: room["summary"] for room in reply["data"]["object"]["attachments"]}
    for room_id, seen in eve.ledger.seen.items():
        users = (await call(eve, "users_in_room", bodies.users_in_room(room_id), room_id))["data"]["object"]
        assert (names_in(users), users["summary"]) == (seen, len(seen))
        assert counts.get(room_id, len(seen)) == len(seen)


async def check_user(rush: Rush, user_id: str) -> set[str]:
    """The user is in the rooms that the sessions believe in, as far as they can know; what they cannot is ended.

    Returns the rooms that the user is out of now, whatever the sessions know.
    """
    sessions = [guest for guest in rush.guests if guest.user_id == user_id]
    inside = {room_id for room_id in set(rush.rooms) - rush.removed if await is_in(sessions[0], room_id)}
    sure = {room_id for guest in sessions for room_id, _ in guest.ledger.sure()}
    believed = {room_id for guest in sessions for room_id in guest.ledger.heads}
    assert sure <= inside
    if user_id not in [guest.user_id for guest in rush.lost]:
        assert inside <= believed
    for room_id in inside - sure:
        await call(sessions[0], "leave", bodies.leave(room_id), room_id)
    return (inside | believed) - sure


async def is_in(guest: Guest, room_id: str) -> bool:
    """Whether the user sees itself in the room."""
    users = await call(guest, "users_in_room", bodies.users_in_room(room_id), room_id)
    return guest.user_id in names_in(users["data"]["object"])


async def call(guest: Guest, event: str, body: Json, room_id: str = "") -> Json:
    """Ask, and wait for the answer."""
    guest.ledger.note(guest.client.latest_id + 1, event, room_id)
    reply: Json = await guest.client.call(event, body)
    return reply


def end_round(rush: Rush, unclear: dict[str, set[str]]) -> None:
    """What was new is known, and what was unclear is not so any more."""
    note_removed(rush)
    for guest in rush.guests:
        guest.is_new = False
        guest.ledger.forget(unclear[guest.user_id])
        guest.ledger.turn_over()
    rush.lost.clear()
    rush.at_risk.clear()


async def check_after_stop(rush: Rush) -> None:
    """What was answered before the stop is there after the start."""
    safe = {room_id for room_id in rush.rooms if room_id not in rush.removed | rush.at_risk} | set(OPEN)
    answered = {*rush.answered, *(one for guest in rush.guests for one in guest.ledger.answered)}
    rush.guests.clear()
    rush.begin()
    await rush.answers()
    for room_id in safe:
        history = await history_of(rush, room_id)
        assert {message for message in answered if message.room_id == room_id} <= set(history)
