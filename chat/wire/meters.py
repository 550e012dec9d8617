"""What connections of all kinds are counted and measured by. In memory; no I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

from chat.errors import ChatError
from chat.ichat import IVerb
from chat.metrics import Counts, Timings
from chat.pipeline import name_of

if TYPE_CHECKING:
    from chat.wire.ending import Ending
    from chat.wire.front import ClientLink
    from chat.wire.replies import Pending
    from chat.wire.session import Connection


class Traffic(NamedTuple):
    """How many bytes of clients came, and how many were written to them, frames and their headers."""

    bytes_in: int
    bytes_out: int


class Meters:
    """Of one server. `seconds` is monotonic.

    `latency` is the time from the begin of a command to its reply, by verb; `refusals` are by their codes; `closings`
    say by close code how connections ended, with "none" for those without a close frame.
    """

    def __init__(self, seconds: Callable[[], float]) -> None:
        self.seconds = seconds
        self.latency = Timings()
        self.refusals = Counts()
        self.closings = Counts()
        self._names: dict[IVerb, str] = {}
        self._of_ended = Traffic(0, 0)

    def answered(self, pending: Pending) -> None:
        """A command has come to its end."""
        name = self._names.get(pending.verb)
        if name is None:
            name = self._names[pending.verb] = name_of(pending.verb)
        self.latency.observe(self.seconds() - pending.since, name)
        if isinstance(pending.result, ChatError):
            self.refused(pending.result)

    def refused(self, refusal: ChatError) -> None:
        """A client was refused something."""
        self.refusals.add(str(refusal.code.wire))

    def ended(self, link: ClientLink, ending: Ending) -> None:
        """A session is over."""
        self.closings.add("none" if ending.code is None else str(int(ending.code)))
        before = self._of_ended
        self._of_ended = Traffic(before.bytes_in + link.bytes_in, before.bytes_out + link.bytes_out)

    def traffic(self, connections: Iterable[Connection]) -> Traffic:
        """Of all sessions so far: of those that are over, and of these."""
        links = [connection.link for connection in connections]
        before = self._of_ended
        return Traffic(
            before.bytes_in + sum(link.bytes_in for link in links),
            before.bytes_out + sum(link.bytes_out for link in links),
        )
