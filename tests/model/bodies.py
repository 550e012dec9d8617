"""The commands of clients as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from chat.texts import base64_of

from .cast import GROWN_UP
from .facts import Json


def login(user_id: str, name: str, attributes: dict[str, str], *, invisible: bool) -> Json:
    claims = [{"objectType": kind, "content": base64_of(value)} for kind, value in attributes.items()]
    actor: Json = {"id": user_id, "displayName": base64_of(name), "attachments": claims}
    return {"verb": "login", "actor": actor | ({"content": "invisible"} if invisible else {})}


def join(room_id: str) -> Json:
    return {"verb": "join", "target": {"id": room_id}}


def join_named(name: str) -> Json:
    return {"verb": "join", "target": {"id": name, "objectType": "name"}}


def leave(room_id: str) -> Json:
    return {"verb": "leave", "target": {"id": room_id}}


def leave_named(name: str) -> Json:
    return {"verb": "leave", "target": {"id": name, "objectType": "name"}}


def message(room_id: str, words: str, client_id: str | None) -> Json:
    content = {"content": base64_of(words)} | ({} if client_id is None else {"id": client_id})
    return {"verb": "send", "target": {"id": room_id, "objectType": "room"}, "object": content}


def create(channel_id: str, name: str, *, autojoin: bool) -> Json:
    rules = [{"objectType": GROWN_UP.type, "content": GROWN_UP.value, "summary": GROWN_UP.action}]
    place = {"url": channel_id} | ({"objectType": "acl", "attachments": rules} if autojoin else {})
    return {"verb": "create", "target": {"displayName": base64_of(name)}, "object": place}


def rename(room_id: str, name: str) -> Json:
    return {"verb": "rename", "target": {"id": room_id, "displayName": base64_of(name), "objectType": "room"}}


def remove(room_id: str) -> Json:
    return {"verb": "remove", "target": {"id": room_id}}


def list_rooms(channel_id: str) -> Json:
    return {"verb": "list", "object": {"url": channel_id}}


def users_in_room(room_id: str, offset: int | None = None, limit: int | None = None) -> Json:
    page = {name: value for name, value in (("url", offset), ("summary", limit)) if value is not None}
    return {"verb": "list", "target": {"id": room_id}, "object": page}


def history(room_id: str, after: int | None = None, since: datetime | None = None) -> Json:
    body: dict[str, Any] = {"verb": "list", "target": {"id": room_id}}
    if after is not None:
        body["object"] = {"seq": after}
    if since is not None:
        body["updated"] = since.isoformat()
    return body


def update(kind: str, value: str, room_id: str | None) -> Json:
    attachments = [{"objectType": kind, "content": base64_of(value)}]
    body: Json = {"verb": "update", "object": {"objectType": "userInfo", "attachments": attachments}}
    return body if room_id is None else body | {"target": {"id": room_id}}
