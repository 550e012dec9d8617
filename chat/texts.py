"""Text on the wire: base64 of UTF-8, strict."""

from __future__ import annotations

import base64
import binascii

from chat.errors import ChatError, ErrorCode

_OTHER_ALPHABET = str.maketrans("-_", "+/")


def text_of(encoded: str, where: str) -> str:
    """The text behind strict base64 of UTF-8.

    Raises NOT_BASE64, and VALIDATION_ERROR for a NUL, which not every store can keep; both name `where`.
    """
    try:
        text = _decoded(encoded)
    except ValueError:
        raise ChatError(ErrorCode.NOT_BASE64, f"{where} is not base64 of UTF-8") from None
    if "\0" in text:
        raise ChatError(ErrorCode.VALIDATION_ERROR, f"{where} has a NUL character")
    return text


def text_if_base64(value: str) -> str | None:
    """The text behind base64 of UTF-8 in any of the forms that programs read: of the other alphabet, without padding,
    with blanks; None for what is none.
    """
    value = "".join(value.split()).translate(_OTHER_ALPHABET).rstrip("=")
    try:
        return _decoded(value + "=" * (-len(value) % 4))
    except ValueError:
        return None


def _decoded(encoded: str) -> str:
    """Raises ValueError."""
    return binascii.a2b_base64(encoded.encode("ascii"), strict_mode=True).decode("utf-8")


def base64_of(text: str) -> str:
    """The base64 of the text's UTF-8."""
    return base64.b64encode(text.encode("utf-8")).decode("ascii")
