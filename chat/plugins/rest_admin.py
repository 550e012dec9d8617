"""REST: POST /set-admin, POST /remove-admin."""

from __future__ import annotations

from msgspec import Struct
from zope.interface import implementer

from chat.errors import ChatError, ErrorCode
from chat.ichat import IEndpoint
from chat.model import Role, UserId
from chat.names import is_readable
from chat.plugin import Context, Contribution, NoOptions, Plugin, Scope, Services
from chat.requests import GiveRole, TakeRole
from chat.rest import GivenId, user_id_of
from chat.texts import base64_of, text_of


class AdminBody(Struct, frozen=True, kw_only=True):
    """Who is meant."""

    id: GivenId | None = None

    @property
    def user_id(self) -> UserId:
        """The id. Raises VALIDATION_ERROR without one."""
        if self.id is None or self.id == "":
            raise ChatError(ErrorCode.VALIDATION_ERROR, "no id parameter in request")
        return user_id_of(self.id)


class NamedAdmin(AdminBody, frozen=True, kw_only=True):
    """Who is meant, and as whom one is made known whom nobody knows. The name is base64; one that is not, or that would
    come to what nobody reads, is taken as it stands: the published example is plain, and so is `Adam`.
    """

    name: str | None = None

    @property
    def user_name(self) -> str:
        """The name. Raises VALIDATION_ERROR without one."""
        if not self.name:
            raise ChatError(ErrorCode.VALIDATION_ERROR, "no name parameter in request")
        try:
            name = text_of(self.name, "name")
        except ChatError:
            return self.name
        return name if is_readable(name) and base64_of(name) == self.name else self.name


@implementer(IEndpoint)
class SetAdmin:
    """Makes a user a global moderator, at once and for good."""

    method = "POST"
    path = "set-admin"
    scope = Scope.ADMIN
    body = NamedAdmin

    def __init__(self, services: Services) -> None:
        self._services = services

    async def call(self, caller: Context, body: NamedAdmin) -> None:
        """See `IEndpoint`."""
        user = await self._services.users.made_known(body.user_id, body.user_name, caller.now)
        await self._services.dispatch(caller, GiveRole(user_id=user.id, role=Role.GLOBALMOD))


@implementer(IEndpoint)
class RemoveAdmin:
    """Has a user be a global moderator no longer; whom the configuration declares is one again after the next start."""

    method = "POST"
    path = "remove-admin"
    scope = Scope.ADMIN
    body = AdminBody

    def __init__(self, services: Services) -> None:
        self._services = services

    async def call(self, caller: Context, body: AdminBody) -> None:
        """See `IEndpoint`."""
        await self._services.dispatch(caller, TakeRole(user_id=body.user_id, role=Role.GLOBALMOD))


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(endpoints=(SetAdmin(services), RemoveAdmin(services)))


plugin = Plugin("rest-admin", build)
