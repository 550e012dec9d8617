"""What waited for users while they were away, sent after their login: page by page, as fast as they read.

The first page is in the reply to the login. Until the last one is out, what comes for the session alone is kept back,
so that a conversation is heard in its order.
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
from chat.events import MessagePosted
from chat.ichat import IStore
from chat.model import Access, Message, Room, RoomKind, User
from chat.presence import Session
from chat.receipts import Window
from chat.wire.delivery import Delivery

PAGE = 200
LOOK_AGAIN_S = 0.02


class CatchUp:
    """Sends private messages that waited. In memory is one page for each session that catches up."""

    log = Logger()

    def __init__(self, store: IStore, delivery: Delivery, clock: IReactorTime) -> None:
        self._store = store
        self._delivery = delivery
        self._clock = clock
        self._sessions: set[Session] = set()

    def start(self, session: Session, above: int, up_to: int) -> None:
        """Send what the session's user has not acknowledged, with keys above one and up to another, in that order.

        Does nothing for a session that is just catching up.
        """
        assert session.user is not None
        if session not in self._sessions:
            self._sessions.add(session)
            self._delivery.hold(session)
            Deferred.fromCoroutine(self._run(session, session.user, above, up_to)).addErrback(self._failed)

    async def _run(self, session: Session, user: User, above: int, up_to: int) -> None:
        try:
            while above < up_to and await self._is_ready(session):
                page: Sequence[Message] = await self._store.unacknowledged(user, Window(above, up_to, PAGE))
                if not page or session.user is None:
                    break
                for message in page:
                    self._delivery.tell(session, _event(message, user))
                above = page[-1].key
        except StorageError:
            self.log.warn("{user} did not get what waited: the store does not answer", user=user.id)
        finally:
            self._sessions.discard(session)
            self._delivery.let_go(session)

    async def _is_ready(self, session: Session) -> bool:
        """Wait until the session has taken what was sent; whether it still is the user's. A link that is behind for too
        long ends by itself.
        """
        while session.link.is_behind and not session.is_gone:
            await deferLater(self._clock, LOOK_AGAIN_S)
        return not session.is_gone and session.user is not None

    def _failed(self, failure: Failure) -> None:
        self.log.failure("what waited for a user was not sent", failure)


def _event(message: Message, user: User) -> MessagePosted:
    room = Room(0, message.room_id, "", None, RoomKind.CONVERSATION, Access.MEMBERS, 0)
    return MessagePosted.of(message, (room, None), (OfUser(user.id),), {})
