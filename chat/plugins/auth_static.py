"""The authenticator `static`: users, names, tokens and attributes from the configuration."""

from __future__ import annotations

import hmac

from zope.interface import implementer

from chat.config import StaticUser
from chat.errors import ChatError, ErrorCode
from chat.ichat import IAuthenticator
from chat.plugin import Contribution, Identity, NoOptions, Plugin, Services
from chat.requests import Login


@implementer(IAuthenticator)
class StaticAuthenticator:
    """Knows the users of `[[auth.users]]`. An unknown user is answered like a wrong token."""

    def __init__(self, users: tuple[StaticUser, ...]) -> None:
        self._users = {user.id: user for user in users}

    async def authenticate(self, login: Login) -> Identity:
        """See `IAuthenticator`."""
        if not login.token:
            raise ChatError(ErrorCode.NO_USER_IN_SESSION, "no token on actor")
        user = self._users.get(login.user_id)
        expected = "" if user is None else user.token
        if user is None or not hmac.compare_digest(expected.encode(), login.token.encode()) or not expected:
            raise ChatError(ErrorCode.INVALID_TOKEN)
        return Identity(user.name or user.id, user.attributes)


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(authenticators={"static": StaticAuthenticator(services.config.auth.users)})


plugin = Plugin("auth-static", build)
