"""Where somebody writes or reads: a room of a channel, or a private conversation."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from chat.activities import RoomRef, UserRef, acl_entries
from chat.audiences import Audience, InRoom, OfUser, OfUserIn
from chat.conversations import Conversation, Conversations
from chat.errors import ChatError, ErrorCode
from chat.events import RoomCreated
from chat.model import SYSTEM_ID, Channel, ChannelId, Room, RoomId, User, UserId, is_public_id
from chat.presence import Presence
from chat.rooms import Rooms
from chat.sanctions import Mutes
from chat.users import Users


class Place(Struct, frozen=True):
    """A room with its channel, or a conversation with its owners, which may have been made just now. `origin` is the
    other room that something is said from.
    """

    room: Room
    channel: Channel | None = None
    conversation: Conversation | None = None
    is_new: bool = False
    origin: Place | None = None

    @property
    def owners(self) -> tuple[UserId, ...]:
        """The conversation's owners; none for a room."""
        return () if self.conversation is None else tuple(self.conversation.owners)

    def audience(self, besides: UserId | None = None) -> tuple[Audience, ...]:
        """Those who hear what happens here, but for one user."""
        if self.conversation is None:
            return (InRoom(self.room.id, besides),)
        return tuple(OfUser(user_id) for user_id in self.owners if user_id != besides)

    def echo(self, user_id: UserId) -> tuple[Audience, ...]:
        """That user alone, with the sessions that hear what happens here."""
        return (OfUserIn(self.room.id, user_id),) if self.conversation is None else (OfUser(user_id),)

    def recipients(self, sender_id: UserId) -> tuple[int, ...]:
        """The keys of the conversation's other owners."""
        if self.conversation is None:
            return ()
        return tuple(key for user_id, key in self.conversation.owners.items() if user_id != sender_id)


