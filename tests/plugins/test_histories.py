"""A client that asks for page after page with the last number that it got has everything exactly once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.threads import deferToThread

from chat.config import ChannelSection, GlobalRoles, HistoryOptions, RoomSection
from chat.messages import Draft
from chat.model import MessageId, RoomId, RoomKind, UserId
from chat.plugins import history
from chat.testing import MemoryClient, MemoryServer
from chat.times import utc_now
from tests.conformance.opened import in_reactor
from tests.conversing import CHANNELS, ROOM, inside, logged_in, send

PAGE = 3
EXAMPLES = 60
OLD = utc_now() - timedelta(days=30)
# What happens between two pages: messages are posted, one that is there is deleted, the oldest are purged.
POST = st.tuples(st.just("post"), st.integers(1, 5))
DELETE = st.tuples(st.just("delete"), st.integers(0, 30))
PURGE = st.tuples(st.just("purge"), st.integers(1, 4))
STEPS = st.lists(st.lists(st.one_of(POST, DELETE, PURGE), max_size=3), max_size=12)


@pytest.fixture
def server(memory_server: Callable[..., MemoryServer], monkeypatch: pytest.MonkeyPatch) -> MemoryServer:
    monkeypatch.setattr(history, "SPAN_LIMIT", PAGE)
    return memory_server(channels=CHANNELS)


class Reader:
    """Reads a room page by page, while things happen to it, and knows what is to come out."""

    def __init__(self, server: MemoryServer, client: MemoryClient, start: int) -> None:
        self._services = server.server.services
        self._client = client
        self.seq = start
        self.posted: dict[int, str] = {}
        self.deleted: set[int] = set()
        self.floor = self.head = start
        self.got: list[int] = []

    async def happen(self, what: str, number: int) -> None:
        """Do it in the store, as the verbs and the retention do."""
        store, room = self._services.store, self._services.rooms.room(RoomId(ROOM))
        if what == "post":
            author = await self._services.users.known(UserId("alice"))
            for _ in range(number):
                draft = Draft(room=room, author=author, body="x", published=OLD)
                message = (await store.append_message(draft)).message
                self.head, self.posted[message.seq] = message.seq, message.id
        elif what == "purge":
            self.floor += await store.purge_messages(utc_now(), number)
        elif seqs := [seq for seq in self.posted if seq > self.floor]:
            seq = seqs[number % len(seqs)]
            found: Any = await store.find_message(MessageId(self.posted[seq]))
            await store.delete_message(found, utc_now())
            self.deleted.add(seq)

    async def page(self) -> bool:
        """Ask for the next page, and compare it. Returns whether there is more."""
        body = {"verb": "list", "target": {"id": ROOM}, "object": {"seq": self.seq}}
        reply = (await self._client.call("history", body))["data"]["object"]
        seqs = [entry["seq"] for entry in reply["attachments"]]
        begin = max(self.seq, self.floor)
        assert seqs == list(range(begin + 1, min(begin + PAGE, self.head) + 1))
        assert [entry["id"] for entry in reply["attachments"]] == [self.posted[seq] for seq in seqs]
        assert {entry["seq"] for entry in reply["attachments"] if entry.get("deleted")} == self.deleted & set(seqs)
        assert all(entry.keys() == {"id", "seq", "deleted"} for entry in reply["attachments"] if "content" not in entry)
        assert reply["recovered"] is (self.floor <= self.seq)
        assert (reply["head"], reply["more"]) == (self.head, bool(seqs) and seqs[-1] < self.head)
        self.got += seqs
        self.seq = seqs[-1] if seqs else self.seq
        return bool(reply["more"])


async def follow(server: MemoryServer, client: MemoryClient, steps: list[list[tuple[str, int]]]) -> None:
    room = server.server.services.rooms.room(RoomId(ROOM))
    store = server.server.services.store
    while await store.purge_messages(utc_now(), 500):
        pass
    reader = Reader(server, client, (await store.messages_after(room, 0, 1)).head)
    start, gone = reader.seq, set()
    for step in steps:
        for what, number in step:
            await reader.happen(what, number)
        gone |= {seq for seq in reader.posted if reader.seq < seq <= reader.floor}
        await reader.page()
    while await reader.page():
        pass
    assert reader.got == [seq for seq in range(start + 1, reader.head + 1) if seq not in gone]


async def test_page_after_page_brings_everything_once(server: MemoryServer) -> None:
    client = await inside(server)

    @settings(max_examples=EXAMPLES, deadline=None)
    @given(steps=STEPS)
    def run(steps: list[list[tuple[str, int]]]) -> None:
        in_reactor(lambda: follow(server, client, steps))

    await deferToThread(run)


@pytest.mark.parametrize("seq", [-1, 1.0, 1.5, True, "1", "x", [], {}, 2**53, 2**64, -(2**70)])
async def test_a_number_is_whole_and_not_below_0(server: MemoryServer, seq: Any) -> None:
    alice = await inside(server)
    body = {"verb": "list", "target": {"id": ROOM}, "object": {"seq": seq}}
    assert (await alice.call("history", body))["status_code"] == 706


async def test_a_number_that_the_room_has_not_given_out_is_no_recovery(server: MemoryServer) -> None:
    alice = await inside(server)
    await alice.call("message", send("hello"))
    for seq, found, recovered in ((0, [1], True), (1, [], True), (2, [], False), (2**53 - 1, [], False)):
        body = {"verb": "list", "target": {"id": ROOM}, "object": {"seq": seq}}
        reply = (await alice.call("history", body))["data"]["object"]
        assert [entry["seq"] for entry in reply["attachments"]] == found
        assert (reply["head"], reply["more"], reply["recovered"]) == (1, False, recovered)


CLOSED = RoomId("closed")
CHANNEL = ChannelSection(
    name="Lobby", default=True, rooms=(*CHANNELS[0].rooms, RoomSection(id=CLOSED, name="Closed", access="members"))
)
WAYS: tuple[dict[str, Any], ...] = ({}, {"object": {"seq": 0}}, {"updated": "2000-01-01T00:00:00Z"})


async def asked(client: MemoryClient, target: str) -> list[Any]:
    """What comes of every way to ask for a history: the code, or the texts."""
    replies = [await client.call("history", {"verb": "list", "target": {"id": target}} | way) for way in WAYS]
    return [
        [entry["content"] for entry in reply["data"]["object"]["attachments"]]
        if reply["status_code"] == 200
        else reply["status_code"]
        for reply in replies
    ]


@pytest.mark.parametrize("kind", ["top", "unread"])
async def test_nobody_reads_what_is_for_others(memory_server: Callable[..., MemoryServer], kind: Any) -> None:
    """Rooms for members, the admin room, conversations of others, also by the ids of their owners."""
    server = memory_server(
        channels=(CHANNEL,), roles=GlobalRoles(superusers=("operator",)), history=HistoryOptions(type=kind)
    )
    services = server.server.services
    alice, operator = await inside(server, "alice"), await inside(server, "operator")
    outsider = await inside(server, "mallory")
    await logged_in(server, "bob")
    lobby = next(iter(services.rooms.channels))
    admin = next(room for room in services.rooms.rooms_in(lobby.id) if room.kind is RoomKind.ADMIN)
    for room in (admin, services.rooms.room(CLOSED)):
        author = await services.users.known(UserId("alice"))
        await services.store.append_message(Draft(room=room, author=author, body="secret", published=utc_now()))
    private = {"verb": "send", "target": {"id": "bob", "objectType": "private"}, "object": {"content": "c2VjcmV0"}}
    conversation = (await alice.call("message", private))["data"]["target"]["id"]
    for target in (admin.id, CLOSED, conversation, "no such place"):
        assert await asked(outsider, target) == [802] * len(WAYS)
    for target in ("alice", "bob", "mallory"):
        assert await asked(outsider, target) == [[]] * len(WAYS)
    assert await asked(operator, admin.id) == [["c2VjcmV0"]] * len(WAYS)
    assert await asked(operator, conversation) == [802] * len(WAYS)
