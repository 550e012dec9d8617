"""Messages: the rules of their content, and what is asked of the store about them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct, field

from chat.activities import HISTORY_ATTRIBUTES
from chat.errors import ChatError, ErrorCode
from chat.model import Message, MessageId, Room, User, new_id

PAGE_BYTES = 524_288
# About what an entry of a history has besides its texts.
ENTRY_BYTES = 300
# What the newest messages of one room may take in memory. A page's worth of any characters fits into it.
ROOM_BYTES = 2 * 2**20

# Among how many of a place's newest messages unread ones are looked for: what one wrote oneself is passed over.
UNREAD_WITHIN = 10_000


class Draft(Struct, frozen=True, kw_only=True):
    """A message on its way to the store. `recipients`: the keys of the users who are to acknowledge it.

    `rest`: what a retry under the same `client_id` has to repeat besides the body.
    """

    id: MessageId = field(default_factory=new_id)  # type: ignore[assignment]
    room: Room
    author: User
    body: str
    published: datetime
    client_id: str | None = None
    recipients: tuple[int, ...] = ()
    rest: bytes = b""


class Appended(Struct, frozen=True):
    """What the store made of a draft. `repeated`: the message was stored before, by an earlier try."""

    message: Message
    repeated: bool = False


class Span(Struct, frozen=True):
    """A run of a room's messages, oldest first. `head` is the newest seq, `floor` the newest that is not kept.

    Not more than about ROOM_BYTES, but one message at least: of the newest ones the oldest are left out, of those after
    a number the newest.
    """

    messages: tuple[Message, ...]
    head: int
    floor: int = 0


class Unread(Span, frozen=True):
    """What others wrote above a user's marker, which is at `read_up_to`; without deleted messages."""

    read_up_to: int = 0


def check_body(body: str, max_characters: int) -> None:
    """Raise EMPTY_MESSAGE, or MSG_TOO_LONG above the limit in characters."""
    if not body.strip():
        raise ChatError(ErrorCode.EMPTY_MESSAGE)
    if len(body) > max_characters:
        raise ChatError(ErrorCode.MSG_TOO_LONG, f"object.content has more than {max_characters} characters")


def within_bytes(messages: Iterable[Message]) -> tuple[Message, ...]:
    """The first of the messages, as many as together have about PAGE_BYTES, and at least one: clients bound frames."""
    page: list[Message] = []
    room_bytes = PAGE_BYTES
    for message in messages:
        room_bytes -= _entry_bytes(message)
        if page and room_bytes < 0:
            break
        page.append(message)
    return tuple(page)


def _entry_bytes(message: Message) -> int:
    """About what a message takes in a history: base64 makes text a third longer."""
    attributes = message.author.attributes
    texts = (message.body, *(attributes[name] for name in HISTORY_ATTRIBUTES & attributes.keys()))
    return sum(len(text.encode()) for text in texts) * 4 // 3 + ENTRY_BYTES
