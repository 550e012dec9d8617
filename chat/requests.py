"""What the verbs of this package take and what they answer, with the slots of seed 000.

A plugin of a third party declares its own in its own module; these stand here because several fronts use them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from msgspec import Struct

from chat.activities import AclEntry, HistoryEntry, RoomRef, RoomUser, Stamped, UserRef
from chat.errors import ErrorCode
from chat.model import ID_LENGTH, USER_ID, ChannelId, Mute, RoomId, UserId
from chat.slots import Activity, At

NAME_LIMIT = 1024
# What the server says of a message whatever the client put there.
SET_BY_SERVER = frozenset({"content", "displayName", "objectType", "url"})


class Connect(Activity, frozen=True):
    """Is the server there?"""


class Disconnect(Activity, frozen=True):
    """The session ends: asked by the client, or because its connection is gone."""


class Claim(Activity, frozen=True):
    """One attribute that a client claims at login, as sent; only an authenticator decides what to make of it."""

    kind: Annotated[str, At("objectType", missing=ErrorCode.MISSING_ATTACHMENT_TYPE, limit=NAME_LIMIT)]
    content: Annotated[str | None, At("content", limit=None)] = None


class Login(Activity, frozen=True, kw_only=True):
    """Who somebody says to be. Everything but the id is a claim."""

    user_id: Annotated[UserId, At("actor.id", missing=ErrorCode.MISSING_ACTOR_ID, pattern=USER_ID)]
    token: Annotated[str | None, At("actor.attachments[token].content", limit=None)] = None
    name: Annotated[str | None, At("actor.displayName", limit=NAME_LIMIT)] = None
    claims: Annotated[tuple[Claim, ...], At("actor.attachments", limit=100)] = ()


class RoleEntry(Activity, frozen=True):
    """Roles in one room or channel, or the global ones (without id), comma separated."""

    kind: Annotated[str, At("objectType")]
    id: Annotated[str | None, At("id")]
    roles: Annotated[str, At("content")]


class LoggedIn(Stamped, frozen=True, kw_only=True):
    """The reply to login: the caller's roles, unacknowledged private messages and the server's limits."""

    constants = {"verb": "login", "object.objectType": "history"}
    has_provider = True

    user: Annotated[UserRef, At("actor")]
    roles: Annotated[tuple[RoleEntry, ...], At("actor.attachments")]
    unacknowledged: Annotated[tuple[HistoryEntry, ...], At("object.attachments")] = ()
    limits: Annotated[dict[str, float], At("limits")]
    reconnect_jitter_s: Annotated[float, At("reconnect_jitter_s")]


class ListChannels(Activity, frozen=True):
    """Which channels are there?"""


class ChannelEntry(Activity, frozen=True):
    """One channel: `objectType` says what rooms it has (static, temporary, mix), `content` its tags."""

    id: Annotated[str, At("id")]
    name: Annotated[str, At("displayName", text=True)]
    sort: Annotated[int, At("url")]
    kind: Annotated[str, At("objectType")]
    tags: Annotated[str, At("content")]
    acls: Annotated[tuple[AclEntry, ...], At("attachments")]


class Channels(Activity, frozen=True):
    """The reply to list_channels, in sort order."""

    constants = {"verb": "list", "object.objectType": "channels"}

    channels: Annotated[tuple[ChannelEntry, ...], At("object.attachments")]


class ListRooms(Activity, frozen=True):
    """Which rooms has a channel?"""

    channel_id: Annotated[ChannelId, At("object.url", missing=ErrorCode.MISSING_OBJECT_URL, limit=ID_LENGTH)]


class RoomEntry(Activity, frozen=True):
    """One room: `summary` counts its users, `content` holds the caller's roles in it."""

    id: Annotated[str, At("id")]
    name: Annotated[str, At("displayName", text=True)]
    sort: Annotated[int, At("url")]
    users: Annotated[int, At("summary")]
    kind: Annotated[str, At("objectType")]
    roles: Annotated[str, At("content")]
    acls: Annotated[tuple[AclEntry, ...], At("attachments")]


class Rooms(Activity, frozen=True):
    """The reply to list_rooms, in sort order."""

    constants = {"verb": "list", "object.objectType": "rooms"}

    channel_id: Annotated[ChannelId, At("object.url")]
    rooms: Annotated[tuple[RoomEntry, ...], At("object.attachments")]


class RoomTarget(Activity, frozen=True):
    """A room by its id, or by its plain name where `target.objectType` is `name`."""

    target: Annotated[str, At("target.id", missing=ErrorCode.MISSING_TARGET_ID, limit=NAME_LIMIT)]
    target_kind: Annotated[str | None, At("target.objectType", limit=ID_LENGTH)] = None

    @property
    def by_name(self) -> bool:
        """Whether `target` is a name."""
        return self.target_kind == "name"


