"""A process that writes until it is killed: `python -m tests.conformance.victim CASE FOLDER`.

Every line that it prints is the seq, the key and the id of a message that was confirmed.
"""

from __future__ import annotations

import sys
from pathlib import Path

from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults

from chat.messages import Appended

from .opened import Opened
from .stores import CASES

IN_FLIGHT = 20


def say(appended: Appended) -> None:
    """Confirm a message."""
    message = appended.message
    sys.stdout.write(f"{message.seq} {message.key} {message.id}\n")
    sys.stdout.flush()


async def write(opened: Opened) -> None:
    """Write for ever."""
    await opened.open()
    while True:
        drafts = [opened.draft(str(number)) for number in range(IN_FLIGHT)]
        await gatherResults([opened.store.append_message(draft).addCallback(say) for draft in drafts])


def main() -> None:
    """Run until the kill."""
    opened = Opened(CASES[sys.argv[1]](Path(sys.argv[2])))
    run = getattr(reactor, "run")  # noqa: B009
    Deferred.fromCoroutine(write(opened))
    run()


if __name__ == "__main__":
    main()
