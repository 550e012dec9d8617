"""Each cell of the table of rights through the commands that ask it: allowed and refused, for every rank of whom it is
about.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from chat.config import ChannelSection, GlobalRoles, RoomSection
from chat.errors import ChatError
from chat.model import SYSTEM_ID, ChannelId, Role, RoomId, RoomKind, User, UserId
from chat.plugin import Context
from chat.requests import AclPlan, CreateRoom, GiveRole, KickUser, MutePlan, MuteUsers, RemoveRoom, RenameRoom, TakeRole
from chat.rights import Act, Standing
from chat.slots import Activity
from chat.testing import MemoryClient, MemoryServer
from chat.texts import base64_of
from chat.times import utc_now
from tests.test_rights import STRANGERS, USERS, cells

CHANNEL, STATIC = ChannelId("channel"), RoomId("room")
CHANNELS = (
    ChannelSection(
        id=CHANNEL,
        name="Channel",
        default=True,
        owners=("channel-owner",),
        admins=("channel-admin",),
        rooms=(
            RoomSection(id=STATIC, name="Static", owners=("room-owner",), moderators=("room-moderator",)),
            RoomSection(id="next", name="Next", owners=("next-door",), moderators=("next-door",)),
        ),
    ),
    ChannelSection(id="other", name="Other", owners=("elsewhere",), admins=("elsewhere",)),
)
ROLES = GlobalRoles(superusers=("superuser", "boss"), globalmods=("globalmod", "watch"))
# Somebody of every rank: nobody, a globalmod, a superuser, the system.
GUEST, WATCH, BOSS = VICTIMS = tuple(map(UserId, ("guest", "watch", "boss")))
RANKS = (*VICTIMS, SYSTEM_ID)
MAY_ACT_ON = {SYSTEM_ID: {*VICTIMS}, UserId("superuser"): {*VICTIMS}, UserId("globalmod"): {GUEST, WATCH}}
# Nobody is anything in the room of the operators itself.
OF_ROOM = {Standing.ROOM_OWNER, Standing.ROOM_MODERATOR}
ALLOWED = {
    (act, place, USERS[one]) for act, place, one, may in cells() if may and not (place == "admin" and one in OF_ROOM)
}
ACTORS = (*USERS.values(), *STRANGERS)
FORBIDDEN = {705, 802}


class Stage:
    """A server with the rooms of all kinds, the victims in those that they may enter, and somebody who acts."""

    def __init__(self, server: MemoryServer, actor_id: UserId) -> None:
        self.server = server
        self.services = server.server.services
        self.actor_id = actor_id
        self.rooms = {"static": STATIC}
        self.clients: dict[UserId, MemoryClient] = {}

    async def set(self) -> None:
        """Let everybody come in, and make a temporary room with the same roles."""
        directory = self.services.rooms
        self.rooms["admin"] = next(one.id for one in directory.rooms_in(CHANNEL) if one.kind is RoomKind.ADMIN)
        for user_id in dict.fromkeys((*VICTIMS, self.actor_id, USERS[Standing.ROOM_OWNER])):
            if user_id != SYSTEM_ID:
                self.clients[user_id] = self.server.client()
                await self.clients[user_id].login(user_id)
        body = {"verb": "create", "target": {"displayName": base64_of("Mine")}, "object": {"url": CHANNEL}}
        made = await self.clients[USERS[Standing.ROOM_OWNER]].call("create", body)
        self.rooms["temporary"] = temporary = RoomId(made["data"]["target"]["id"])
        if self.actor_id == USERS[Standing.ROOM_MODERATOR]:
            await self.as_system(GiveRole(user_id=self.actor_id, role=Role.MODERATOR, room_id=temporary))
        for client in self.clients.values():
            for room_id in (STATIC, temporary):
                await client.call("join", {"verb": "join", "target": {"id": room_id}})

    async def as_system(self, request: Activity) -> None:
        """Done by the system."""
        await self.services.dispatch(Context(utc_now(), self.services.users.system, None, "key"), request)

    async def code(self, request: Activity) -> int:
        """What the actor is answered."""
        try:
            await self.services.dispatch(Context(utc_now(), await self._actor()), request)
        except ChatError as refusal:
            return refusal.code.wire
        return 200

    async def _actor(self) -> User:
        system = self.services.users.system
        return system if self.actor_id == SYSTEM_ID else await self.services.users.known(self.actor_id)

    async def said_by(self, user_id: UserId, room_id: RoomId) -> str:
        """The id of what somebody said."""
        target = {"id": room_id, "objectType": "room"}
        body = {"verb": "send", "target": target, "object": {"content": base64_of("hi")}}
        message_id: str = (await self.clients[user_id].call("message", body))["data"]["id"]
        return message_id


async def kicks(stage: Stage, room_id: RoomId) -> dict[UserId | None, int]:
    return {one: await stage.code(KickUser(room_id=room_id, user_id=one)) for one in RANKS}


async def mutes(stage: Stage, room_id: RoomId) -> dict[UserId | None, int]:
    plans = {one: MutePlan(one, room_id, "1m", None, stage.actor_id) for one in RANKS}
    return {one: await stage.code(MuteUsers((plan,))) for one, plan in plans.items()}


async def deletes(stage: Stage, room_id: RoomId) -> dict[UserId | None, int]:
    """Of those who say something, which the system does not; nor is it in a room, so that it does not delete there."""
    codes: dict[UserId | None, int] = {}
    for author_id in VICTIMS:
        message_id = await stage.said_by(author_id, room_id)
        body = {"verb": "delete", "target": {"id": room_id}, "object": {"id": message_id}}
        codes[author_id] = (await stage.clients[stage.actor_id].call("delete", body))["status_code"]
    return codes


async def clears(stage: Stage, room_id: RoomId) -> dict[UserId | None, int]:
    """Also of what superusers said: nobody is meant."""
    await stage.said_by(BOSS, room_id)
    body = {"verb": "delete", "target": {"id": room_id}, "object": {"id": room_id, "objectType": "room"}}
    return {None: (await stage.clients[stage.actor_id].call("delete", body))["status_code"]}


async def renames(stage: Stage, room_id: RoomId) -> dict[UserId | None, int]:
    return {None: await stage.code(RenameRoom(room_id=room_id, name="Another name"))}


async def removes(stage: Stage, room_id: RoomId) -> dict[UserId | None, int]:
    return {None: await stage.code(RemoveRoom(room_id=room_id))}


async def pulls_in(stage: Stage, room_id: RoomId) -> dict[UserId | None, int]:
    rule = AclPlan(type="age", action="autojoin", value="18:")
    return {None: await stage.code(CreateRoom(channel_id=CHANNEL, name="Pulling", acls=(rule,)))}


def roles_are_changed(role: Role) -> Callable[[Stage, RoomId], Awaitable[dict[UserId | None, int]]]:
    """Given and taken, which are one right."""

    async def changes(stage: Stage, room_id: RoomId) -> dict[UserId | None, int]:
        place: dict[str, Any] = {"room_id": room_id} if role is Role.MODERATOR else {}
        place |= {"channel_id": CHANNEL} if role is Role.ADMIN else {}
        codes: dict[UserId | None, int] = {}
        for one in RANKS:
            codes[one] = await stage.code(GiveRole(user_id=one, role=role, **place))
            assert await stage.code(TakeRole(user_id=one, role=role, **place)) == codes[one]
        return codes

    return changes


COMMANDS = {
    Act.KICK: kicks,
    Act.MUTE: mutes,
    Act.DELETE_OF_OTHERS: deletes,
    Act.CLEAR_ROOM: clears,
    Act.RENAME_ROOM: renames,
    Act.REMOVE_ROOM: removes,
    Act.SET_AUTOJOIN: pulls_in,
    Act.SET_ROOM_ROLES: roles_are_changed(Role.MODERATOR),
    Act.SET_CHANNEL_ROLES: roles_are_changed(Role.ADMIN),
    Act.SET_GLOBAL_ROLES: roles_are_changed(Role.GLOBALMOD),
}
IN_ROOMS = {Act.DELETE_OF_OTHERS, Act.CLEAR_ROOM}


def rows() -> list[tuple[Act, str, UserId]]:
    """Every cell that a command asks, but for what is done by those who are inside, where the system never is, nor
    owners of the channel in the room of the operators; in conversations there is no such command at all.
    """
    places = dict.fromkeys((act, place) for act, place, *_ in cells() if act in COMMANDS and place != "conversation")
    found = [(act, place, actor_id) for act, place in places for actor_id in ACTORS]
    return [row for row in found if row[0] not in IN_ROOMS or (row[1] != "admin" and row[2] != SYSTEM_ID)]


@pytest.mark.parametrize(("act", "place", "actor_id"), rows())
async def test_a_cell(memory_server: Callable[..., MemoryServer], act: Act, place: str, actor_id: UserId) -> None:
    stage = Stage(memory_server(channels=CHANNELS, roles=ROLES), actor_id)
    await stage.set()
    codes = await COMMANDS[act](stage, stage.rooms.get(place, STATIC))
    assert codes
    for whom, code in codes.items():
        may_act = whom is None or whom in MAY_ACT_ON.get(actor_id, {GUEST})
        if may_act and (act, place, actor_id) in ALLOWED:
            assert code == 200, whom
        else:
            assert code in (FORBIDDEN if place == "admin" else {705}), whom
