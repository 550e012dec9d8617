"""The slot codec: places, kinds, codes, base64, both directions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.activities import Attribute, RoomRef, UserRef
from chat.errors import ChatError, ErrorCode
from chat.requests import Login, SendMessage
from chat.slots import Activity, At
from chat.texts import base64_of, text_of
from chat.wire.decoding import read
from chat.wire.encoding import Encoder
from chat.wire.slots import slot_table

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["id", "actor", "object", "target", "content", "attachments", "verb", "x"]), inner
        )
    ),
    max_leaves=12,
)


class Everything(Activity, frozen=True, kw_only=True):
    """One slot of every kind."""

    constants = {"verb": "all", "object.objectType": "thing"}
    has_provider = True

    id: Annotated[str, At("id", missing=ErrorCode.MISSING_OBJECT_ID, limit=5)]
    text: Annotated[str, At("object.content", missing=ErrorCode.MISSING_OBJECT_CONTENT, text=True)]
    number: Annotated[int, At("object.url")] = 0
    moment: Annotated[datetime | None, At("updated")] = None
    user: Annotated[UserRef | None, At("actor")] = None
    place: Annotated[str | None, At("target.attachments[place].content")] = None
    items: Annotated[
        tuple[Attribute, ...], At("object.attachments", limit=2, too_many=ErrorCode.TOO_MANY_ATTACHMENTS)
    ] = ()
    hidden: str = "not a slot"


def test_written_where_it_was_declared() -> None:
    value = Everything(
        id="1",
        text="grüße",
        moment=datetime(2026, 1, 2, 3, 4, 5, 999_000, tzinfo=UTC),
        user=UserRef("u", "U"),
        place="here",
        items=(Attribute("age", "30"),),
    )
    assert msgspec.json.decode(Encoder("dev").encode(value)) == {
        "verb": "all",
        "id": "1",
        "object": {
            "objectType": "thing",
            "content": base64_of("grüße"),
            "url": 0,
            "attachments": [{"objectType": "age", "content": base64_of("30")}],
        },
        "updated": "2026-01-02T03:04:05Z",
        "actor": {"id": "u", "displayName": base64_of("U")},
        "target": {"attachments": [{"objectType": "place", "content": "here"}]},
        "provider": {"id": "dev"},
    }


def test_absent_values_are_left_out() -> None:
    built = Encoder("dev").build(Everything(id="1", text=""))
    assert set(built) == {"verb", "id", "object", "provider"}


def test_the_last_encoding_is_kept_for_that_value_alone() -> None:
    encoder = Encoder("dev")
    one, other = RoomRef("1", "one"), RoomRef("2", "two")
    assert encoder.encode(one) is encoder.encode(one)
    assert encoder.encode(other) != encoder.encode(one)


def body(**members: Any) -> dict[str, Any]:
    return {"id": "1", "object": {"content": "aGk="}} | members


class Readable(Activity, frozen=True, kw_only=True):
    """The slots of Everything that can be read."""

    id: Annotated[str, At("id", missing=ErrorCode.MISSING_OBJECT_ID, limit=5)]
    text: Annotated[
        str,
        At(
            "object.content",
            missing=ErrorCode.MISSING_OBJECT_CONTENT,
            absent_parent=ErrorCode.MISSING_OBJECT,
            text=True,
        ),
    ]
    number: Annotated[int, At("object.url")] = 0
    moment: Annotated[datetime | None, At("updated")] = None
    place: Annotated[str | None, At("target.attachments[place].content")] = None


def test_read_from_where_it_was_declared() -> None:
    target = {"attachments": [5, {"objectType": "else"}, {"objectType": "place", "content": "here"}]}
    value = read(Readable, body(updated="2026-01-02T03:04:05+01:00", target=target, unknown=1))
    assert value.place == "here"
    assert value.moment == datetime(2026, 1, 2, 2, 4, 5, tzinfo=UTC)
    assert (value.id, value.text, value.number) == ("1", "hi", 0)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({}, 501),
        ({"id": None}, 501),
        ({"id": ""}, 501),
        ({"id": 5}, 501),
        ({"id": "123456"}, 501),
        ({"id": "a\0"}, 501),
        (body(object={"content": base64_of("a\0")}), 706),
        ({"id": "1"}, 507),
        ({"id": "1", "object": "text"}, 507),
        ({"id": "1", "object": {}}, 506),
        ({"id": "1", "object": {"content": []}}, 506),
        ({"id": "1", "object": {"content": "aGk=", "url": "5"}}, 706),
        ({"id": "1", "object": {"content": "aGk=", "url": 1.5}}, 706),
        (body(updated=5), 706),
        (body(updated="2026-13-01T00:00:00Z"), 706),
        (body(object={"content": "aGk"}), 701),
        (body(object={"content": "aG k="}), 701),
        (body(object={"content": "ü"}), 701),
    ],
)
def test_the_slot_decides_the_code(data: dict[str, Any], code: int) -> None:
    with pytest.raises(ChatError) as refused:
        read(Readable, data)
    assert refused.value.code.wire == code


@given(st.text().filter(lambda text: "\0" not in text))
def test_text_survives_the_wire(text: str) -> None:
    assert text_of(base64_of(text), "x") == text


@given(JSON, st.sampled_from([Login, SendMessage, Readable]))
def test_any_json_is_read_or_refused(data: Any, kind: type[Activity]) -> None:
    try:
        read(kind, data if isinstance(data, dict) else {"object": data, "actor": data})
    except ChatError as refused:
        assert refused.detail


def test_the_table_for_documents() -> None:
    assert slot_table(Readable)[:3] == [
        ("id", "str", "501", "501", "501"),
        ("object.content", "base64", "506", "506", ""),
        ("object.url", "int", "", "706", ""),
    ]
    assert ("object.*", "dict", "", "706", "") in slot_table(SendMessage)


@pytest.mark.parametrize(
    ("members", "is_relayed"),
    [
        ({"n": 2**63 - 1, "m": [-(2**63)]}, True),
        ({"n": 1e308, "m": {"": None}}, True),
        ({"n": 2**63}, False),
        ({"n": [{"m": -(2**63) - 1}]}, False),
    ],
)
def test_numbers_are_relayed_that_every_client_can_read(members: dict[str, Any], is_relayed: bool) -> None:
    body = {"target": {"id": "room", "objectType": "room"}, "object": {"content": "eA==", **members}}
    if is_relayed:
        assert read(SendMessage, body).more == members
        return
    with pytest.raises(ChatError) as refused:
        read(SendMessage, body)
    assert refused.value.code is ErrorCode.VALIDATION_ERROR
