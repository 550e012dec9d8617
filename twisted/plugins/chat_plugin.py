"""Makes `chat` a command of twistd."""

from twisted.application.service import ServiceMaker

serviceMaker = ServiceMaker("Chat", "chat.service", "A chat server: WebSocket, REST, plugins.", "chat")
