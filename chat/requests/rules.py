"""The access rules of a room or channel: to see them, to change them."""

from __future__ import annotations

import re
from typing import Annotated, Final

from chat.activities import AclEntry
from chat.errors import ErrorCode
from chat.model import ID_LENGTH, NAME_LIMIT
from chat.requests.rooms import AclPlan
from chat.slots import Activity, At

_KIND: Final = re.compile("room|channel")


class GetRules(Activity, frozen=True):
    """Which rules has this room or channel?"""

    target_id: Annotated[str, At("target.id", missing=ErrorCode.MISSING_TARGET_ID, limit=ID_LENGTH)]
    kind: Annotated[str, At("target.objectType", missing=ErrorCode.INVALID_OBJECT_TYPE, pattern=_KIND)]


class Rules(Activity, frozen=True):
    """The reply to get_acl."""

    constants = {"verb": "get", "object.objectType": "acl"}

    target_id: Annotated[str, At("target.id")]
    kind: Annotated[str, At("target.objectType")]
    acls: Annotated[tuple[AclEntry, ...], At("object.attachments")]


class RuleChange(AclPlan, frozen=True):
    """The same where a blank value takes a rule away."""

    value: Annotated[
        str,
        At(
            "content",
            missing=ErrorCode.MISSING_ATTACHMENT_CONTENT,
            limit=NAME_LIMIT,
            too_many=ErrorCode.INVALID_ACL_VALUE,
            blank=True,
        ),
    ]


class SetRules(Activity, frozen=True):
    """Set these rules of a room or channel; one whose value is blank is taken away."""

    target_id: Annotated[str, At("target.id", missing=ErrorCode.MISSING_TARGET_ID, limit=ID_LENGTH)]
    kind: Annotated[str, At("target.objectType", missing=ErrorCode.INVALID_TARGET_TYPE, pattern=_KIND)]
    acls: Annotated[
        tuple[RuleChange, ...],
        At(
            "object.attachments",
            missing=ErrorCode.MISSING_OBJECT_ATTACHMENTS,
            absent_parent=ErrorCode.MISSING_OBJECT,
            limit=100,
            too_many=ErrorCode.TOO_MANY_ATTACHMENTS,
        ),
    ]
