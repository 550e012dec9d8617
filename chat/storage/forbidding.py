"""Words that are not to be said, as they were given."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, insert, select

from chat.errors import ChatError, ErrorCode
from chat.moderation import Audit
from chat.storage.auditing import write_audit
from chat.storage.schema import blacklist
from chat.times import to_ms
from chat.words import WORDS_LIMIT


def put_word(connection: Connection, word: str, audit: Audit) -> bool:
    """See `IStore`."""
    if connection.execute(select(blacklist.c.key).where(blacklist.c.word == word)).first() is not None:
        return False
    if connection.execute(select(func.count()).select_from(blacklist)).scalar_one() >= WORDS_LIMIT:
        raise ChatError(ErrorCode.VALIDATION_ERROR, f"there are {WORDS_LIMIT} words already, which is the limit")
    connection.execute(insert(blacklist).values(word=word, created_ms=to_ms(audit.at)))
    write_audit(connection, audit)
    return True


def end_words(connection: Connection, words: Sequence[str], audit: Audit) -> bool:
    """See `IStore`."""
    if connection.execute(delete(blacklist).where(blacklist.c.word.in_(words))).rowcount == 0:
        return False
    write_audit(connection, audit)
    return True


def load_words(connection: Connection) -> tuple[str, ...]:
    """All of them, in the order in which they came."""
    return tuple(connection.execute(select(blacklist.c.word).order_by(blacklist.c.key)).scalars())
