"""What is asked for in a room whose removal is being written comes too late: it is refused, and nothing is kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec import structs
from twisted.internet.defer import Deferred

from chat.config import ChannelSection, RoomSection
from chat.errors import ChatError, ErrorCode
from chat.model import BanScope, MessageId, RoomId, UserId
from chat.requests import BanUser, MutePlan, MuteUsers, RemoveRoom, ReportMessage, UnbanUser, UnmuteUser
from chat.slots import Activity
from chat.testing import MemoryServer
from tests.banning import backend
from tests.conversing import CHANNELS, ROOM, counted, eventually, inside, send
from tests.held import Held

ALICE, BOB = UserId("alice"), UserId("bob")
OTHER_ROOM = RoomId("other")
OTHER = ChannelSection(name="Park", rooms=(RoomSection(id=OTHER_ROOM, name="Other"),))
WRITES = {"put_sanctions", "end_sanction", "put_report"}


def mute(room_id: RoomId, user_id: UserId = ALICE) -> MutePlan:
    return MutePlan(user_id, room_id, "1h", None, BOB)


def request_of(event: str, message_id: MessageId) -> Activity:
    """What is asked for, once it is too late."""
    requests: dict[str, Activity] = {
        "mute": MuteUsers((mute(OTHER_ROOM, BOB), mute(ROOM))),
        "unmute": UnmuteUser(ALICE, ROOM),
        "ban": BanUser(kind="room", target=ROOM, user_id=ALICE, duration="1h"),
        "unban": UnbanUser(BOB, BanScope.ROOM, ROOM),
        "report": ReportMessage(message_id=message_id, claimed="rude", author_id=BOB),
    }
    return requests[event]


@pytest.mark.parametrize("event", ["mute", "unmute", "ban", "unban", "report"])
async def test_a_room_that_is_removed_meanwhile_gets_nothing(
    memory_server: Callable[..., MemoryServer], monkeypatch: pytest.MonkeyPatch, event: str
) -> None:
    """Nor does another room with the same request."""
    server = memory_server(channels=(*CHANNELS, OTHER))
    services, caller = server.server.services, backend(server)
    alice, bob = await inside(server, "alice"), await inside(server, "bob")
    request = request_of(event, (await bob.call("message", send("rude")))["data"]["id"])
    if event.startswith("un"):
        await services.dispatch(caller, MuteUsers((mute(ROOM),)))
        await services.dispatch(caller, BanUser(kind="room", target=ROOM, user_id=BOB, duration="1h"))
    await alice.sync()
    alice.events.clear()
    held, calls = Held(monkeypatch, "remove_room"), counted(server, monkeypatch)
    removing = Deferred.fromCoroutine(server.server.pipeline.dispatch(caller, RemoveRoom(room_id=ROOM)))
    await held.begun()
    if event == "report":
        caller = structs.replace(caller, user=await services.users.known(ALICE))
    asked = Deferred.fromCoroutine(server.server.pipeline.dispatch(caller, request))
    await eventually(lambda: WRITES & {*calls})
    await held.let_through(server)
    await removing
    with pytest.raises(ChatError) as refused:
        await asked
    assert refused.value.code is ErrorCode.NO_SUCH_ROOM
    assert (services.mutes._places, services.rooms.bans._places) == ({}, {})
    await alice.sync()
    assert [name for name, _ in alice.events] == ["gn_room_removed"]
    assert await services.store.list_reports(10) == ()
    await server.stop()
    again = memory_server(channels=(*CHANNELS, OTHER), data_dir=server.server.config.data_dir).server.services
    assert (again.mutes._places, again.rooms.bans._places) == ({}, {})
