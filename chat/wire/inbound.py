"""A short cut for what clients nearly always send: whole, masked, unfragmented text frames. Sans I/O.

Everything else, and everything doubtful, is left to Autobahn: it alone decides what is wrong and how to say so.
"""

from __future__ import annotations

_TEXT, _MASKED, _EXTENDED, _MASK_BYTES = 0x81, 0x80, 126, 4


def whole_text_frames(data: bytes, limit_bytes: int, at_most: int) -> tuple[list[bytes], int]:
    """The payloads of the text frames at the start of `data`, `at_most` so many, and how many bytes these frames take.

    Stops before the first frame that is not complete, not final, not masked, has reserved bits, is no text, is longer
    than `limit_bytes`, has a length that is not written in the shortest way, or is not UTF-8 (RFC 6455, section 5).
    """
    payloads: list[bytes] = []
    start, end = 0, len(data)
    while len(payloads) < at_most and end - start >= 2 and data[start] == _TEXT and data[start + 1] & _MASKED:
        size, header = data[start + 1] & ~_MASKED, 2
        if size == _EXTENDED and end - start >= 4:
            size, header = int.from_bytes(data[start + 2 : start + 4], "big"), 4
            if size < _EXTENDED:
                break
        elif size >= _EXTENDED:
            break
        body = start + header + _MASK_BYTES
        if size > limit_bytes or body + size > end:
            break
        payload = _unmask(data[body - _MASK_BYTES : body], data[body : body + size])
        if not _is_utf8(payload):
            break
        payloads.append(payload)
        start = body + size
    return payloads, start


def _unmask(mask: bytes, masked: bytes) -> bytes:
    """One exclusive-or of two long numbers, which is what Python does fastest."""
    size = len(masked)
    pattern = (mask * (size // _MASK_BYTES + 1))[:size]
    return (int.from_bytes(masked, "big") ^ int.from_bytes(pattern, "big")).to_bytes(size, "big")


def _is_utf8(payload: bytes) -> bool:
    if payload.isascii():
        return True
    try:
        payload.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
