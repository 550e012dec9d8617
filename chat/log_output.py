"""Where the log goes, and how much of it: the place that the options of twistd name, the level and the form that the
configuration names.
"""

from __future__ import annotations

import signal
import sys
import syslog
from collections.abc import Callable, Mapping
from typing import Any

from twisted.logger import ILogObserver, LogEvent, LogLevel
from twisted.python.logfile import LogFile
from zope.interface import implementer

from chat.config import Log
from chat.errors import ConfigError
from chat.log_format import json_line, level_of, text_line

FORMATS: Mapping[str, Callable[[LogEvent], str]] = {"text": text_line, "json": json_line}
DEFAULT_FILE = "twistd.log"
_PRIORITIES = {
    LogLevel.debug: syslog.LOG_DEBUG,
    LogLevel.info: syslog.LOG_INFO,
    LogLevel.warn: syslog.LOG_WARNING,
    LogLevel.error: syslog.LOG_ERR,
    LogLevel.critical: syslog.LOG_CRIT,
}

# Takes a line with its end, and the event behind it.
Sink = Callable[[str, LogEvent], None]


@implementer(ILogObserver)
class LogOutput:
    """Writes what is important enough to a sink, one line per event and traceback lines behind it."""

    def __init__(self, sink: Sink, log: Log) -> None:
        self._sink = sink
        self.follow(log)

    def follow(self, log: Log) -> None:
        """From now on use this level and this form."""
        self._level = LogLevel.levelWithName(log.level)
        self._format = FORMATS[log.format]

    def __call__(self, event: LogEvent) -> None:
        """Write the event, unless it is below the level."""
        if level_of(event) >= self._level:
            self._sink(self._format(event), event)


def sink_of(options: Mapping[str, Any], reactor: Any) -> Sink:
    """What twistd's options say: `--syslog`, `--logfile`, or standard output for a server in the foreground.

    SIGUSR1 begins a new log file. Raises ConfigError when there can be no log.
    """
    if options.get("syslog"):
        return _syslog(options.get("prefix") or "twisted")
    file = options.get("logfile") or ("-" if options.get("nodaemon") else DEFAULT_FILE)
    if file != "-":
        return _file(file, reactor)
    if not options.get("nodaemon"):
        raise ConfigError("--logfile: a server in the background cannot log to standard output")
    return _stream(sys.stdout)


def _stream(stream: Any) -> Sink:
    def write(line: str, event: LogEvent) -> None:
        stream.write(line.encode(stream.encoding, "backslashreplace").decode(stream.encoding))
        stream.flush()

    return write


def _file(path: str, reactor: Any) -> Sink:
    try:
        file: Any = LogFile.fromFullPath(path)
    except OSError as error:
        raise ConfigError(f"--logfile: {path}: {error.strerror}") from None
    signal.signal(signal.SIGUSR1, lambda number, frame: reactor.callFromThread(file.rotate))

    def write(line: str, event: LogEvent) -> None:
        file.write(line)
        file.flush()

    return write


def _syslog(prefix: str) -> Sink:
    syslog.openlog(prefix)

    def write(line: str, event: LogEvent) -> None:
        for one in line.splitlines():
            syslog.syslog(_PRIORITIES[level_of(event)], one)

    return write
