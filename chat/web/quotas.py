"""How much callers of the backend endpoint may ask: calls of a key, and wrong keys of an address."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from math import ceil
from typing import Final

from chat.buckets import Rate, TokenBucket
from chat.web.addresses import Place
from chat.web.json import HttpProblem

GUESSES: Final = Rate(1, 20)
# Addresses that are remembered, and wrong keys of each.
ADDRESSES: Final = 10_000
_WRONG_KEYS: Final = 8
_TOO_MANY = 429


def too_many(text: str, wait_s: float) -> HttpProblem:
    """A refusal that says when to come again."""
    return HttpProblem(_TOO_MANY, text, {"Retry-After": str(max(1, ceil(wait_s)))})


class CallRates:
    """The calls of each key, by its name."""

    def __init__(self, rate: Rate, seconds: Callable[[], float]) -> None:
        self._rate = rate
        self._seconds = seconds
        self._buckets: dict[str, TokenBucket] = {}

    def keep(self, names: Iterable[str]) -> None:
        """Forget all keys but these."""
        kept = set(names)
        self._buckets = {name: bucket for name, bucket in self._buckets.items() if name in kept}

    def take(self, name: str) -> None:
        """One more call. Raises HttpProblem 429 for one above the rate."""
        now = self._seconds()
        bucket = self._buckets.get(name)
        if bucket is None:
            bucket = self._buckets[name] = TokenBucket(self._rate)
        wait_s = bucket.wait_s(now)
        if wait_s > 0:
            raise too_many("too many calls with this key", wait_s)
        bucket.take(now)


class _Address:
    """What came from one address: which short good keys, the latest wrong ones, and how many of those."""

    __slots__ = ("bucket", "good", "wrong")

    def __init__(self) -> None:
        self.bucket = TokenBucket(GUESSES)
        self.good: set[bytes] = set()
        self.wrong: deque[bytes] = deque(maxlen=_WRONG_KEYS)


class Guesses:
    """The wrong keys of each address, by their digests, and the good ones that may be guessed.

    An address that tried too many is told nothing of any other of these, right or wrong, but that it is to wait. Keys
    that were good from there before stay good: who shares the address of a guesser, behind a proxy, is not shut out. A
    wrong key that comes again is no new guess: a backend that has not heard of a rotation does not shut out itself.
    """

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._addresses: OrderedDict[Place, _Address] = OrderedDict()

    def keep(self, digests: Iterable[bytes]) -> None:
        """These are the keys now: which of the others were good, or are wrong, is forgotten."""
        kept = frozenset(digests)
        for address in self._addresses.values():
            address.good &= kept
            address.wrong.clear()

    def check(self, place: Place, digest: bytes) -> None:
        """Raise HttpProblem 429 unless the key may be looked at."""
        address = self._addresses.get(place)
        if address is None or digest in address.good or digest in address.wrong:
            return
        wait_s = address.bucket.wait_s(self._seconds())
        if wait_s > 0:
            raise too_many("too many wrong keys from this address", wait_s)

    def was_good(self, place: Place, digest: bytes) -> None:
        """The key was one."""
        self._address(place).good.add(digest)

    def was_wrong(self, place: Place, digest: bytes) -> None:
        """The key was none."""
        address = self._address(place)
        if digest not in address.wrong:
            address.wrong.append(digest)
            address.bucket.take(self._seconds())

    def _address(self, place: Place) -> _Address:
        address = self._addresses.get(place)
        if address is None:
            address = self._addresses[place] = _Address()
            if len(self._addresses) > ADDRESSES:
                self._addresses.popitem(last=False)
        self._addresses.move_to_end(place)
        return address
