"""A server with people in it, for whom every example is true."""

from __future__ import annotations

from typing import Any

from chat.config import AclRule, ChannelSection, GlobalRoles, RoomSection
from chat.model import RoomId
from chat.testing import MemoryClient, MemoryServer
from chat.texts import base64_of

CHANNEL, OTHER, ROOM = "channel-lobby", "channel-other", RoomId("room-general")
SECTIONS: dict[str, Any] = {
    "channels": (
        ChannelSection(
            id=CHANNEL,
            name="Lobby",
            default=True,
            tags=("normal", "another-tag"),
            owners=("alice", "carol"),
            admins=("alice", "carol"),
            acls=(AclRule(action="message", type="membership", value="1"),),
            rooms=(
                RoomSection(
                    id=ROOM,
                    name="General",
                    owners=("alice", "carol"),
                    moderators=("alice", "carol"),
                    acls=(AclRule(action="join", type="gender", value="f"),),
                ),
            ),
        ),
        ChannelSection(id=OTHER, name="Other", acls=(AclRule(action="join", type="gender", value="f"),)),
    ),
    "roles": GlobalRoles(superusers=("carol",), globalmods=("carol",)),
}
ATTRIBUTES = {
    "age": "40",
    "gender": "f",
    "membership": "1",
    "region": "Bin",
    "avatar": "http://some-url.tld/foo.jpg",
    "app_avatar": "http://some-url.tld/app.jpg",
    "app_avatar_safe": "http://some-url.tld/safe.jpg",
    "image": "http://some-url.tld/me.jpg",
}


class Stage:
    """Alice owns the room, bob is in it too, carol is an operator."""

    alice: MemoryClient
    bob: MemoryClient
    carol: MemoryClient

    def __init__(self, server: MemoryServer) -> None:
        self.server = server

    async def set(self) -> None:
        """Let everybody come in."""
        for name in ("alice", "bob", "carol"):
            client = await self.login(name)
            await self.ok(client, "join", {"verb": "join", "target": {"id": ROOM}})
            setattr(self, name, client)

    async def login(self, user_id: str) -> MemoryClient:
        """A session of a user with all attributes that the examples show."""
        client = self.server.client()
        assert (await client.login(user_id, **ATTRIBUTES))["status_code"] == 200
        return client

    async def ok(self, client: MemoryClient, event: str, body: dict[str, Any]) -> Any:
        """The data of a reply, which is a success."""
        reply = await client.call(event, body)
        assert reply["status_code"] == 200, reply
        return reply.get("data")

    async def say(self, client: MemoryClient, text: str = "hello") -> str:
        """Say something in the room; the message's id."""
        target = {"id": ROOM, "objectType": "room"}
        data = await self.ok(
            client, "message", {"verb": "send", "target": target, "object": {"content": base64_of(text)}}
        )
        return str(data["id"])

    async def make_room(self, client: MemoryClient, channel: str = CHANNEL) -> str:
        """Make a temporary room with a rule; its id."""
        rule = {"objectType": "gender", "content": "f", "summary": "join"}
        place = {"url": channel, "objectType": "acl", "attachments": [rule]}
        made = {"verb": "create", "target": {"displayName": base64_of("Mine")}, "object": place}
        return str((await self.ok(client, "create", made))["target"]["id"])

    async def write(self, client: MemoryClient, user_id: str, text: str = "psst") -> dict[str, Any]:
        """Say something privately; the reply's data."""
        target = {"id": user_id, "objectType": "private"}
        body = {"verb": "send", "target": target, "object": {"content": base64_of(text)}}
        data: dict[str, Any] = await self.ok(client, "message", body)
        return data

    async def heard(self, client: MemoryClient, event: str) -> Any:
        """The newest event of that name."""
        await client.sync()
        return client.heard(event)[-1]
