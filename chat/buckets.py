"""How often something may happen. Knows no clock: the time is an argument."""

from __future__ import annotations


class Rate:
    """So many a second, and after a pause so many at once."""

    def __init__(self, per_s: float, burst: int) -> None:
        self.interval_s = 1 / per_s
        # A millionth more than the exact value, for what sums of floating-point numbers lose.
        self.slack_s = (burst - 1 + 1e-6) / per_s


class TokenBucket:
    """Keeps to a rate. `now` is in seconds of a clock that never goes back.

    All that it holds is the time at which it will be full again. Asking and taking are two steps, so that several
    buckets can be asked before anything is taken.
    """

    __slots__ = ("_full_at", "_interval_s", "_slack_s")

    def __init__(self, rate: Rate) -> None:
        self._interval_s = rate.interval_s
        self._slack_s = rate.slack_s
        self._full_at = 0.0

    def wait_s(self, now: float) -> float:
        """How long until one more may happen; not above 0 when it may happen now."""
        return self._full_at - now - self._slack_s

    def take(self, now: float) -> None:
        """One more happens."""
        full_at = self._full_at
        self._full_at = (max(now, full_at)) + self._interval_s

    def is_full(self, now: float) -> bool:
        """Whether it is as good as a new one."""
        return self._full_at <= now

    def charge(self, other: TokenBucket, now: float, besides: int = 0) -> None:
        """What is missing in the other one, besides so many, is taken here too, as far as something is left."""
        missing_s = max(0.0, other._full_at - now - besides * self._interval_s)
        empty_at = now + self._slack_s + self._interval_s
        self._full_at = min(max(now, self._full_at) + missing_s, max(empty_at, self._full_at))
