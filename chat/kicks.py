"""Users are put out of rooms: what a kick, a ban and the loss of a role have in common."""

from __future__ import annotations

from chat.activities import RoomRef, UserRef
from chat.events import Event, UserKicked
from chat.model import Room, UserId
from chat.plugin import Context, Services


def put_out(
    services: Services, context: Context, room: Room, user_id: UserId, told: tuple[str, str | None]
) -> tuple[Event, ...]:
    """The user is out of the room at once, with all sessions; what is to be told of it. Nothing happens to one who is
    not there. `told` is the verb, `kick` or `ban`, and the reason if there is one.

    A temporary room whose last owner is put out waits for an owner as it does when one loses the connection.
    """
    user, status = services.presence.user(user_id), services.presence.status_of(user_id)
    left = () if user is None else services.occupancy.leave(user, room, context.now, on_purpose=False)
    if user is None or not left:
        return ()
    verb, reason = told
    kicked = UserKicked(
        published=context.now,
        actor=UserRef.of(context.actor),
        actor_attributes=services.users.public(context.actor),
        kicked=UserRef.of(user),
        reason=reason,
        attributes=services.users.public(user),
        room=RoomRef.of(room),
        verb=verb,
        status=status,
    )
    return (kicked, *left)
