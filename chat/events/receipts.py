"""What was received and read."""

from __future__ import annotations

from typing import Annotated

from chat.activities import MessageRef
from chat.audiences import Audience
from chat.events.base import Event
from chat.slots import At


class MessagesAcknowledged(Event, frozen=True, kw_only=True):
    """Somebody received or read messages. `to` is who hears of it."""

    actor_id: Annotated[str, At("actor.id")]
    room_id: Annotated[str, At("target.id")]
    messages: Annotated[tuple[MessageRef, ...], At("object.attachments")]
    to: tuple[Audience, ...]

    def audience(self) -> tuple[Audience, ...]:
        """The others in the room or conversation; in large rooms the authors alone, each of their own messages."""
        return self.to


class MessagesReceived(MessagesAcknowledged, frozen=True, kw_only=True):
    """Somebody has got messages."""

    wire = "gn_message_received"
    constants = {"verb": "received"}


class MessagesRead(MessagesAcknowledged, frozen=True, kw_only=True):
    """Somebody has read messages."""

    wire = "gn_message_read"
    constants = {"verb": "read"}
