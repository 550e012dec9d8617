"""message: say something in a room, or privately."""

from __future__ import annotations

import msgspec
from msgspec import structs
from twisted.internet.defer import Deferred
from zope.interface import implementer

from chat.audiences import Audience, OfUser
from chat.crossing import Crossings, rooms_of, told_from
from chat.errors import ChatError, ErrorCode
from chat.events import Event, MessagePosted, MessagesMissed
from chat.ichat import IVerb
from chat.messages import Appended, Draft, check_body
from chat.places import Place
from chat.plugin import Context, Contribution, NoOptions, Outcome, Plugin, Requires, Services
from chat.relays import Relays
from chat.requests import SendMessage
from chat.unheard import Unheard
from chat.whispers import Addressed, Whispers


@implementer(IVerb)
class MessageVerb:
    """Stores a message and tells the room, or all sessions of the owners of a conversation, who need not be online. A
    private message to a user goes to the conversation of the two, which is made and announced when it is not there.
    With `actor.url`, a room that the sender is in, it goes to another room from there, if the rules for `crossroom` of
    both let it pass. The reply is the message as everybody gets it. One that is to be unheard is not stored and has no
    number, and its sender alone hears it.

    Raises EMPTY_MESSAGE, MSG_TOO_LONG, INVALID_TARGET_TYPE; NO_SUCH_ROOM, USER_NOT_IN_ROOM; NOT_ALLOWED where the
    access rules do not hold; USER_IS_BANNED for who has been muted or banned by now; NOT_ALLOWED_TO_WHISPER_SELF,
    NOT_ALLOWED_TO_WHISPER_CHANNEL for a whisper as text; NO_SUCH_USER when a private message is neither for a
    conversation of the sender's nor for a user; VALIDATION_ERROR when `object.id` was used for another message. A retry
    gets the first reply again, and nobody hears of it. Where others are missing a message that was stored after its
    sender had been refused, they are told of that gap. What a backend has somebody say goes into any room, and is
    stored if it asks for that.
    """

    event = "message"
    verbs = ("send",)
    reply_event = "gn_message"
    request = SendMessage
    requires = Requires.LOGGED_IN

    def __init__(self, services: Services) -> None:
        self._services = services
        self._whispers = Whispers(services)
        self._relays = Relays(services)
        self._crossings = Crossings(services.rooms, services.places)
        self._max_characters = services.config.messages.max_characters
        self._guarantees = services.config.messages.delivery_guarantee
        self._stored = services.metrics.counts("chat_messages_total", "Messages that were stored.", "kind")
        self._unheard = Unheard()

    async def handle(self, context: Context, request: SendMessage) -> Outcome | Deferred[Outcome]:
        """See `IVerb`."""
        check_body(request.body, self._max_characters)
        addressed = await self._whispers.addressed(context.caller, request)
        if addressed is not None:
            return self._whispered(context, request, addressed)
        telling = request.telling
        if telling is not None and (context.is_unheard or not telling.is_stored):
            return Outcome(events=(await self._relays.said(context, request, telling),))
        place = self._services.places.check_voice(context.caller, await self._place(context, request))
        if context.is_unheard:
            return self._said_to_nobody(context, request, place, place.echo(context.caller.id))
        draft = Draft(
            room=place.room,
            author=context.caller,
            body=request.body,
            published=context.now,
            client_id=request.client_id,
            recipients=place.recipients(context.caller.id) if self._guarantees else (),
            rest=_rest(request),
        )
        stored: Deferred[Appended] = self._services.store.append_message(draft)
        return stored.addCallback(self._posted, place, request)

    def _whispered(self, context: Context, request: SendMessage, addressed: Addressed) -> Outcome:
        if context.is_unheard:
            place = Place(addressed.room, addressed.channel)
            return self._said_to_nobody(context, request, place, (OfUser(context.caller.id),))
        whispered = addressed.in_text(context, request)
        return Outcome(whispered, (whispered,))

    def _said_to_nobody(
        self, context: Context, request: SendMessage, place: Place, to: tuple[Audience, ...]
    ) -> Outcome:
        """A conversation that was made for it is there from now on, but nobody else hears of that either."""
        unheard, is_repeated = self._unheard.reply(context, request, (place.room, place.channel), to)
        unheard = told_from(place.origin, unheard)
        news: tuple[Event, ...] = () if is_repeated else (unheard,)
        if place.is_new:
            created = self._services.places.created(place, context.caller, context.now)
            news = (structs.replace(created, owners=(context.caller.id,)), *news)
        return Outcome(unheard, news)

    async def _place(self, context: Context, request: SendMessage) -> Place:
        if request.kind == "room":
            target, *origin = rooms_of(request)
            if context.as_operator:
                return self._services.places.open_to_operators(context.caller, target)
            if origin:
                return self._crossings.place(context.caller, origin[0], target)
            place = self._services.places.occupied(context.caller, target)
            self._services.rooms.permits.check(context.caller, "message", place.room)
            return place
        if request.kind == "private":
            return await self._services.places.addressed(context.caller, request.target, context.now)
        raise ChatError(ErrorCode.INVALID_TARGET_TYPE)

    def _posted(self, appended: Appended, place: Place, request: SendMessage) -> Outcome:
        message = appended.message
        posted = MessagePosted.of(message, (place.room, place.channel), place.audience(), request.more)
        if request.telling is not None:
            posted = self._relays.told(posted, request.telling)
        posted = told_from(place.origin, posted)
        timelines, news = self._services.timelines, () if appended.repeated else (posted,)
        self._stored.add("room" if place.channel is not None else "private", len(news))
        missing_after = timelines.repeated(message) if appended.repeated else timelines.posted(message)
        gap = () if missing_after is None else (MessagesMissed.around(posted, missing_after),)
        opened = (self._services.places.created(place, message.author, message.published),) if place.is_new else ()
        return Outcome(posted, (*opened, *gap, *news))


def _rest(request: SendMessage) -> bytes:
    """What a retry has to say besides its text and its id, in one order."""
    more = {name: value for name, value in request.more.items() if name != "id"} if request.client_id else {}
    return msgspec.json.encode(more, order="deterministic") if more else b""


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(verbs=(MessageVerb(services),))


plugin = Plugin("message", build)
