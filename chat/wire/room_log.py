"""What the sessions of a room have not been sent yet: a log of frames, and from where in it each session reads on.

No I/O and no clock; `chat.wire.delivery` decides when a log is written out.
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter

from chat.model import UserId
from chat.presence import Framing, Session


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
    """The entries that wait for the sessions of one room. A session that is not named in it is to get all of them.

    `is_resting`: the room was written to a moment ago, and what may wait is to wait.
    """

    __slots__ = ("_besides", "_entries", "_joined", "_starts", "is_resting")

    def __init__(self) -> None:
        self.is_resting = False
        self._entries: list[Entry] = []
        self._starts: dict[Session, int] = {}
        self._besides: set[UserId] = set()
        self._joined: dict[object, bytes] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, entry: Entry) -> None:
        """Append an entry."""
        self._entries.append(entry)
        self._joined.clear()
        if entry.besides is not None:
            self._besides.add(entry.besides)

    def pass_by(self, session: Session) -> None:
        """The session is to get nothing of what is in the log by now."""
        if self._entries:
            self._starts[session] = len(self._entries)

    def rest(self, session: Session) -> list[Entry]:
        """What the session is to get."""
        return self._select(self._starts.get(session, 0), self._excepted(session))

    def joined(self, session: Session) -> bytes:
        """The frames that the session is to get, joined once for all that are to get the same."""
        framing, start = session.link.framing, self._starts.get(session, 0) if self._starts else 0
        excepted = self._excepted(session) if self._besides else None
        key = (framing, start, excepted) if start or excepted else framing
        frames = self._joined.get(key)
        if frames is None:
            frames = self._joined[key] = join(self._select(start, excepted), framing)
        return frames

    def clear(self) -> None:
        """Everybody got everything."""
        self._entries.clear()
        self._starts.clear()
        self._besides.clear()
        self._joined.clear()

    def _excepted(self, session: Session) -> UserId | None:
        """The session's user, where there are entries for all others."""
        user_id = None if session.user is None else session.user.id
        return user_id if user_id in self._besides else None

    def _select(self, start: int, excepted: UserId | None) -> list[Entry]:
        entries = self._entries[start:]
        return entries if excepted is None else [entry for entry in entries if entry.besides != excepted]


def join(entries: Iterable[Entry], framing: Framing) -> bytes:
    """The bytes of entries."""
    return b"".join([entry.framed(framing) for entry in entries])


def merged(rests: Iterable[list[Entry]]) -> list[Entry]:
    """The entries of several logs in the order in which they were made, each once."""
    return sorted({entry for rest in rests for entry in rest}, key=attrgetter("number"))