class Join(RoomTarget, frozen=True):
    """Come into a room."""


class Joined(Stamped, frozen=True, kw_only=True):
    """The reply to join: the room's access rules, newest messages, owners and users.

    `head` is the seq of the room's newest message: what the session gets live is above it.
    """

    constants = {"verb": "join", "object.objectType": "room"}
    has_provider = True

    room: Annotated[RoomRef, At("target")]
    acls: Annotated[tuple[AclEntry, ...], At("object.attachments[acl].attachments")]
    history: Annotated[tuple[HistoryEntry, ...], At("object.attachments[history].attachments")]
    owners: Annotated[tuple[UserRef, ...], At("object.attachments[owner].attachments")]
    users: Annotated[tuple[RoomUser, ...], At("object.attachments[user].attachments")]
    user_count: Annotated[int, At("object.attachments[user].summary")]
    head: Annotated[int, At("object.head")]


class Leave(RoomTarget, frozen=True):
    """Go out of a room."""


class SendMessage(Activity, frozen=True, kw_only=True):
    """Say something. `client_id` makes a retry harmless for 24 h. `more` is what else the client put into `object`:
    it is relayed to those who hear the message live, and not stored.
    """

    body: Annotated[
        str,
        At(
            "object.content",
            missing=ErrorCode.MISSING_OBJECT_CONTENT,
            absent_parent=ErrorCode.MISSING_OBJECT,
            text=True,
            limit=None,
        ),
    ]
    room_id: Annotated[RoomId, At("target.id", missing=ErrorCode.MISSING_TARGET_ID, limit=ID_LENGTH)]
    kind: Annotated[str, At("target.objectType", missing=ErrorCode.INVALID_TARGET_TYPE, limit=ID_LENGTH)]
    client_id: Annotated[str | None, At("object.id", limit=ID_LENGTH)] = None
    more: Annotated[dict[str, Any], At("object.*", besides=SET_BY_SERVER)] = {}


class ListUsers(Activity, frozen=True, kw_only=True):
    """Who is in a room? `offset` and `limit` page through many."""

    room_id: Annotated[RoomId, At("target.id", missing=ErrorCode.MISSING_TARGET_ID, limit=ID_LENGTH)]
    offset: Annotated[int, At("object.url")] = 0
    limit: Annotated[int | None, At("object.summary")] = None


class Users(Activity, frozen=True):
    """The reply to users_in_room: operators and owners first."""

    constants = {"verb": "list", "object.objectType": "users"}

    users: Annotated[tuple[RoomUser, ...], At("object.attachments")]
    user_count: Annotated[int, At("object.summary")]


class ReadHistory(Activity, frozen=True, kw_only=True):
    """What was said in a room: the newest, those since a time, or those after a seq."""

    room_id: Annotated[RoomId, At("target.id", missing=ErrorCode.MISSING_TARGET_ID, limit=ID_LENGTH)]
    since: Annotated[datetime | None, At("updated")] = None
    after_seq: Annotated[int | None, At("object.seq")] = None


class History(Activity, frozen=True, kw_only=True):
    """The reply to history. After a seq: oldest first, with `head`, `more` and `recovered`; else newest first."""

    constants = {"verb": "history", "object.objectType": "messages"}

    room_id: Annotated[str, At("target.id")]
    messages: Annotated[tuple[HistoryEntry, ...], At("object.attachments")]
    head: Annotated[int | None, At("object.head")] = None
    more: Annotated[bool | None, At("object.more")] = None
    recovered: Annotated[bool | None, At("object.recovered")] = None


class MutePlan(Struct, frozen=True):
    """One entry of a mute call: the user, the room, how long and why."""

    user_id: UserId
    room_id: RoomId
    duration: str
    reason: str | None
    actor_id: UserId


class MuteUsers(Activity, frozen=True):
    """Mute users, all of the plans or none."""

    plans: tuple[MutePlan, ...]


class UnmuteUser(Activity, frozen=True):
    """End a mute before its time."""

    user_id: UserId
    room_id: RoomId


class ListMutes(Activity, frozen=True):
    """The mutes of a room, or of users."""

    room_id: RoomId | None = None
    user_ids: tuple[UserId, ...] = ()


class Mutes(Activity, frozen=True):
    """The reply to a list of mutes."""

    mutes: tuple[Mute, ...]


class Broadcast(Activity, frozen=True):
    """Tell everyone who is logged in, or the occupants of a room."""

    body: str
    verb: str
    room_id: RoomId | None = None
