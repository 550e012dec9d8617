"""login: somebody says who they are, the authenticator decides."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from msgspec import structs
from zope.interface import implementer

from chat.activities import UserRef, WaitingEntry
from chat.errors import ChatError, ErrorCode
from chat.events import Event, UserBanned
from chat.ichat import IVerb
from chat.messages import within_bytes
from chat.model import SYSTEM_ID, Message, Status, User, UserId
from chat.plugin import Context, Contribution, Identity, NoOptions, Outcome, Plugin, Requires, Services
from chat.receipts import LoginRecord, Unacknowledged
from chat.requests import LoggedIn, Login, RoleEntry
from chat.sessions import Session


@implementer(IVerb)
class LoginVerb:
    """Makes the session the user's, who joins the rooms with rules for autojoin that hold. `invisible` in
    `actor.content` hides the user from all but operators. A failed login leaves nothing behind, and its connection is
    closed soon after; who is logged in already stays, but not after INVALID_LOGIN. The reply brings the private
    messages that the user has not acknowledged, oldest first, up to about half a megabyte of them; the others follow.

    Raises INVALID_LOGIN for user `0`, which is the system's, and for another user on the same connection; whatever the
    authenticator raises: NO_USER_IN_SESSION without a token, INVALID_TOKEN, NOT_BASE64; USER_IS_BANNED.
    """

    event = "login"
    verbs = ("login",)
    reply_event = "gn_login"
    request = Login
    requires = Requires.ANYONE

    def __init__(self, services: Services) -> None:
        self._services = services
        self._guarantees = services.config.messages.delivery_guarantee
        self._kept = frozenset(services.config.users.self_attributes)

    async def handle(self, context: Context, request: Login) -> Outcome:
        """See `IVerb`."""
        assert context.session is not None
        if request.user_id == SYSTEM_ID:
            raise ChatError(ErrorCode.INVALID_LOGIN, "this user does not log in")
        if context.user is not None and context.user.id != request.user_id:
            raise ChatError(ErrorCode.INVALID_LOGIN, "another user is logged in on this connection")
        identity: Identity = await self._services.authenticate(request)
        await self._check_ban(request.user_id, context.now)
        store = self._services.store
        record: LoginRecord = await store.record_login(request.user_id, identity, context.now, self._kept)
        user = record.user
        await self._check_ban(user.id, context.now)
        self._services.rooms.roles.renamed(user.id, user.name)
        status = Status.INVISIBLE if request.visibility == Status.INVISIBLE.value else None
        events = self._services.occupancy.login(context.session, user, status, context.now)
        joined = self._autojoin(context.session, user, context.now)
        first = self._first_page(context.session, record.waiting) if self._guarantees else ()
        return Outcome(self._reply(context, user, first), (*events, *joined))

    async def _check_ban(self, user_id: UserId, at: datetime) -> None:
        """Raise USER_IS_BANNED for who is banned from the server, who is told of the ban once more."""
        bans, users = self._services.rooms.bans, self._services.users
        ban = bans.of(user_id)
        if ban is not None:
            refusal = bans.refusal(ban)
            user, actor = await users.known(user_id), await users.known(ban.actor_id)
            refusal.news = UserBanned.of(ban, UserRef.of(user), UserRef.of(actor), None, at)
            raise refusal

    def _first_page(self, session: Session, waiting: Unacknowledged) -> tuple[Message, ...]:
        """What of the messages that wait goes into the reply; the others follow it."""
        first = within_bytes(waiting.messages)
        if first and first[-1].key < waiting.up_to:
            self._services.catch_up(session, first[-1].key, waiting.up_to)
        return first

    def _autojoin(self, session: Session, user: User, at: datetime) -> list[Event]:
        """Enter the rooms that take the user in at login; one that is full, or that the user may not join, is left."""
        events: list[Event] = []
        for room in self._services.rooms.autojoined_by(user):
            try:
                events += self._services.occupancy.enter_now(session, room, at)
            except ChatError:
                continue
        return events

    def _reply(self, context: Context, user: User, first: Iterable[Message]) -> LoggedIn:
        config = self._services.config
        limits: dict[str, float] = structs.asdict(config.limits)
        return LoggedIn(
            published=context.now,
            user=UserRef.of(user),
            roles=tuple(self._roles(user.id)),
            unacknowledged=tuple(map(WaitingEntry.of, first)),
            limits=limits | {"max_characters": config.messages.max_characters},
            reconnect_jitter_s=config.drain.drain_s,
        )

    def _roles(self, user_id: UserId) -> list[RoleEntry]:
        """The roles by scope; the global ones also under the name that clients of the original know."""
        rooms = self._services.rooms
        entries = []
        for scope, roles in rooms.roles.scopes(user_id):
            if scope is None:
                entries += [RoleEntry("global_roles", None, roles), RoleEntry("global_role", None, roles)]
            else:
                entries.append(RoleEntry("channel_role" if rooms.is_channel(scope) else "room_role", scope, roles))
        return entries


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(verbs=(LoginVerb(services),))


plugin = Plugin("login", build)
