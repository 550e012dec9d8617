"""What waited for users while they were away, sent after their login: page by page, as fast as they read.

The first page is in the reply to the login. Until the last one is out, a conversation is heard in its order: what
others say meanwhile is in the store and comes in its turn; what the user says on other sessions, and what becomes of
messages that were not sent yet, is kept back. Everything else goes out as it comes.
"""

from __future__ import annotations

from collections.abc import Sequence

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from chat.audiences import OfUser
from chat.errors import StorageError
from chat.events import Event, MessageDeleted, MessageEdited, MessagePosted
from chat.ichat import IStore
from chat.messages import within_bytes
from chat.model import Access, Message, Room, RoomKind, User
from chat.receipts import Window
from chat.sessions import Session
from chat.wire.delivery import Delivery
from chat.wire.frames import CloseCode

PAGE = 200
# What is kept back of a session; beyond that it is dropped, and healed as any gap.
KEPT_BYTES = 2**19
# How often it is looked whether a client has taken a page: first soon, then more and more seldom.
LOOK_AGAIN_S, LOOK_SELDOM_S = 0.02, 1.0
TRIES, RETRY_AFTER_S = 3, 1.0


class Backlog:
    """What one session is still to be sent: unacknowledged messages with keys above `above` and up to `up_to`, and then
    what was kept back.
    """

    def __init__(self, user: User, above: int, up_to: int) -> None:
        self.user = user
        self.above = above
        self.up_to = up_to
        self.kept: list[Event] = []
        self._left_bytes = KEPT_BYTES

    def takes(self, event: Event, size_bytes: int) -> bool:
        """Whether the event is not for the session to hear now."""
        if isinstance(event, MessagePosted) and event.message.author.id != self.user.id:
            self.up_to = max(self.up_to, event.message.key)
            return True
        if not isinstance(event, (MessagePosted, MessageEdited, MessageDeleted)):
            return False
        if event.message is None or event.message.key <= self.above:
            return False
        self._left_bytes -= size_bytes
        if self._left_bytes >= 0:
            self.kept.append(event)
        return True


class CatchUp:
    """Sends private messages that waited. In memory is one page for each session that catches up, and KEPT_BYTES."""

    log = Logger()

    def __init__(self, store: IStore, delivery: Delivery, clock: IReactorTime) -> None:
        self._store = store
        self._delivery = delivery
        self._clock = clock

    def start(self, session: Session, above: int, up_to: int) -> None:
        """Send what the session's user has not acknowledged, with keys above one and up to another, in that order.

        Does nothing for a session that is just catching up.
        """
        assert session.user is not None
        if not self._delivery.holds(session):
            backlog = Backlog(session.user, above, up_to)
            self._delivery.hold(session, backlog)
            Deferred.fromCoroutine(self._run(session, backlog)).addErrback(self._failed)

    async def _run(self, session: Session, backlog: Backlog) -> None:
        try:
            while await self._is_ready(session) and backlog.above < backlog.up_to:
                page = within_bytes(await self._read(backlog))
                # Reading took its time: what others say in rooms may be under way.
                if not await self._is_ready(session):
                    break
                backlog.above = page[-1].key if page else backlog.up_to
                for message in page:
                    self._delivery.tell(session, _event(message, backlog.user))
                self._delivery.flush_session(session)
        except StorageError:
            self.log.warn("{user} does not get what waited: the store does not answer", user=backlog.user.id)
            session.link.close(CloseCode.RESTART, "come back")
        finally:
            self._delivery.let_go(session)
            for event in backlog.kept:
                self._delivery.tell(session, event)

    async def _read(self, backlog: Backlog) -> Sequence[Message]:
        """The next page. Raises StorageError when several tries fail: nothing is to be passed over."""
        tries = TRIES
        while True:
            try:
                return await self._store.unacknowledged(backlog.user, Window(backlog.above, backlog.up_to, PAGE))
            except StorageError:
                tries -= 1
                if not tries:
                    raise
            await deferLater(self._clock, RETRY_AFTER_S)

    async def _is_ready(self, session: Session) -> bool:
        """Wait until the session has taken what was sent; whether it still is the user's. A link that is behind for too
        long ends by itself.
        """
        pause_s = LOOK_AGAIN_S
        while session.link.is_behind and not session.is_gone:
            await deferLater(self._clock, pause_s)
            pause_s = min(2 * pause_s, LOOK_SELDOM_S)
        return not session.is_gone and session.user is not None

    def _failed(self, failure: Failure) -> None:
        self.log.failure("what waited for a user was not sent", failure)


def _event(message: Message, user: User) -> MessagePosted:
    room = Room(0, message.room_id, "", None, RoomKind.CONVERSATION, Access.MEMBERS, 0)
    return MessagePosted.of(message, (room, None), (OfUser(user.id),), {})
