"""A server with rooms of several kinds, for the tests of the calls about rooms."""

from __future__ import annotations

from chat.texts import base64_of

HALL, CELLAR, LADIES, GROWN, LAWN, PARK = "hall", "cellar", "ladies", "grown", "lawn", "park"
TOWN = """
[[backend.keys]]
name = "reader"
key = "reader-key"
scopes = ["read"]
[[backend.keys]]
name = "rooms"
key = "rooms-key"
scopes = ["rooms"]
[[channels.rooms]]
id = "hall"
name = "Hall"
owners = ["owner"]
moderators = ["owner", "moderator"]
[[channels.rooms]]
id = "cellar"
name = "Cellar"
access = "members"
owners = ["owner"]
[[channels.rooms]]
id = "ladies"
name = "Ladies"
acls = [{action = "join", type = "gender", value = "f"}, {action = "message", type = "membership", value = "vip"}]
[[channels.rooms]]
id = "grown"
name = "Grown"
acls = [{action = "join", type = "age", value = "18:"}, {action = "join", type = "custom", value = "gender=m|age=40:"}]
[[channels]]
id = "park"
name = "Pärk"
owners = ["gardener"]
admins = ["gardener"]
[[channels.rooms]]
id = "lawn"
name = "Lawn"
[content]
restricted_names = ["forbidden"]
[roles]
superusers = ["super"]
globalmods = ["super", "mod"]
"""
LOBBY_NAME, PARK_NAME = base64_of("Lobby"), base64_of("Pärk")
