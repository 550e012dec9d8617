"""The people and places of the model tests, as the server is told of them and as the model knows them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, NamedTuple

from chat.config import (
    AclRule,
    ChannelSection,
    Config,
    GlobalRoles,
    HistoryOptions,
    Limits,
    RoomOptions,
    RoomSection,
)

SUPER, MOD, CHIEF, OWEN, ANN = USERS = ("super", "mod", "chief", "owen", "ann")
EVE: Final = "eve"
NOBODY: Final = "0"
LOBBY, ANNEX, ATTIC = CHANNEL_IDS = ("lobby", "annex", "attic")
GLOBAL_ROLES: Final = {SUPER: "superuser", MOD: "globalmod"}
CHANNEL_ROLES: Final = {(LOBBY, CHIEF): "admin", (ANNEX, CHIEF): "owner"}
# A room that takes in grown-ups at login. Where everybody does something at once these are, and others are not.
GROWN: Final = "grown"
TAKEN_IN: Final = {SUPER: {"age": "40"}, CHIEF: {"age": "18"}, ANN: {"age": "30"}}
GROWN_UP: Final = AclRule(action="autojoin", type="age", value="18:")
LOBBY_ROOMS: Final = (
    RoomSection(id="general", name="General", sort=1, moderators=(OWEN,)),
    RoomSection(id="closed", name="Closed", sort=2, access="members", owners=(OWEN,)),
    RoomSection(id=GROWN, name="Grown", sort=3, acls=(GROWN_UP,)),
)
CHANNELS: Final = (
    ChannelSection(id=LOBBY, name="Lobby", default=True, sort=1, admins=(CHIEF,), rooms=LOBBY_ROOMS),
    ChannelSection(id=ANNEX, name="Annex", owners=(CHIEF,), rooms=(RoomSection(id="twin-a", name="Twin"),)),
    ChannelSection(id=ATTIC, name="Attic", rooms=(RoomSection(id="twin-b", name="Twin"),)),
)
GRACE_S: Final = 120
HISTORY: Final = 4
USERS_SHOWN: Final = 4
ROOMS_PER_OWNER: Final = 2
PLENTY: Final = 1_000_000


class Rules(NamedTuple):
    """What differs from one server to the next. `large_room`: with so many sessions, presence events may wait."""

    until: Any = "owner"
    max_users: int = 0
    large_room: int = 50
    users_shown: int = USERS_SHOWN


def config_of(folder: Path, rules: Rules) -> Config:
    """The configuration of a server that keeps its data in the folder."""
    return Config(
        data_dir=str(folder),
        channels=CHANNELS,
        roles=GlobalRoles(superusers=(SUPER,), globalmods=(MOD,)),
        history=HistoryOptions(limit=HISTORY),
        rooms=RoomOptions(
            max_users=rules.max_users,
            max_per_user=ROOMS_PER_OWNER,
            owner_grace_s=GRACE_S,
            temporary_until=rules.until,
            join_users_max=rules.users_shown,
        ),
        limits=Limits(commands_per_s=PLENTY, burst=PLENTY),
    )
