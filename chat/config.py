"""Every section of the configuration with its names and defaults. How it is read is in `chat.config_file`."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field


class Section(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of the configuration."""


class Listen(Section, frozen=True):
    """Where to listen: Twisted endpoint strings."""

    public: tuple[str, ...] = ("tcp:8080:interface=127.0.0.1",)
    backend: tuple[str, ...] = ("tcp:8081:interface=127.0.0.1",)
    reuse_port: bool = False


class Storage(Section, frozen=True):
    """Which database. Empty: `chat.db` in `data_dir`."""

    url: str = ""


class Cluster(Section, frozen=True):
    """The nodes of one chat."""

    redis: str = ""
    node: str = ""
    start_timeout_s: float = 10


class StaticUser(Section, frozen=True):
    """A user of the authenticator `static`."""

    id: str
    name: str = ""
    token: str = ""
    attributes: dict[str, str] = field(default_factory=dict)


class Auth(Section, frozen=True):
    """Who decides who somebody is. The kind names an authenticator of a plugin."""

    kind: str = "open"
    users: tuple[StaticUser, ...] = ()
    jwt: dict[str, Any] = field(default_factory=dict)
    redis: dict[str, Any] = field(default_factory=dict)
    http: dict[str, Any] = field(default_factory=dict)


class UserOptions(Section, frozen=True):
    """What users may set of themselves, and what others may see (None: all but ip and user_agent)."""

    self_attributes: tuple[str, ...] = ("is_streaming", "avatar", "app_avatar")
    public_attributes: tuple[str, ...] | None = None


class GlobalRoles(Section, frozen=True):
    """Operators."""

    superusers: tuple[str, ...] = ()
    globalmods: tuple[str, ...] = ()


class AclRule(Section, frozen=True):
    """One access rule."""

    action: str
    type: str
    value: str


class RoomSection(Section, frozen=True):
    """A static room."""

    name: str
    id: str | None = None
    sort: int = 0
    access: Literal["open", "members"] = "open"
    owners: tuple[str, ...] = ()
    moderators: tuple[str, ...] = ()
    acls: tuple[AclRule, ...] = ()


class ChannelSection(Section, frozen=True):
    """A channel with its static rooms."""

    name: str
    id: str | None = None
    default: bool = False
    sort: int = 0
    tags: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    admins: tuple[str, ...] = ()
    acls: tuple[AclRule, ...] = ()
    rooms: tuple[RoomSection, ...] = ()


class BackendKey(Section, frozen=True):
    """A key for the backend REST API."""

    name: str
    key: str = ""
    scopes: tuple[str, ...] = ("*",)


class Backend(Section, frozen=True):
    """Who may call the backend REST API. Without keys one is made in `data_dir`."""

    keys: tuple[BackendKey, ...] = ()


class Web(Section, frozen=True):
    """Browsers. `origins`: pages that may connect, empty for those of the same host; `*` for any."""

    origins: tuple[str, ...] = ()


class Rest(Section, frozen=True):
    """The backend REST API: how it answers, how many calls each key may make, and for how long a beat keeps a user
    online.
    """

    legacy_http_status: bool = False
    calls_per_s: float = 200
    burst: int = 400
    heartbeat_s: float = 60


class AclOptions(Section, frozen=True):
    """Which types of rules may be set, by `room.<action>` and `channel.<action>`; others have their usual types."""

    allowed: dict[str, tuple[str, ...]] = field(default_factory=dict)


class HistoryOptions(Section, frozen=True):
    """What a join and a history request show; how long messages, and the audit log, are kept (0: for ever)."""

    limit: int = 50
    type: Literal["top", "unread"] = "top"
    retention_days: int = 0
    audit_days: int = 0


class MessageOptions(Section, frozen=True):
    """Rules of messages."""

    max_characters: int = 10_000
    sender_can_delete: bool = True
    delivery_guarantee: bool = True
    edit_window_s: int = 86_400
    text_whispers: bool = False


class Content(Section, frozen=True):
    """Words. `blacklist`: those that are not to be said, besides those that are set at run time."""

    blacklist: tuple[str, ...] = ()
    restricted_names: tuple[str, ...] = ("admin", "admins")
    spam: bool = False


class RoomOptions(Section, frozen=True):
    """Rules of rooms. 0 users: no limit."""

    min_name: int = 3
    max_name: int = 120
    max_per_user: int = 2
    max_users: int = 0
    owner_grace_s: int = 120
    temporary_until: Literal["owner", "empty"] = "owner"
    join_users_max: int = 200
    relay_receipts_max: int = 100


class Limits(Section, frozen=True):
    """What one client may use."""

    frame_bytes: int = 65_536
    commands_per_s: int = 20
    burst: int = 40
    outbound_bytes: int = 1_048_576
    login_timeout_s: float = 30
    ping_interval_s: float = 25
    ping_timeout_s: float = 20
    connections_per_address: int = 100


class Drain(Section, frozen=True):
    """How long an orderly stop may take as a whole, before the store is closed."""

    drain_s: float = 10


class Events(Section, frozen=True):
    """Where external events go."""

    log: bool = False
    webhook_url: str = ""
    webhook_secret: str = ""
    redis_stream: str = ""
    batch: int = 100
    retry: int = 10


class Log(Section, frozen=True):
    """What is logged, and how: text for people, or one JSON object per line."""

    level: Literal["debug", "info", "warn", "error", "critical"] = "info"
    format: Literal["text", "json"] = "text"


class Attachments(Section, frozen=True):
    """Uploaded files."""

    max_bytes: int = 26_214_400
    types: tuple[str, ...] = ()


class Config(Section, frozen=True):
    """The whole configuration. `plugins` holds `disable`, `enable`, `path` and one table per plugin."""

    environment: str = "dev"
    data_dir: str = "var"
    listen: Listen = Listen()
    storage: Storage = Storage()
    cluster: Cluster = Cluster()
    auth: Auth = Auth()
    users: UserOptions = UserOptions()
    roles: GlobalRoles = GlobalRoles()
    channels: tuple[ChannelSection, ...] = (
        ChannelSection(name="Lobby", default=True, sort=1, rooms=(RoomSection(name="General", sort=1),)),
    )
    backend: Backend = Backend()
    web: Web = Web()
    rest: Rest = Rest()
    acl: AclOptions = AclOptions()
    history: HistoryOptions = HistoryOptions()
    messages: MessageOptions = MessageOptions()
    content: Content = Content()
    rooms: RoomOptions = RoomOptions()
    limits: Limits = Limits()
    drain: Drain = Drain()
    events: Events = Events()
    log: Log = Log()
    plugins: dict[str, Any] = field(default_factory=dict)
    qiscus: dict[str, Any] = field(default_factory=dict)
    virola: dict[str, Any] = field(default_factory=dict)
    attachments: Attachments = Attachments()
    messenger: dict[str, Any] = field(default_factory=dict)
    matrix: dict[str, Any] = field(default_factory=dict)

    @property
    def storage_url(self) -> str:
        """The database, with the default filled in."""
        return self.storage.url or f"sqlite:///{self.data_dir}/chat.db"

    def plugin_names(self, which: Literal["disable", "enable", "path"]) -> tuple[str, ...]:
        """One of the lists of `[plugins]`."""
        return tuple(self.plugins.get(which, ()))


# What is read and checked, but has no effect in this version: a server with other values than these defaults says so.
NOT_IN_FORCE = (
    "listen.reuse_port", "cluster.redis", "auth.jwt", "auth.redis", "auth.http",
    "content.spam", "events", "qiscus", "virola", "attachments", "messenger", "matrix",
)  # fmt: skip
