"""The authenticator `open`, for development: whoever says a name has it. Only on loopback addresses."""

from __future__ import annotations

from zope.interface import implementer

from chat.ichat import IAuthenticator
from chat.plugin import Contribution, Identity, NoOptions, Plugin, Services
from chat.requests import Login
from chat.texts import text_of


@implementer(IAuthenticator)
class OpenAuthenticator:
    """Takes name and attributes from the client. Raises NOT_BASE64 where they are not base64."""

    async def authenticate(self, login: Login) -> Identity:
        """See `IAuthenticator`."""
        name = text_of(login.name, "actor.displayName") if login.name else login.user_id
        attributes = {
            claim.kind: text_of(claim.content, f"actor.attachments[{claim.kind}].content")
            for claim in login.claims
            if claim.kind != "token" and claim.content is not None
        }
        return Identity(name, attributes)


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(authenticators={"open": OpenAuthenticator()})


plugin = Plugin("auth-open", build)
