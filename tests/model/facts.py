"""What the model and the wire have in common: events as tuples of what matters in them, replies as dictionaries."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from typing import Any

Fact = tuple[Any, ...]
Parts = dict[str, Any]
Json = dict[str, Any]

_FACETS = {
    "message": (
        "actor.id", "actor.displayName", "target.id", "target.displayName", "object.url", "object.content", "seq",
    ),
    "gn_user_joined": (
        "actor.id", "actor.displayName", "actor.objectType", "actor.content", "actor.attachments", "target.id",
        "target.displayName",
    ),
    "gn_user_left": ("actor.id", "actor.objectType", "target.id"),
    "gn_user_connected": ("actor.id", "actor.attachments"),
    "gn_user_disconnected": ("actor.id",),
    "gn_user_invisible": ("actor.id",),
    "gn_user_visible": ("actor.id",),
    "gn_user_info_updated": ("actor.id", "object.attachments"),
    "gn_room_created": ("actor.id", "target.id", "target.displayName", "target.objectType", "object.url"),
    "gn_room_renamed": ("actor.id", "target.id", "target.displayName"),
    "gn_room_removed": ("actor.id", "target.id", "target.displayName"),
}  # fmt: skip
_TEXTS = {"actor.displayName", "target.displayName", "object.content"}


def fact_of(event: str, data: Json) -> Fact:
    """The event as a fact: its name and its facets in order; what is not there is None."""
    return (event, *(_facet(data, path) for path in _FACETS.get(event, ())))


def _facet(data: Json, path: str) -> Any:
    value: Any = data
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if value is None:
        return None
    if path.endswith(".attachments"):
        return attributes_in(value)
    return text(value) if path in _TEXTS else value


def text(encoded: str) -> str:
    """What a text of the wire says."""
    return b64decode(encoded, validate=True).decode()


def attributes_in(attachments: list[Json]) -> Fact:
    """Attributes of a user, sorted."""
    return tuple(sorted((one["objectType"], text(one["content"])) for one in attachments))


# Replies


def parts_of(event: str, data: Json) -> Parts:
    """What the model predicts of the data of a reply."""
    return _PARTS[event](data) if event in _PARTS else {}


def _message(data: Json) -> Parts:
    return {"message": fact_of("message", data)}


def _login(data: Json) -> Parts:
    entries = data["actor"]["attachments"]
    return {"roles": sorted((one["objectType"], one.get("id", ""), one["content"]) for one in entries)}


def _join(data: Json) -> Parts:
    groups = {group["objectType"]: group for group in data["object"]["attachments"]}
    return {
        "room": (data["target"]["id"], text(data["target"]["displayName"])),
        "owners": [(one["id"], text(one["displayName"])) for one in groups["owner"]["attachments"]],
        "users": _users(groups["user"]),
        "count": groups["user"]["summary"],
        "messages": _messages(groups["history"]),
        "head": data["object"]["head"],
    }


def _users(group: Json) -> list[Fact]:
    return [
        (one["id"], text(one["displayName"]), one["objectType"], one["content"], attributes_in(one["attachments"]))
        for one in group["attachments"]
    ]


def _messages(group: Json) -> list[Fact]:
    return [(one["seq"], one["author"]["id"], text(one["content"])) for one in group["attachments"]]


def _users_in_room(data: Json) -> Parts:
    return {"users": _users(data["object"]), "count": data["object"]["summary"]}


def _list_rooms(data: Json) -> Parts:
    entries = data["object"]["attachments"]
    return {
        "rooms": [
            (one["id"], text(one["displayName"]), one["summary"], one["objectType"], one["content"]) for one in entries
        ]
    }


def _history(data: Json) -> Parts:
    known = data["object"]
    return {"messages": _messages(known)} | {name: known.get(name) for name in ("head", "more", "recovered")}


def _create(data: Json) -> Parts:
    target = data["target"]
    return {"room": (text(target["displayName"]), target["objectType"], data["object"]["url"])}


def _room_changed(data: Json) -> Parts:
    return {"room": (data["target"]["id"], text(data["target"]["displayName"]), data["verb"])}


_PARTS: dict[str, Callable[[Json], Parts]] = {
    "message": _message,
    "login": _login,
    "join": _join,
    "users_in_room": _users_in_room,
    "list_rooms": _list_rooms,
    "history": _history,
    "create": _create,
    "rename_room": _room_changed,
    "remove_room": _room_changed,
}
