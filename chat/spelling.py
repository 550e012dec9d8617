"""What a text comes to for one who reads it, however it is spelled: so that words are found which were written to be
read and not to be found.

Letters are taken for those that they look like, those of other scripts in words that mix scripts (`chat.lookalikes`),
and what nobody sees is left out. Digits and signs that stand for letters (`b4d`) are left as they are: texts are full
of numbers and prices.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from chat.lookalikes import in_scripts, settled

# What fonts draw as nothing or as a blank: the default ignorable characters of Unicode, the blank of braille, an empty
# notehead.
_IGNORABLE: Final = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
UNSEEN: Final = re.compile(f"[{_IGNORABLE}]")
# Marks that go on any letter, or that their scripts do without. Those of Thai, Devanagari or Japanese make letters of
# their own.
_MARKS: Final = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
)
_CONTROLS: Final = "\x00-\x08\x0e-\x1b\x7f\x80-\x84\x86-\x9f\ufff9-\ufffb"
_DROPPED = re.compile(f"[{_IGNORABLE}{_MARKS}{_CONTROLS}]+")
# Signs of whole phrases: as letters they would make a text longer many times over.
_PHRASES = re.compile("[\ufdfa\ufdfb]")
# Latin letters of another shape, that no normal form takes for the usual ones.
_SHAPES: Final = {
    # With a stroke, or turned; as small capitals.
    "ıȷøłđħŧƀɨʉɍɇⱥɏɑɡɩʋƒ": "ijoldhtbiureayagiuf",
    "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ": "abcdefghijklmnoprstuvwyz",
    # White letters in black circles and boxes.
    **{
        "".join(chr(first + place) for place in range(26)): "abcdefghijklmnopqrstuvwxyz" for first in (0x1F150, 0x1F170)
    },
}
_USUAL: Final = {one: other for shapes, latin in _SHAPES.items() for one, other in zip(shapes, latin, strict=True)}
# Three letters or more that stand alone, one after the other with the same between them: `b.a.d`, `b a d`, but not
# `a B, a D`. The last one is looked at and not taken: another such run may begin with it. Of longer pieces (`ba.d`)
# none is put together: `push.it` and `class ic` are to stay what they are.
_SPELLED = re.compile(r"(?<![^\W_])([^\W_])([\W_]{1,3})((?:[^\W_]\2)+)(?=([^\W_])(?![^\W_]))")
_BETWEEN = re.compile(r"[\W_]+")
# No word has a letter three times in a row. To look for any character first takes a quarter of the time.
_THRICE = re.compile(r"(.)\1\1")
_STRETCHED = re.compile(r"([^\W\d_])\1{2,}")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|([\"\\/bfnrt]))")
_ESCAPED: Final = dict(zip('"\\/bfnrt', '"\\/\b\f\n\r\t', strict=True))


def plain(text: str) -> str:
    """A text as it is compared: without regard to case, marks and unseen characters, words that mix scripts in one; one
    blank where there are some. What is plain already stays as it is.
    """
    return settled(_bare(text))


def _bare(text: str) -> str:
    """The text as it is compared, but for words that mix scripts."""
    if not text.isascii():
        text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", _PHRASES.sub(" ", text)).casefold())
    return " ".join(_usual(_DROPPED.sub("", text).lower()).split())


def _usual(text: str) -> str:
    """The text with the usual shapes of Latin letters."""
    if text.isascii():
        return text
    characters = set(text)
    if not _USUAL.keys().isdisjoint(characters):
        # A character that the table does not have would take three times as long.
        text = text.translate({ord(one): _USUAL.get(one, one) for one in characters})
    return unicodedata.normalize("NFC", text)


def readings(text: str) -> Iterator[str]:
    """Everything that the text can be read as, plain: as it is, with the words in it that are spelled out letter by
    letter or stretched, in each of the scripts that are mixed in a word, and what it says where it is JSON.
    """
    yield from _readings(text)
    if "\\" in text:
        yield from _readings(_unescaped(text))


def _readings(text: str) -> Iterator[str]:
    text = _bare(text)
    spelled = [_BETWEEN.sub("", first + middle + last) for first, _, middle, last in _SPELLED.findall(text)]
    for reading in in_scripts("\n".join((text, *spelled))):
        yield reading
        if _THRICE.search(reading):
            yield _STRETCHED.sub(r"\1", reading)
            yield _STRETCHED.sub(r"\1\1", reading)


def _unescaped(text: str) -> str:
    """The text with the escapes of JSON undone, wherever they stand."""
    text = _ESCAPE.sub(lambda one: chr(int(one[1], 16)) if one[1] else _ESCAPED[one[2]], text)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
