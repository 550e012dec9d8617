"""A log observer that an operator brings: `twistd --logger=tests.data.observer.make`."""

from __future__ import annotations

import sys

from twisted.logger import FileLogObserver, formatEvent


def make() -> FileLogObserver:
    """An observer that writes in a form of its own."""
    return FileLogObserver(sys.stdout, lambda event: f"seen: {formatEvent(event)}\n")
