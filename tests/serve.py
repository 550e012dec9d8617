"""twistd, for servers that tests start: keeps the coverage data of a process that a signal will end."""

from __future__ import annotations

import sys

import coverage
from twisted.internet import reactor
from twisted.scripts.twistd import run

measuring = coverage.Coverage.current()
if measuring is not None:
    reactor.addSystemEventTrigger("after", "shutdown", measuring.save)
sys.argv[0] = "twistd"
run()
