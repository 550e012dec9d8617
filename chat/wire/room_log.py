"""What the sessions of a room have not been sent yet: a log of frames, and from where in it each session reads on.

No I/O and no clock; `chat.wire.delivery` decides when a log is written out.
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter
from typing import Final

from chat.model import UserId
from chat.sessions import Framing, Session

# From where on, and without the entries that are for all but this user; None is everything.
Part = tuple[int, UserId | None] | None
# The bytes of some entries, and of how many.
Joined = tuple[bytes, int]
NOTHING: Final[Joined] = (b"", 0)


class Entry:
    """One event for everybody but `besides`, in every framing that is needed. Numbers grow from entry to entry."""

    __slots__ = ("_activity", "_by_framing", "_event", "besides", "number")

    def __init__(self, number: int, event: str, activity: bytes, besides: UserId | None = None) -> None:
        self.number = number
        self.besides = besides
        self._event = event
        self._activity = activity
        self._by_framing: dict[Framing, bytes] = {}

    def framed(self, framing: Framing) -> bytes:
        """The event's bytes for one kind of connection."""
        frame = self._by_framing.get(framing)
        if frame is None:
            frame = self._by_framing[framing] = framing.frame(self._event, self._activity)
        return frame


class RoomLog:
    """The entries that wait for the sessions of one room. A session that is not named in it is to get all of them."""

    __slots__ = ("_besides", "_entries", "_joined", "_starts")

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._starts: dict[Session, int] = {}
        self._besides: set[UserId] = set()
        self._joined: dict[object, Joined] = {}

    def add(self, entry: Entry) -> None:
        """Append an entry."""
        self._entries.append(entry)
        self._joined.clear()
        if entry.besides is not None:
            self._besides.add(entry.besides)

    def pass_by(self, session: Session) -> None:
        """The session is to get nothing of what is in the log by now."""
        self._starts[session] = len(self._entries)

    def part(self, session: Session) -> Part:
        """Which of the entries the session is to get; equal for all that are to get the same."""
        start, user = self._starts.get(session, 0), session.user
        excepted = user.id if user is not None and user.id in self._besides else None
        return None if not start and excepted is None else (start, excepted)

    def entries(self, part: Part) -> list[Entry]:
        """The entries of a part."""
        if part is None:
            return self._entries
        start, excepted = part
        return [entry for entry in self._entries[start:] if excepted is None or entry.besides != excepted]

    def joined(self, session: Session) -> Joined:
        """What the session is to get, joined once for all that are to get the same."""
        framing = session.link.framing
        part = self.part(session) if self._starts or self._besides else None
        key = framing if part is None else (framing, part)
        joined = self._joined.get(key)
        if joined is None:
            joined = self._joined[key] = join(self.entries(part), framing)
        return joined


def join(entries: Iterable[Entry], framing: Framing) -> Joined:
    """The frames of entries."""
    frames = [entry.framed(framing) for entry in entries]
    return b"".join(frames), len(frames)


def merge(parts: Iterable[list[Entry]]) -> list[Entry]:
    """The entries of several logs in the order in which they were made, each once."""
    return sorted({entry for entries in parts for entry in entries}, key=attrgetter("number"))
