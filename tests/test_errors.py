"""The table of refusals has every code of seed 000."""

from __future__ import annotations

import json
from pathlib import Path

from chat.errors import ChatError, ErrorCode

CODES = json.loads((Path(__file__).parent / "data" / "codes.json").read_text(encoding="utf-8"))


def test_every_code_of_the_api_is_there() -> None:
    ours = {code.name: code.wire for code in ErrorCode}
    assert ours == CODES | {"RATE_LIMITED": 900}


def test_every_code_has_a_status_and_a_text() -> None:
    for code in ErrorCode:
        assert 400 <= code.http <= 599
        assert code.text
        assert str(ChatError(code)) == code.text


def test_a_detail_replaces_the_text() -> None:
    assert ChatError(ErrorCode.NOT_ALLOWED, "not here").detail == "not here"
