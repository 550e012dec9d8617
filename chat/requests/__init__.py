"""What the verbs of this package take and what they answer, with the slots of seed 000.

A plugin of a third party declares its own in its own module; these stand here because several fronts use them.
"""

from chat.requests.attention import Invite, RequestAdmin
from chat.requests.messages import DeleteMessage, EditMessage, History, ReadHistory, SendMessage, Whisper
from chat.requests.moderation import Broadcast, ListMutes, MutePlan, Mutes, MuteUsers, UnmuteUser
from chat.requests.places import (
    ChannelEntry,
    Channels,
    Join,
    Joined,
    Leave,
    ListChannels,
    ListRooms,
    ListUsers,
    RoomEntry,
    Rooms,
    RoomTarget,
    Users,
)
from chat.requests.receipts import Acknowledge, CheckStatus, MessageStatus, Read, Receive, Statuses
from chat.requests.rooms import (
    AclPlan,
    CreateRoom,
    RemoveRoom,
    RenameRoom,
    RoomMade,
    RoomRemovedReply,
    RoomRenamedReply,
)
from chat.requests.sessions import (
    AttributeChange,
    Claim,
    Connect,
    Disconnect,
    LoggedIn,
    Login,
    RoleEntry,
    SetStatus,
    UpdateUserInfo,
)

__all__ = [
    "Acknowledge",
    "AclPlan",
    "AttributeChange",
    "Broadcast",
    "ChannelEntry",
    "Channels",
    "CheckStatus",
    "Claim",
    "Connect",
    "CreateRoom",
    "DeleteMessage",
    "Disconnect",
    "EditMessage",
    "History",
    "Invite",
    "Join",
    "Joined",
    "Leave",
    "ListChannels",
    "ListMutes",
    "ListRooms",
    "ListUsers",
    "LoggedIn",
    "Login",
    "MessageStatus",
    "MutePlan",
    "MuteUsers",
    "Mutes",
    "Read",
    "ReadHistory",
    "Receive",
    "RemoveRoom",
    "RenameRoom",
    "RequestAdmin",
    "RoleEntry",
    "RoomEntry",
    "RoomMade",
    "RoomRemovedReply",
    "RoomRenamedReply",
    "RoomTarget",
    "Rooms",
    "SendMessage",
    "SetStatus",
    "Statuses",
    "UnmuteUser",
    "UpdateUserInfo",
    "Users",
    "Whisper",
]
