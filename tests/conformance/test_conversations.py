"""Conversations, what waits in them for whom, and how far users have read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chat.conversations import Conversation
from chat.messages import ROOM_BYTES
from chat.model import Message, MessageId, Receipt, RoomId, RoomKind, User, UserId, new_id
from chat.plugin import Identity
from chat.receipts import Acknowledgement, Named, Window
from chat.times import utc_now

from .opened import ALICE, BOB, NOBODY, Opened

ALL = Window(0, 2**62, 1000)


async def between(opened: Opened, *users: User) -> Conversation:
    owners = {user.id: user.key for user in users or (opened.alice, opened.bob)}
    found: Conversation = (await opened.store.open_conversation(owners, utc_now())).conversation
    return found


async def say(opened: Opened, conversation: Conversation, body: str, author: User | None = None) -> Message:
    writer = author or opened.alice
    recipients = tuple(key for user_id, key in conversation.owners.items() if user_id != writer.id)
    draft = opened.draft(body, conversation.room, author=writer, recipients=recipients)
    message: Message = (await opened.store.append_message(draft)).message
    return message


async def acknowledge(opened: Opened, user: User, room: Any, found: Sequence[Message], receipt: Receipt) -> None:
    named = tuple(map(Named.of, found))
    await opened.store.acknowledge(Acknowledgement(user, room, named, receipt, utc_now()))


async def statuses(opened: Opened, messages: Sequence[Message], user: UserId = BOB, asker: UserId = ALICE) -> list[int]:
    ids = [message.id for message in messages]
    found = await opened.store.receipts_of(user, ids, asker)
    assert set(found) <= set(ids)
    return [found[one].value if one in found else -1 for one in ids]


async def bodies(opened: Opened, user: User, window: Window = ALL) -> list[str]:
    return [message.body for message in await opened.store.unacknowledged(user, window)]


async def test_there_is_one_conversation_for_a_set_of_owners(opened: Opened) -> None:
    owners = {ALICE: opened.alice.key, BOB: opened.bob.key}
    assert await opened.store.conversation_among(frozenset(owners)) is None
    made = await opened.store.open_conversation(owners, utc_now())
    again = await opened.store.open_conversation(dict(reversed(owners.items())), utc_now())
    assert made.is_new
    assert not again.is_new
    assert again.conversation == made.conversation
    room = made.conversation.room
    assert (room.name, room.channel_id, room.kind) == ("", None, RoomKind.CONVERSATION)
    alone = await between(opened, opened.alice)
    assert alone.room.id != room.id
    await opened.reopen()
    assert await opened.store.conversation_among(frozenset(owners)) == made.conversation
    assert await opened.store.find_conversation(room.id) == made.conversation
    assert await opened.store.find_conversation(alone.room.id) == alone
    for other in ("room0", "unknown", ""):
        assert await opened.store.find_conversation(RoomId(other)) is None
    assert room.id not in {one.id for one in opened.world.rooms}
    assert room.id not in opened.world.members


async def test_two_who_write_at_once_are_in_one_conversation(opened: Opened) -> None:
    owners = {ALICE: opened.alice.key, BOB: opened.bob.key}
    first, second = opened.store.open_conversation(owners, utc_now()), opened.store.open_conversation(owners, utc_now())
    found = [await first, await second]
    assert found[0].conversation == found[1].conversation
    assert [one.is_new for one in found] == [True, False]


async def test_what_is_not_acknowledged_waits_in_its_order(opened: Opened) -> None:
    carol = (await opened.store.record_login(UserId("carol"), Identity("Carol", {}), utc_now())).user
    two, three = await between(opened), await between(opened, opened.alice, opened.bob, carol)
    sent = [
        await say(opened, two if number % 2 else three, str(number), carol if number == 4 else None)
        for number in range(6)
    ]
    await say(opened, two, "of his own", opened.bob)
    assert await bodies(opened, opened.bob) == ["0", "1", "2", "3", "4", "5"]
    assert await bodies(opened, carol) == ["0", "2"]
    assert await bodies(opened, opened.alice) == ["4", "of his own"]
    assert await bodies(opened, opened.bob, Window(sent[1].key, sent[4].key, 10)) == ["2", "3", "4"]
    assert await bodies(opened, opened.bob, Window(0, sent[4].key, 2)) == ["0", "1"]
    (first, *_) = await opened.store.unacknowledged(opened.bob, ALL)
    assert first == sent[0]
    await acknowledge(opened, opened.bob, two.room, [sent[1], sent[3]], Receipt.RECEIVED)
    await opened.reopen()
    assert await bodies(opened, opened.bob) == ["0", "2", "4", "5"]


async def test_a_login_tells_what_waits(opened: Opened) -> None:
    async def login(user_id: UserId) -> tuple[list[str], int]:
        waiting = (await opened.store.record_login(user_id, Identity("Name", {}), utc_now())).waiting
        return [message.body for message in waiting.messages], waiting.up_to

    assert await login(BOB) == await login(NOBODY) == ([], 0)
    conversation = await between(opened)
    first, second = await say(opened, conversation, "one"), await say(opened, conversation, "two")
    assert await login(BOB) == (["one", "two"], second.key)
    assert await login(ALICE) == ([], 0)
    await acknowledge(opened, opened.bob, conversation.room, [second], Receipt.READ)
    assert await login(BOB) == (["one"], first.key)


async def test_what_waits_comes_in_pages_of_a_bounded_size(opened: Opened) -> None:
    conversation = await between(opened)
    large = "x" * 40_000
    sent = [await say(opened, conversation, large) for _ in range(ROOM_BYTES // len(large) + 5)]
    waiting = (await opened.store.record_login(BOB, Identity("Bob", {}), utc_now())).waiting
    assert len(sent) - 8 < len(waiting.messages) < len(sent)
    assert waiting.up_to == sent[-1].key
    rest = await opened.store.unacknowledged(opened.bob, Window(waiting.messages[-1].key, waiting.up_to, 1000))
    assert [message.id for message in (*waiting.messages, *rest)] == [message.id for message in sent]


async def test_receipts_rise_and_never_fall(opened: Opened) -> None:
    conversation = await between(opened)
    sent = [await say(opened, conversation, str(number)) for number in range(3)]
    assert await statuses(opened, sent) == [0, 0, 0]
    await acknowledge(opened, opened.bob, conversation.room, sent[1:], Receipt.RECEIVED)
    await acknowledge(opened, opened.bob, conversation.room, sent[2:], Receipt.READ)
    assert await statuses(opened, sent) == [0, 1, 2]
    await acknowledge(opened, opened.bob, conversation.room, sent, Receipt.RECEIVED)
    await opened.reopen()
    assert await statuses(opened, sent) == [1, 1, 2]


async def test_only_who_owns_a_conversation_asks_what_became_of_its_messages(opened: Opened) -> None:
    carol = (await opened.store.record_login(UserId("carol"), Identity("Carol", {}), utc_now())).user
    conversation = await between(opened)
    sent = [await say(opened, conversation, "one"), await say(opened, conversation, "two", opened.bob)]
    assert await statuses(opened, sent) == [0, -1]
    assert await statuses(opened, sent, ALICE, BOB) == [-1, 0]
    assert await statuses(opened, sent, BOB, carol.id) == [-1, -1]
    assert await statuses(opened, sent, carol.id, ALICE) == [-1, -1]


async def test_messages_are_named_in_their_room_alone(opened: Opened) -> None:
    conversation = await between(opened)
    here = await say(opened, conversation, "here")
    there = (await opened.store.append_message(opened.draft("there"))).message
    ids = (there.id, MessageId(new_id()), here.id)
    assert list(await opened.store.find_named(conversation.room, ids)) == [Named(here.key, here.id, 1, ALICE)]
    assert list(await opened.store.find_named(opened.room(), ids)) == [Named(there.key, there.id, 1, ALICE)]


async def test_markers_move_forward_alone(opened: Opened) -> None:
    sent = [(await opened.store.append_message(opened.draft(str(number)))).message for number in range(4)]
    conversation = await between(opened)
    private = await say(opened, conversation, "private")
    assert await opened.store.read_up_to(opened.bob, opened.room()) == 0
    for found, marker in ((sent[1:3], 3), (sent[:1], 3), (sent[3:], 4)):
        await acknowledge(opened, opened.bob, opened.room(), found, Receipt.READ)
        assert await opened.store.read_up_to(opened.bob, opened.room()) == marker
    await acknowledge(opened, opened.bob, conversation.room, [private], Receipt.READ)
    await opened.reopen()
    assert await opened.store.read_up_to(opened.bob, opened.room()) == 4
    assert await opened.store.read_up_to(opened.bob, conversation.room) == 1
    assert await opened.store.read_up_to(opened.bob, opened.room(1)) == 0
    assert await opened.store.read_up_to(opened.alice, opened.room()) == 0


async def test_conversations_of_many_have_owners_of_their_own(opened: Opened) -> None:
    users = [
        (await opened.store.record_login(UserId(f"{number:064}"), Identity("Name", {}), utc_now())).user
        for number in range(101)
    ]
    first, second = await between(opened, *users[:100]), await between(opened, *users[1:])
    assert first.room.id != second.room.id
    assert await between(opened, *reversed(users[:100])) == first
    assert await opened.store.conversation_among(frozenset(user.id for user in users[1:])) == second
    assert len((await opened.store.find_conversation(first.room.id)).owners) == 100  # type: ignore[union-attr]
