"""A town with two channels, people with and without rights, and bans, for tests without sockets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chat.config import AclRule, ChannelSection, GlobalRoles, RoomSection
from chat.model import RoomId
from chat.plugin import Context
from chat.testing import MemoryClient, MemoryServer
from chat.texts import base64_of
from chat.times import utc_now
from tests.conversing import logged_in

Make = Callable[..., MemoryServer]
LOBBY, PARK = "lobby", "park"
HALL, BAR, LAWN, PORCH = map(RoomId, ("hall", "bar", "lawn", "porch"))
AUTOJOIN = AclRule(action="autojoin", type="gender", value="f")
TOWN: dict[str, Any] = {
    "channels": (
        ChannelSection(
            id=LOBBY,
            name="Lobby",
            default=True,
            owners=("lobbyist",),
            admins=("admin",),
            rooms=(
                RoomSection(id=HALL, name="Hall", owners=("owner",), moderators=("moderator",)),
                RoomSection(id=BAR, name="Bar", owners=("barkeeper",)),
                RoomSection(id=PORCH, name="Porch", acls=(AUTOJOIN,)),
                RoomSection(id="cellar", name="Cellar", access="members", owners=("barkeeper",)),
            ),
        ),
        ChannelSection(id=PARK, name="Park", owners=("gardener",), rooms=(RoomSection(id=LAWN, name="Lawn"),)),
    ),
    "roles": GlobalRoles(superusers=("super", "boss"), globalmods=("mod", "other-mod")),
}
WHY = base64_of("why not")
ROOM_OF = {"room": HALL, "channel": LOBBY, "global": None}


def ban(user_id: Any, kind: Any = "room", target: Any = HALL, **members: Any) -> dict[str, Any]:
    """The body of a `ban` command: ten minutes, unless another `summary` is given."""
    place = {name: value for name, value in (("id", target), ("objectType", kind)) if value is not None}
    return {"verb": "ban", "target": place, "object": {"id": user_id, "summary": "10m"} | members}


def of_scope(user_id: str, kind: str, **members: Any) -> dict[str, Any]:
    """A ban of each scope that concerns the hall."""
    return ban(user_id, kind, ROOM_OF[kind], **members)


async def call(client: MemoryClient, event: str, body: dict[str, Any]) -> int:
    """The code of the reply."""
    code: int = (await client.call(event, body))["status_code"]
    return code


async def inside(server: MemoryServer, user_id: str, *rooms: str, **attributes: str) -> MemoryClient:
    """A client in these rooms, or in the hall, which has forgotten what it heard."""
    client = await logged_in(server, user_id, **attributes)
    for room_id in rooms or (HALL,):
        assert await call(client, "join", join(room_id)) == 200
    await client.sync()
    client.events.clear()
    client.log.clear()
    return client


def join(room_id: str, kind: str | None = None) -> dict[str, Any]:
    """The body of a `join` command, by id or by name."""
    return {"verb": "join", "target": {"id": room_id} | ({} if kind is None else {"objectType": kind})}


def said(text: str, room_id: str = HALL, **members: Any) -> dict[str, Any]:
    """The body of a `message` command."""
    target = {"id": room_id, "objectType": "room"}
    return {"verb": "send", "target": target, "object": {"content": base64_of(text)}} | members


def backend(server: MemoryServer) -> Context:
    """A backend that calls."""
    return Context(utc_now(), server.server.services.users.system, None, "key")


def names(client: MemoryClient) -> list[str]:
    """What the client heard, in order, besides of those who came."""
    return [name for name, _ in client.events if name not in ("gn_user_connected", "gn_user_joined")]
