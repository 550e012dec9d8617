"""Text on the wire: base64 of UTF-8, strict."""

from __future__ import annotations

import base64
import binascii

from chat.errors import ChatError, ErrorCode


def text_of(encoded: str, where: str) -> str:
    """The text behind strict base64 of UTF-8.

    Raises NOT_BASE64, and VALIDATION_ERROR for a NUL, which not every store can keep; both name `where`.
    """
    try:
        text = binascii.a2b_base64(encoded.encode("ascii"), strict_mode=True).decode("utf-8")
    except ValueError:
        raise ChatError(ErrorCode.NOT_BASE64, f"{where} is not base64 of UTF-8") from None
    if "\0" in text:
        raise ChatError(ErrorCode.VALIDATION_ERROR, f"{where} has a NUL character")
    return text


def base64_of(text: str) -> str:
    """The base64 of the text's UTF-8."""
    return base64.b64encode(text.encode("utf-8")).decode("ascii")