class Places:
    """Finds places for a user, and says what the user's standing there is. To who has none it is not betrayed whether
    there is such a place.
    """

    def __init__(
        self, rooms: Rooms, users: Users, presence: Presence, conversations: Conversations, mutes: Mutes
    ) -> None:
        self._rooms = rooms
        self._users = users
        self._presence = presence
        self._conversations = conversations
        self._mutes = mutes

    def manageable(self, user: User, room_id: RoomId) -> Room:
        """The room, for a user who may know of it and is not banned from it: who may list it, is something there, or is
        in it. Raises NO_SUCH_ROOM, USER_IS_BANNED.
        """
        room = self._known(user, room_id)
        self._rooms.check_ban(user.id, room)
        return room

    def channel(self, user: User, channel_id: ChannelId) -> Channel:
        """The channel, for a user who may know of it: who may list it, is something there, or is in one of its rooms.
        Raises NO_SUCH_CHANNEL.
        """
        channel = self._rooms.channel(channel_id)
        if not self._rooms.is_known_to(user, channel) and not self._is_in(user.id, channel):
            raise ChatError(ErrorCode.NO_SUCH_CHANNEL)
        return channel

    def manageable_channel(self, user: User, channel_id: ChannelId) -> Channel:
        """The same, for a user who is not banned from it. Raises NO_SUCH_CHANNEL, USER_IS_BANNED."""
        channel = self.channel(user, channel_id)
        self._rooms.bans.check(user.id, channel)
        return channel

    def _is_in(self, user_id: UserId, channel: Channel) -> bool:
        inside = map(self._rooms.room, self._presence.rooms_of(user_id))
        return any(room.channel_id == channel.id for room in inside)

    def is_known_to(self, user: User, room: Room) -> bool:
        """Whether the user may know of the room: who may list it, is something there, or is in it."""
        return self._presence.occupies(user.id, room.id) or self._rooms.is_known_to(user, room)

    def _known(self, user: User, room_id: RoomId) -> Room:
        room = self._rooms.room(room_id)
        if not self.is_known_to(user, room):
            raise ChatError(ErrorCode.NO_SUCH_ROOM)
        return room

    def occupied(self, user: User, room_id: RoomId) -> Place:
        """The room, which the user is in. Raises NO_SUCH_ROOM, USER_IS_BANNED, USER_NOT_IN_ROOM."""
        room = self._entered(user, self._known(user, room_id))
        if not self._presence.occupies(user.id, room.id):
            raise ChatError(ErrorCode.USER_NOT_IN_ROOM)
        return self._of_room(room)

    def _entered(self, user: User, room: Room) -> Room:
        """The room, for who may enter it, or was brought in. Raises NO_SUCH_ROOM, USER_IS_BANNED."""
        if not self._presence.occupies(user.id, room.id):
            return self._rooms.enterable(user.id, room.id)
        self._rooms.check_ban(user.id, room)
        return room

    def check_voice(self, speaker: User, place: Place) -> Place:
        """The place, for who is neither banned nor muted there, nor in the room that it is said from. For verbs that
        have waited, or whose guards may have: what was in force at first may be something else by then.

        Raises USER_IS_BANNED.
        """
        self._rooms.check_ban(speaker.id, place.room)
        self._mutes.check(speaker.id, place.room)
        if place.origin is not None:
            self.check_voice(speaker, place.origin)
        return place

    def open_to_operators(self, user: User, room_id: RoomId) -> Place:
        """The room, whatever it is for the user, for a backend that has the user do something. Raises NO_SUCH_ROOM,
        USER_IS_BANNED.
        """
        room = self._rooms.room(room_id)
        self._rooms.check_ban(user.id, room)
        return self._of_room(room)

    def own_or_occupied(self, user: User, room_id: RoomId) -> Place:
        """The room, which the user is in or owns; the system is in every room. Raises NO_SUCH_ROOM, USER_IS_BANNED,
        USER_NOT_IN_ROOM.
        """
        if user.id == SYSTEM_ID:
            return self._of_room(self._rooms.room(room_id))
        if self._rooms.roles.is_owner(user.id, room_id):
            return self._of_room(self.manageable(user, room_id))
        return self.occupied(user, room_id)

    def found(self, user: User, room_id: RoomId) -> Room:
        """The room, which the user may know of, may join or is in, and is not banned from. Raises NO_SUCH_ROOM,
        USER_IS_BANNED.
        """
        room = self._rooms.room(room_id)
        if not self._presence.occupies(user.id, room.id) and not self._rooms.is_found_by(user, room):
            raise ChatError(ErrorCode.NO_SUCH_ROOM)
        return self._entered(user, room)

    def joinable(self, user: User, room_id: RoomId) -> Room:
        """The room, which the user may join or is in. Raises NO_SUCH_ROOM, USER_IS_BANNED, NOT_ALLOWED where its rules
        do not hold.
        """
        room = self.found(user, room_id)
        if not self._presence.occupies(user.id, room.id):
            self._rooms.permits.check(user, "join", room)
        return room

    async def owned(self, user_id: UserId, room_id: RoomId) -> Place | None:
        """The conversation of this id, if it is one of the user's. Raises StorageError."""
        conversation = await self._conversations.find(room_id) if is_public_id(room_id) else None
        if conversation is None or user_id not in conversation.owners:
            return None
        return Place(conversation.room, conversation=conversation)

    async def private(self, user_id: UserId, room_id: RoomId) -> Place | None:
        """The same, asked for what is mostly a room."""
        return None if self._rooms.find(room_id) is not None else await self.owned(user_id, room_id)

    async def standing(self, user: User, room_id: RoomId) -> Place:
        """A place that the user is in or owns. Raises USER_NOT_IN_ROOM, NO_SUCH_ROOM, USER_IS_BANNED, StorageError."""
        return await self.private(user.id, room_id) or self.own_or_occupied(user, room_id)

    def created(self, place: Place, actor: User, at: datetime) -> RoomCreated:
        """The event of a place that somebody has just made."""
        return RoomCreated(
            published=at,
            actor=UserRef.of(actor),
            attributes=self._users.public(actor),
            ref=RoomRef.of(place.room),
            kind="temporary" if place.conversation is None else "private",
            channel_id="" if place.channel is None else place.channel.id,
            acls=acl_entries(place.room.acls) or None,
            room=place.room,
            owners=place.owners,
        )

    def told(self, place: Place, actor_id: UserId) -> tuple[Audience, ...]:
        """Those who hear of what somebody did there; who did it too, be it an owner who is not inside."""
        if place.conversation is not None or self._presence.occupies(actor_id, place.room.id):
            return place.audience()
        return (*place.audience(), OfUser(actor_id))

    def told_alone(self, place: Place, actor_id: UserId) -> tuple[Audience, ...]:
        """Who did something there alone: with the sessions that are inside, or with all if none is."""
        return place.echo(actor_id) if self._presence.occupies(actor_id, place.room.id) else (OfUser(actor_id),)

    async def readable(self, user: User, target: str) -> Place | None:
        """A place whose messages the user may read: a room that the user may join or is in, one of the user's
        conversations, or the one with the user of that id, None when the two have none. Raises NO_SUCH_ROOM,
        USER_IS_BANNED, NOT_ALLOWED, StorageError.
        """
        if self._rooms.find(RoomId(target)) is not None:
            return self._of_room(self.joinable(user, RoomId(target)))
        place = self._remembered(user.id, target) or await self.owned(user.id, RoomId(target))
        if place is not None:
            return place
        if not await self._users.is_known(UserId(target)):
            raise ChatError(ErrorCode.NO_SUCH_ROOM)
        conversation = await self._conversations.known_among(frozenset({user.id, UserId(target)}))
        return None if conversation is None else Place(conversation.room, conversation=conversation)

    async def addressed(self, user: User, target: str, at: datetime) -> Place:
        """Where a private message goes: a conversation of the user's by its id, or the one with the user of that id,
        made where there is none. Raises NO_SUCH_USER, StorageError.
        """
        known = self._remembered(user.id, target)
        if known is not None:
            return known
        place = await self.owned(user.id, RoomId(target))
        return place or await self.among(user, (await self._users.known(UserId(target)),), at)

    def _remembered(self, user_id: UserId, target: str) -> Place | None:
        """The conversation of the user's that is meant, where it is in memory, as it is when somebody wrote before: so
        nothing is asked of the store.
        """
        conversation = self._conversations.remembered(RoomId(target))
        if conversation is None or user_id not in conversation.owners:
            conversation = self._conversations.remembered_among(frozenset({user_id, UserId(target)}))
        return None if conversation is None else Place(conversation.room, conversation=conversation)

    async def among(self, user: User, others: Iterable[User], at: datetime) -> Place:
        """The conversation of the user with others, made where there is none. Raises VALIDATION_ERROR for too many
        owners, StorageError.
        """
        opened = await self._conversations.among((user, *others), at)
        return Place(opened.conversation.room, conversation=opened.conversation, is_new=opened.is_new)

    def _of_room(self, room: Room) -> Place:
        return Place(room, self._rooms.channel_of(room))
