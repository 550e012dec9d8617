"""The authenticator `static`: who gets in, and what the client's own claims are worth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chat.config import Auth, StaticUser
from chat.testing import MemoryServer
from chat.texts import base64_of

AUTH = Auth(
    kind="static",
    users=(
        StaticUser(id="1001", name="alice", token="tok-1001", attributes={"age": "30"}),
        StaticUser(id="1002", name="mute", token=""),
    ),
)


def login(user_id: str, token: str | None) -> dict[str, Any]:
    claims = [{"objectType": "age", "content": "not even base64"}]
    if token is not None:
        claims.append({"objectType": "token", "content": token})
    return {"verb": "login", "actor": {"id": user_id, "displayName": "root", "attachments": claims}}


@pytest.mark.parametrize(
    ("user_id", "token", "code"),
    [
        ("1001", "tok-1001", 200),
        ("1001", "tok-1002", 712),
        ("1001", "tök", 712),
        ("1001", "", 804),
        ("1001", None, 804),
        ("1002", "", 804),
        ("1002", "x", 712),
        ("9999", "tok-1001", 712),
    ],
)
async def test_who_gets_in(
    memory_server: Callable[..., MemoryServer], user_id: str, token: str | None, code: int
) -> None:
    client = memory_server(auth=AUTH).client()
    assert (await client.call("login", login(user_id, token)))["status_code"] == code


async def test_name_and_attributes_are_not_the_clients_to_say(memory_server: Callable[..., MemoryServer]) -> None:
    client = memory_server(auth=AUTH).client()
    reply = await client.call("login", login("1001", "tok-1001"))
    assert reply["data"]["actor"]["displayName"] == base64_of("alice")
    joined = {"verb": "join", "target": {"id": "General", "objectType": "name"}}
    users = (await client.call("join", joined))["data"]["object"]["attachments"][3]["attachments"]
    assert users[0]["attachments"] == [{"objectType": "age", "content": base64_of("30")}]
