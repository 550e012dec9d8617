"""The catalogue of facts. An event is made after its commit; nothing that hears of it can undo it.

An event class declares its wire name, the slots of seed 001 and who is to hear of it. An event of a third party is
declared the same way in its own module.
"""

from chat.events.attention import AdminRequested, MessageReported, UserInvited
from chat.events.base import Event
from chat.events.messages import (
    Announced,
    EditUnheard,
    MessageDeleted,
    MessageEdited,
    MessagePosted,
    MessageSaid,
    MessagesMissed,
    MessageUnheard,
)
from chat.events.moderation import (
    BanNotice,
    MuteNotice,
    OccupantBanned,
    RoleChanged,
    UserBanned,
    UserKicked,
    UserMuted,
    UserUnmuted,
)
from chat.events.presence import (
    UserConnected,
    UserDisconnected,
    UserInfoUpdated,
    UserInvisible,
    UserJoined,
    UserLeft,
    UserLoggedIn,
    UserVisible,
)
from chat.events.receipts import MessagesAcknowledged, MessagesRead, MessagesReceived
from chat.events.rooms import RoomCreated, RoomRemoved, RoomRenamed
from chat.events.whispers import TextWhispered, Whispered

__all__ = [
    "AdminRequested",
    "Announced",
    "BanNotice",
    "EditUnheard",
    "Event",
    "MessageDeleted",
    "MessageEdited",
    "MessagePosted",
    "MessageReported",
    "MessageSaid",
    "MessageUnheard",
    "MessagesAcknowledged",
    "MessagesMissed",
    "MessagesRead",
    "MessagesReceived",
    "MuteNotice",
    "OccupantBanned",
    "RoleChanged",
    "RoomCreated",
    "RoomRemoved",
    "RoomRenamed",
    "TextWhispered",
    "UserBanned",
    "UserConnected",
    "UserDisconnected",
    "UserInfoUpdated",
    "UserInvisible",
    "UserInvited",
    "UserJoined",
    "UserKicked",
    "UserLeft",
    "UserLoggedIn",
    "UserMuted",
    "UserUnmuted",
    "UserVisible",
    "Whispered",
]
