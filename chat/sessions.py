"""One connection as the domain knows it: whose it is, what it hears of, and the way to its client."""

from __future__ import annotations

from typing import Protocol

from chat.model import RoomId, User


class Framing(Protocol):
    """How an event becomes bytes for one kind of connection. Equal framings share the bytes."""

    def frame(self, event: str, activity: bytes) -> bytes:
        """The bytes that carry the event with its encoded activity."""


class Link(Protocol):
    """The way to a client."""

    framing: Framing

    @property
    def is_behind(self) -> bool:
        """Whether what was written before has not gone out yet."""

    def write(self, frames: bytes) -> None:
        """Send whole frames. Never blocks; what cannot be sent is bounded by the link."""

    def close(self, code: int, reason: str) -> None:
        """End the connection with a close code."""


class Session:
    """One connection. `user` is None before the login; `rooms` are those that this session subscribed to.

    `is_gone`: the connection is lost, though the session may still have to end. What others keep for a session they
    keep by a weak reference: it goes when the session is over.
    """

    __slots__ = ("__weakref__", "is_gone", "link", "rooms", "user")

    def __init__(self, link: Link) -> None:
        self.link = link
        self.is_gone = False
        self.user: User | None = None
        self.rooms: set[RoomId] = set()
