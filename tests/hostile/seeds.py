"""What the mutations start from: the examples of the documented API, and every verb that the server has."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, get_args, get_origin

from chat.ichat import IVerb
from chat.slots import Activity
from chat.texts import base64_of
from chat.wire.slots import Slot, slots_of
from tests.running import CHANNEL_ID, ROOM_ID

DATA = Path(__file__).parents[1] / "data"
USER_ID = "victor"
ROOM_NAME = "General"
# Stands for a message; the arena puts the id of a real one in its place.
MESSAGE_ID = "00000000-0000-4000-8000-000000000000"
TEXT = base64_of("grüße")

# What the placeholders of the examples may stand for; the first pattern that is found decides.
FILLINGS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"^<one of", ("online", "offline", "invisible")),
    (r"^<room/channel/global>", ("room", "channel", "global")),
    (r"^<room/(channel|private)>", ("room", "channel", "private")),
    (r"time", ("2017-11-17T07:19:12Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+23:59")),
    (r"duration", ("5m", "1s", "365d")),
    (r"ACL type", ("gender", "age", "custom")),
    (r"ACL value", ("f", "25:45", "(age=35:|gender=f),membership=!normal")),
    (r"API action", ("join", "message", "list", "setacl")),
    (r"optional; if set to 'room'", ("room",)),
    (r"(?i)uuid of (the )?message|message\d uuid|^<message", (MESSAGE_ID,)),
    (r"(?i)base64|reason|text", (TEXT,)),
    (r"(?i)room name", (ROOM_NAME, base64_of(ROOM_NAME))),
    (r"(?i)name", (base64_of("Mallory"), base64_of("New room"))),
    (r"(?i)user|sender", (USER_ID,)),
    (r"(?i)room", (ROOM_ID,)),
    (r"(?i)channel", (CHANNEL_ID,)),
    (r"", (MESSAGE_ID,)),
)
WEIGHT = 10
# What stands in a declared slot that is a plain string, by its last name, else by its first.
PLAIN = {
    "url": CHANNEL_ID,
    "objectType": "room",
    "displayName": TEXT,
    "content": TEXT,
    "target": ROOM_ID,
    "actor": USER_ID,
    "object": MESSAGE_ID,
}


def examples(file: str) -> list[tuple[str, Any]]:
    """The examples of a file of `tests/data`, each with the name under which it stands."""
    found: dict[str, list[Any]] = json.loads((DATA / file).read_text(encoding="utf-8"))
    return [(name, body) for name, bodies in found.items() for body in bodies]


EXAMPLES = [*examples("events.json"), *examples("requests.json") * 2]


def fillings(text: str) -> tuple[str, ...]:
    """What a string of an example may be in a request: itself, a known id, or what its placeholder stands for."""
    if re.fullmatch(r"[0-9]{4,}", text):
        return (text, USER_ID)
    if re.fullmatch(r"[0-9a-f-]{36}", text):
        return (text, ROOM_ID)
    if not text.startswith("<"):
        return (text,)
    return next(values for pattern, values in FILLINGS if re.search(pattern, text))


def declared(verbs: Iterable[IVerb]) -> list[tuple[str, Any]]:
    """Requests for the verbs of a server that clients can ask for, with a value in every slot that they declare; of
    each verb as many more as it has slots.
    """
    found: list[tuple[str, Any]] = []
    for verb in verbs:
        if verb.event is not None:
            body = _body(verb.request) | ({"verb": verb.verbs[0]} if verb.verbs else {})
            found += [(verb.event, body)] * (WEIGHT * len(slots_of(verb.request)) + 1)
    return found


def _body(request: type[Activity]) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for slot in slots_of(request):
        around = body
        *parents, (name, _) = slot.segments
        for key, kind in parents:
            around = _inside(around, key, kind)
        around["extra" if name == "*" else name] = _value(slot)
    return body


def _inside(around: dict[str, Any], key: str, kind: str | None) -> dict[str, Any]:
    if kind is None:
        inside: dict[str, Any] = around.setdefault(key, {})
        return inside
    elements: list[dict[str, Any]] = around.setdefault(key, [])
    elements.append({"objectType": kind})
    return elements[-1]


def _value(slot: Slot) -> Any:
    if get_origin(slot.type) is tuple:
        return [_body(get_args(slot.type)[0])]
    if slot.type is int:
        return 1
    if slot.type is datetime:
        return "2017-11-17T07:19:12Z"
    if slot.type is str and not slot.at.text:
        first, last = slot.segments[0][0], slot.segments[-1][0]
        return PLAIN.get(last) or PLAIN.get(first, "room")
    return TEXT
