"""Messages that are edited and deleted, rooms that are cleared: what becomes of them, and of all others nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from msgspec import structs
from twisted.internet.defer import gatherResults

from chat.messages import Appended
from chat.model import Message, MessageId
from chat.moderation import Audit
from chat.plugin import Identity
from chat.times import utc_now

from .opened import Opened, audit


async def post(opened: Opened, *bodies: str, room: int = 0) -> list[Message]:
    drafts = [opened.draft(body, room) for body in bodies]
    appended: list[Appended] = await gatherResults([opened.store.append_message(draft) for draft in drafts])
    return [one.message for one in appended]


async def live(opened: Opened, room: int = 0) -> list[str]:
    """The texts that everybody sees."""
    span = await opened.store.recent_messages(opened.room(room), 100)
    assert not any(message.deleted for message in span.messages)
    return [message.body for message in span.messages]


async def tombstones(opened: Opened, room: int = 0) -> list[int]:
    """The numbers of the deleted messages; the numbers of all have no gap."""
    span = await opened.store.messages_after(opened.room(room), 0, 500)
    assert [message.seq for message in span.messages] == list(range(1, span.head + 1))
    return [message.seq for message in span.messages if message.deleted]


def edited(message: Message, body: str) -> Message:
    return structs.replace(message, body=body, edited=utc_now())


def audited(opened: Opened) -> list[str]:
    """The acts in the audit log."""
    return [row[2] for row in opened.case.audits()]


async def test_a_message_is_found_by_its_id(opened: Opened) -> None:
    first, second = await post(opened, "first", "second")
    (elsewhere,) = await post(opened, "elsewhere", room=1)
    for message in (first, second, elsewhere):
        assert await opened.store.find_message(message.id) == message
    for unknown in ("", "x", "room0", first.id.upper() + "x"):
        assert await opened.store.find_message(MessageId(unknown)) is None


async def test_a_deleted_message_leaves_its_number(opened: Opened) -> None:
    posted = await post(opened, *"abc")
    assert await opened.store.delete_message(posted[1], utc_now()) is True
    assert await live(opened) == ["a", "c"]
    assert await tombstones(opened) == [2]
    assert await opened.store.find_message(posted[1].id) == structs.replace(posted[1], deleted=True)
    assert [message.seq for message in await post(opened, "d")] == [4]


async def test_deleting_twice_is_deleting_once(opened: Opened) -> None:
    (message,) = await post(opened, "a")
    row = audit("delete-message")
    assert await opened.store.delete_message(message, utc_now(), row) is True
    assert await opened.store.delete_message(message, utc_now() + timedelta(hours=1), row) is False
    assert audited(opened) == ["delete-message"]
    assert await tombstones(opened) == [1]


async def test_several_messages_of_several_rooms_are_deleted_in_one_go(opened: Opened) -> None:
    posted, elsewhere = await post(opened, *"abcd"), await post(opened, *"ef", room=1)
    await opened.store.delete_message(posted[1], utc_now())
    await opened.store.clear_room(opened.room(1), audit("clear-room"))
    (last,) = await post(opened, "g", room=1)
    row = audit("delete-messages")
    doomed = [posted[0], posted[1], posted[3], *elsewhere, last]
    assert await opened.store.delete_messages(doomed, utc_now(), row) == {posted[0].id, posted[3].id, last.id}
    assert (await live(opened), await live(opened, 1)) == (["c"], [])
    assert (await tombstones(opened), await tombstones(opened, 1)) == ([1, 2, 4], [1, 2, 3])
    assert await opened.store.delete_messages(doomed, utc_now(), row) == frozenset()
    assert audited(opened) == ["clear-room", "delete-messages"]
    assert await opened.store.delete_messages([posted[2]], utc_now()) == {posted[2].id}
    assert audited(opened) == ["clear-room", "delete-messages"]


async def test_a_deleted_message_waits_for_nobody(opened: Opened) -> None:
    owners = {user.id: user.key for user in (opened.alice, opened.bob)}
    room = (await opened.store.open_conversation(owners, utc_now())).conversation.room
    drafts = [opened.draft(body, room, recipients=(opened.bob.key,)) for body in "abc"]
    posted = [(await opened.store.append_message(draft)).message for draft in drafts]
    await opened.store.delete_messages([posted[0], posted[2]], utc_now())
    waiting = (await opened.store.record_login(opened.bob.id, Identity("Bob", {}), utc_now())).waiting
    assert [message.body for message in waiting.messages] == ["b"]
    assert [row[0] for row in opened.case.content()["receipts"]] == [posted[1].key]


async def test_who_deletes_the_own_message_is_not_in_the_audit_log(opened: Opened) -> None:
    (message,) = await post(opened, "a")
    assert await opened.store.delete_message(message, utc_now()) is True
    assert audited(opened) == []


async def test_an_edited_message_keeps_its_place(opened: Opened) -> None:
    posted = await post(opened, *"abc")
    second = edited(posted[1], "new")
    assert await opened.store.edit_message(second) is True
    assert await opened.store.find_message(second.id) == second
    span = await opened.store.recent_messages(opened.room(), 10)
    assert span.messages == (posted[0], second, posted[2])
    third = edited(second, "newer")
    assert await opened.store.edit_message(third) is True
    assert await opened.store.find_message(second.id) == third
    await opened.reopen()
    assert await opened.store.find_message(second.id) == third


async def test_a_deleted_message_is_not_edited(opened: Opened) -> None:
    first, second = await post(opened, *"ab")
    await opened.store.delete_message(first, utc_now())
    assert await opened.store.edit_message(edited(first, "back")) is False
    await opened.store.clear_room(opened.room(), audit("clear-room"))
    assert await opened.store.edit_message(edited(second, "back")) is False
    assert await live(opened) == []
    assert await opened.store.find_message(second.id) == structs.replace(second, deleted=True)


async def test_a_cleared_room(opened: Opened) -> None:
    posted = await post(opened, *"abc")
    await post(opened, "elsewhere", room=1)
    await opened.store.delete_message(posted[0], utc_now())
    assert await opened.store.clear_room(opened.room(), audit("clear-room")) == 3
    assert await live(opened) == []
    assert await tombstones(opened) == [1, 2, 3]
    assert await opened.store.delete_message(posted[1], utc_now(), audit("delete-message")) is False
    assert audited(opened) == ["clear-room"]
    await post(opened, *"de")
    assert await live(opened) == ["d", "e"]
    assert await tombstones(opened) == [1, 2, 3]
    assert await live(opened, 1) == ["elsewhere"]
    await opened.reopen()
    assert (await live(opened), await tombstones(opened)) == (["d", "e"], [1, 2, 3])


async def test_clearing_twice_is_clearing_once(opened: Opened) -> None:
    row: Audit = audit("clear-room")
    assert await opened.store.clear_room(opened.room(), row) == 0
    await post(opened, "a")
    assert await opened.store.clear_room(opened.room(), row) == 1
    assert await opened.store.clear_room(opened.room(), row) == 0
    await post(opened, "b")
    assert await opened.store.clear_room(opened.room(), row) == 2
    assert audited(opened) == ["clear-room"] * 2


async def test_a_removed_room_is_not_cleared(opened: Opened) -> None:
    room = await opened.store.create_room(opened.new_room("Short"))
    await opened.store.append_message(opened.draft("kept", room))
    await opened.store.remove_room(room, audit("remove-room"))
    assert await opened.store.clear_room(room, audit("clear-room")) == 0
    assert audited(opened) == ["remove-room"]


async def test_changes_happen_in_the_order_of_the_calls(opened: Opened) -> None:
    """Whatever shares a commit."""
    first, second = await post(opened, *"ab")
    store, room = opened.store, opened.room()
    results: list[Any] = await gatherResults(
        [
            store.edit_message(edited(first, "1")),
            store.append_message(opened.draft("c")).addCallback(lambda appended: appended.message.seq),
            store.edit_message(edited(first, "2")),
            store.delete_message(second, utc_now()),
            store.edit_message(edited(second, "3")),
            store.append_message(opened.draft("d")).addCallback(lambda appended: appended.message.seq),
        ]
    )
    assert results == [True, 3, True, True, False, 4]
    assert await live(opened) == ["2", "c", "d"]
    clearing, posting = store.clear_room(room, audit("clear-room")), store.append_message(opened.draft("e"))
    assert (await clearing, (await posting).message.seq) == (4, 5)
    assert await live(opened) == ["e"]


async def test_a_retry_is_answered_as_at_first_whatever_became_of_the_message(opened: Opened) -> None:
    draft = opened.draft("first", client_id="mine")
    message = (await opened.store.append_message(draft)).message
    await opened.store.edit_message(edited(message, "second"))
    again = await opened.store.append_message(structs.replace(draft, id=MessageId("other")))
    assert again == Appended(message, repeated=True)
    await opened.store.delete_message(message, utc_now())
    again = await opened.store.append_message(structs.replace(draft, id=MessageId("another")))
    assert again == Appended(message, repeated=True)
    assert await live(opened) == []
