"""Users: what logins and changes make of them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec import structs
from twisted.internet.defer import gatherResults

from chat.errors import ChatError, ErrorCode
from chat.model import ID_LENGTH, User, UserId
from chat.plugin import Identity
from chat.times import utc_now

from .opened import ALICE, BOB, NOBODY, Opened, audit

LONGEST = UserId("u" * ID_LENGTH)


async def test_a_first_login_makes_the_user_known(opened: Opened) -> None:
    attributes = {"age": "30", "avatar": "http://chat.test/ü.png", "": "", "a.b": '"'}
    made = (await opened.store.record_login(LONGEST, Identity("Nåme 😀", attributes, "front"), utc_now())).user
    assert made == User(made.key, LONGEST, "Nåme 😀", "front", attributes)
    assert await opened.store.find_user(LONGEST) == made
    assert made.key not in {opened.alice.key, opened.bob.key}


async def test_a_later_login_changes_name_and_attributes_alone(opened: Opened) -> None:
    changed = (await opened.store.record_login(ALICE, Identity("Alicia", {"gender": "w"}, "elsewhere"), utc_now())).user
    assert changed == User(opened.alice.key, ALICE, "Alicia", opened.alice.origin, {"gender": "w"})
    assert await opened.store.find_user(ALICE) == changed
    assert await opened.store.find_user(BOB) == opened.bob


async def test_kept_attributes_stay_unless_the_identity_supplies_them(opened: Opened) -> None:
    await opened.store.record_login(ALICE, Identity("Alice", {"a": "1", "b": "2", "c": "3"}), utc_now())
    changed = (
        await opened.store.record_login(ALICE, Identity("Alice", {"b": "new"}), utc_now(), frozenset({"a", "b", "x"}))
    ).user
    assert changed.attributes == {"a": "1", "b": "new"}
    assert (await opened.known(ALICE)).attributes == {"a": "1", "b": "new"}


async def test_two_logins_at_once_make_one_user(opened: Opened) -> None:
    first, second = await gatherResults(
        [opened.store.record_login(NOBODY, Identity(name, {}), utc_now()) for name in ("One", "Two")]
    )
    assert first.user.key == second.user.key
    assert (await opened.known(NOBODY)).name == "Two"


async def test_a_user_is_made_known_once(opened: Opened) -> None:
    made = await opened.store.make_known(LONGEST, Identity("Nåme 😀", {"age": "30"}, "backend"), utc_now())
    assert made == User(made.key, LONGEST, "Nåme 😀", "backend", {"age": "30"})
    assert await opened.known(LONGEST) == made
    assert await opened.store.make_known(LONGEST, Identity("Another", {}, "other"), utc_now()) == made
    assert await opened.store.make_known(ALICE, Identity("Another", {}, "backend"), utc_now()) == opened.alice
    assert await opened.known(LONGEST) == made
    assert await opened.known(ALICE) == opened.alice


async def test_changed_attributes(opened: Opened) -> None:
    changed = await opened.store.update_attributes(ALICE, {"age": "31", "avatar": "x"})
    assert changed == User(opened.alice.key, ALICE, "Alice", opened.alice.origin, {"age": "31", "avatar": "x"})
    assert await opened.store.find_user(ALICE) == changed
    assert await opened.store.update_attributes(ALICE, {}) == changed
    with pytest.raises(ChatError) as refused:
        await opened.store.update_attributes(NOBODY, {"a": "b"})
    assert refused.value.code is ErrorCode.NO_SUCH_USER


async def test_who_is_not_known(opened: Opened) -> None:
    assert await opened.store.find_user(NOBODY) is None
    for like in ("ALICE", "alice ", "alic", "a%", "al_ce", "' OR 1=1 --"):
        assert await opened.store.find_user(UserId(like)) is None


async def test_a_hidden_user_stays_hidden(opened: Opened) -> None:
    hidden = await opened.store.set_hidden(ALICE, is_hidden=True, audit=audit("status-invisible"))
    assert hidden == structs.replace(opened.alice, is_hidden=True)
    assert len(opened.case.audits()) == 1
    assert (await opened.store.record_login(ALICE, Identity("Alice", {}), utc_now())).user.is_hidden
    assert (await opened.store.update_attributes(ALICE, {"a": "b"})).is_hidden
    assert await opened.store.find_users([ALICE, BOB]) == {ALICE: await opened.known(ALICE), BOB: opened.bob}
    await opened.reopen()
    assert (await opened.known(ALICE)).is_hidden
    assert not (await opened.store.set_hidden(ALICE, is_hidden=False)).is_hidden
    assert not (await opened.known(ALICE)).is_hidden
    assert len(opened.case.audits()) == 1
    with pytest.raises(ChatError) as refused:
        await opened.store.set_hidden(NOBODY, is_hidden=True, audit=audit("status-invisible"))
    assert refused.value.code is ErrorCode.NO_SUCH_USER
    assert len(opened.case.audits()) == 1


async def test_several_users_at_once(opened: Opened) -> None:
    asked = [BOB, NOBODY, ALICE, UserId("ALICE"), BOB]
    assert await opened.store.find_users(asked) == {ALICE: opened.alice, BOB: opened.bob}
    assert await opened.store.find_users([]) == {}


async def test_keys_are_never_used_again(opened: Opened) -> None:
    await opened.reopen()
    carol = (await opened.store.record_login(UserId("carol"), Identity("Carol", {}), utc_now())).user
    assert carol.key > max(opened.alice.key, opened.bob.key)


async def test_last_times_online(opened: Opened) -> None:
    first, second = utc_now(), utc_now() + timedelta(milliseconds=1)
    assert await opened.store.last_online([ALICE, BOB, NOBODY]) == {}
    await opened.store.add_tallies({}, {ALICE: first, BOB: first, NOBODY: first})
    await opened.store.add_tallies({}, {BOB: second})
    assert await opened.store.last_online([ALICE, BOB, NOBODY]) == {ALICE: first, BOB: second}
    assert await opened.store.last_online([BOB]) == {BOB: second}
    assert await opened.store.last_online([]) == {}
    await opened.reopen()
    assert await opened.store.last_online([ALICE]) == {ALICE: first}
