"""What a server counts and measures, for whoever watches it: instruments that cost what an addition costs.

Each server has its own; no I/O. The parts of a server, and its plugins, make the instruments that they use once, when
they are made themselves. Names are those that are shown: `chat_`, what is counted, its unit, and `_total` for what only
grows (the conventions of Prometheus).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Collection, Mapping, Sequence
from enum import Enum
from itertools import accumulate
from typing import Final, NamedTuple

from chat.errors import ConfigError

# Seconds, from what takes no time at all to what has taken too long.
SECONDS: Final = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
LABELS_LIMIT: Final = 200
OTHER: Final = "other"
_NAME: Final = re.compile(r"chat_[a-z0-9_]*[a-z0-9]")
_LABEL: Final = re.compile(r"[a-z][a-z0-9_]*|")


class Kind(Enum):
    """How the values of a family are to be read."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Measured(NamedTuple):
    """A histogram: pairs of an upper bound and how many were not above it, the last bound infinite; and their sum."""

    buckets: tuple[tuple[float, int], ...]
    total: float


class Family(NamedTuple):
    """What one instrument has come to. `values` are by the value of its label, that of one without a label under ""."""

    name: str
    text: str
    kind: Kind
    label: str
    values: Mapping[str, float] | Mapping[str, Measured]


class Counts:
    """Numbers that only grow, one for each value of the label; LABELS_LIMIT of them, and OTHER for all further ones."""

    __slots__ = ("_values",)

    def __init__(self) -> None:
        self._values: dict[str, float] = {}

    def add(self, label: str = "", number: float = 1) -> None:
        """So many more."""
        values = self._values
        if label in values:
            values[label] += number
        else:
            label = _bounded(label, values)
            values[label] = values.get(label, 0) + number

    def read(self) -> Mapping[str, float]:
        """The numbers as they are now."""
        return dict(self._values)


class Timings:
    """How long something took, counted by these bounds in seconds, for each value of the label; bounded as Counts."""

    __slots__ = ("_bounds", "_counts", "_totals")

    def __init__(self, bounds: Sequence[float] = SECONDS) -> None:
        self._bounds = tuple(bounds)
        self._counts: dict[str, list[int]] = {}
        self._totals: dict[str, float] = {}

    def observe(self, seconds: float, label: str = "") -> None:
        """It took so long once more."""
        counts = self._counts.get(label)
        if counts is None:
            label = _bounded(label, self._counts)
            self._totals.setdefault(label, 0.0)
            counts = self._counts.setdefault(label, [0] * (len(self._bounds) + 1))
        counts[bisect_left(self._bounds, seconds)] += 1
        self._totals[label] += seconds

    def read(self) -> Mapping[str, Measured]:
        """The histograms as they are now."""
        return {label: self.measured(label) for label in tuple(self._counts)}

    def measured(self, label: str = "") -> Measured:
        """The histogram of this value of the label as it is now."""
        bounds = (*self._bounds, float("inf"))
        numbers = accumulate(self._counts.get(label, (0,) * len(bounds)))
        return Measured(tuple(zip(bounds, numbers, strict=True)), self._totals.get(label, 0.0))


Reading = Callable[[], Mapping[str, float] | Mapping[str, Measured]]


class Instrument(NamedTuple):
    """What is shown under a name. `read()` gives a value for each value of the label, under "" where there is none; it
    is asked in the reactor's thread whenever somebody looks.
    """

    name: str
    text: str
    kind: Kind
    read: Reading
    label: str = ""


class Metrics:
    """The instruments of one server."""

    def __init__(self) -> None:
        self._instruments: dict[str, Instrument] = {}

    def counts(self, name: str, text: str, label: str = "") -> Counts:
        """A new instrument to count with. Raises ConfigError for a name that is taken, or that is none."""
        counts = Counts()
        if not label:
            counts.add(number=0)
        self.show(Instrument(name, text, Kind.COUNTER, counts.read, label))
        return counts

    def timings(self, name: str, text: str, label: str = "", bounds: Sequence[float] = SECONDS) -> Timings:
        """A new instrument to measure times with. Raises ConfigError as `counts` does."""
        timings = Timings(bounds)
        read = timings.read if label else lambda: {"": timings.measured()}
        self.show(Instrument(name, text, Kind.HISTOGRAM, read, label))
        return timings

    def show(self, instrument: Instrument) -> None:
        """Show what somebody counts or knows anyway. Raises ConfigError as `counts` does."""
        if not _NAME.fullmatch(instrument.name) or not _LABEL.fullmatch(instrument.label):
            raise ConfigError(f"{instrument.name!r} with the label {instrument.label!r} is no name of a metric")
        if self._instruments.setdefault(instrument.name, instrument) is not instrument:
            raise ConfigError(f"the metric {instrument.name} exists already")

    @property
    def catalogue(self) -> Collection[Instrument]:
        """Every instrument, whatever it has come to."""
        return self._instruments.values()

    def families(self) -> list[Family]:
        """What all instruments have come to. For the reactor's thread; what is returned belongs to the caller."""
        return [Family(one.name, one.text, one.kind, one.label, one.read()) for one in self._instruments.values()]


def _bounded(label: str, known: Mapping[str, object]) -> str:
    return label if label in known or len(known) < LABELS_LIMIT else OTHER
