"""Everything of one server but its sockets: the domain, the pipeline, the plugins, the sites.

No singletons: two of these live side by side in one process. The reactor is an argument.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.task import deferLater
from twisted.logger import Logger

from chat.buckets import Rate
from chat.bus import Bus
from chat.choosing import Chosen
from chat.config import Config, HistoryOptions
from chat.conversations import Conversations
from chat.declarations import declared_by
from chat.deletions import Deletions
from chat.draining import Drain
from chat.errors import ConfigError, StorageError
from chat.heartbeats import Heartbeats
from chat.histories import Histories
from chat.ichat import IAuthenticator, IEndpoint
from chat.lag import Lag
from chat.metrics import Metrics
from chat.model import Ban, Mute, UserId
from chat.occupancy import Occupancy
from chat.pipeline import Pipeline
from chat.places import Places
from chat.plugin import Context, Contribution, Identity, Outcome, Services
from chat.presence import Presence
from chat.receipts import Receipts
from chat.requests import Disconnect, Login
from chat.retention import Kept, Retention
from chat.revisions import Revisions
from chat.rooms import Rooms
from chat.sanctions import Mutes
from chat.sessions import Session
from chat.sites import backend_site, public_site
from chat.slots import Activity
from chat.tallies import Tallies
from chat.timelines import Timelines
from chat.timers import Timers
from chat.times import lasting, monotonic, utc_now
from chat.users import Users
from chat.watching import watch_calls, watch_clients, watch_state, watch_works
from chat.web.asking import Asker
from chat.web.auth import Keys, keys_of
from chat.web.backend import Backend
from chat.wire.catching_up import CatchUp
from chat.wire.decoding import prepare
from chat.wire.delivery import Delivery
from chat.wire.encoding import Encoder
from chat.wire.frames import CloseCode
from chat.wire.front import Front
from chat.wire.replies import BANNED
from chat.words import Words


class Server:
    """One chat server. Making one chooses and checks the plugins and touches nothing outside; `open` does the rest.

    Then `public` and `backend` are the sites to listen with, `front` is what connections of all kinds share, `bus` has
    the observers, and `services` is what the plugins work with.
    """

    log = Logger()

    def __init__(self, config: Config, reactor: Any, source: str = "the configuration") -> None:
        self.config = config
        self._reactor = reactor
        self._source = source
        self._plugins = Chosen(config, source)
        self._store = self._plugins.open_store(reactor)
        self.keys = Keys((), Rate(config.rest.calls_per_s, config.rest.burst), monotonic(reactor))
        self.presence = Presence()
        self.services = self._services()
        encoder = Encoder(config.environment)
        self._delivery = Delivery(self.presence, encoder, self.services.rooms, reactor)
        self._retentions = self._kept_for_days(config.history)
        self.presence.subscriptions.before_change = self._delivery.settle
        self._catching_up = CatchUp(self._store, self._delivery, reactor)
        self.bus = Bus(reactor, self._delivery.deliver)
        self.pipeline = Pipeline(self.bus)
        self._authenticators: dict[str, IAuthenticator] = {}
        self._lag = Lag(reactor)
        self._backend = Backend(self.keys, reactor, legacy_status=config.rest.legacy_http_status)
        self._plugins.build(self.services, self._add)
        self._check_complete()
        self.front = Front(self.pipeline, self._delivery, encoder, config.limits, reactor)
        self._watch()
        self.public = public_site(self.front, config, reactor)
        self.backend = backend_site(self._backend, self.keys, self.services, lambda: self.front.is_draining, reactor)

    def _kept_for_days(self, history: HistoryOptions) -> tuple[Retention, ...]:
        messages = Kept("messages", history.retention_days, self._store.purge_messages)
        audits = Kept("rows of the audit log", history.audit_days, self._store.purge_audits)
        forget_before = self.services.timelines.forget_before
        return Retention(messages, self._reactor, forget_before), Retention(audits, self._reactor)

    def open(self) -> None:
        """Open the store, read the keys, and take into memory what is to be there. Blocks; raises ConfigError."""
        world = self._store.open(declared_by(self.config))
        self.keys.replace(keys_of(self.config, world.keys))
        self._backend.system = world.system
        self.services.users.system = world.system
        self.services.rooms.load(world)
        self.services.mutes.load((one for one in world.sanctions if isinstance(one, Mute)), utc_now())
        self.services.rooms.bans.load((one for one in world.sanctions if isinstance(one, Ban)), utc_now())
        self.services.words.load(world.words)
        self.services.timers.load(world.timers)
        self._plugins.start()
        self.services.timers.start()
        for retention in self._retentions:
            retention.start()
        self._lag.start()

    @property
    def endpoints(self) -> list[IEndpoint]:
        """The calls of the backend REST API."""
        return self._backend.endpoints

    def begin_drain(self) -> None:
        """From now on be not ready, and take no new client, no new call, and no timer; no beats end; purge and delete
        nothing more.
        """
        self.front.is_draining = True
        self._backend.refuse_calls()
        self.services.timers.stop()
        self.services.heartbeats.stop()
        for retention in self._retentions:
            retention.stop()
        self.services.deletions.stop()
        self._lag.stop()

    async def drain(self) -> None:
        """Stop in order, within `drain.drain_s`: see `chat.draining`. Then close the store, which first finishes what
        it was given.
        """
        self.begin_drain()
        await Drain(self.front, self._backend, self.bus, self._reactor, self.config.drain.drain_s).run()
        self.services.occupancy.close(utc_now())
        self.services.tallies.stop()
        await self._write_tallies()
        await self._store.close()

    async def _write_tallies(self) -> None:
        try:
            await self.services.tallies.write()
        except StorageError:
            self.log.warn("the latest joins and times online are lost: the store did not take them")

    def _watch(self) -> None:
        metrics = self.services.metrics
        watch_clients(metrics, self.front)
        watch_calls(metrics, self._backend)
        watch_state(metrics, self.services)
        watch_works(metrics, self._store, self.bus, self._lag)

    def _services(self) -> Services:
        config, store, presence = self.config, self._store, self.presence
        public = config.users.public_attributes
        rooms, mutes = Rooms(config.rooms.max_users, lasting(self._reactor)), Mutes(lasting(self._reactor))
        users = Users(store, presence, None if public is None else frozenset(public))
        timelines = Timelines(store, presence, config.history.limit)
        tallies = Tallies(store, self._reactor)
        return Services(
            config=config,
            store=store,
            rooms=rooms,
            users=users,
            presence=presence,
            receipts=Receipts(store, timelines),
            occupancy=Occupancy(presence, rooms, users, timelines, tallies),
            places=Places(rooms, users, presence, Conversations(store), mutes),
            timelines=timelines,
            histories=Histories(store, timelines, config.history),
            revisions=Revisions(store, timelines),
            deletions=Deletions(self._dispatch, self._reactor),
            mutes=mutes,
            words=Words(config.content.blacklist),
            tallies=tallies,
            heartbeats=Heartbeats(
                self._reactor, config.rest.heartbeat_s, lambda user_id: len(presence.rooms_of(user_id))
            ),
            timers=Timers(store, self._reactor),
            dispatch=self._dispatch,
            authenticate=self._authenticate,
            catch_up=self._catch_up,
            send_away=self._send_away,
            pause=self._pause,
            ask=Asker(self._reactor).ask,
            seconds=monotonic(self._reactor),
            metrics=Metrics(),
        )

    async def _dispatch(self, context: Context, request: Activity) -> Outcome:
        return await self.pipeline.dispatch(context, request)

    def _catch_up(self, session: Session, above: int, up_to: int) -> None:
        self._catching_up.start(session, above, up_to)

    async def _pause(self) -> None:
        await deferLater(self._reactor, 0)

    def _send_away(self, user_id: UserId) -> None:
        """In a turn of its own: whoever asks for it may have more to tell the user."""
        self._reactor.callLater(0, self._end_sessions, user_id)

    def _end_sessions(self, user_id: UserId) -> None:
        for session in tuple(self.presence.sessions_of(user_id)):
            self._delivery.let_go(session)
            self._delivery.flush_session(session)
            session.link.close(CloseCode.BANNED, BANNED)

    # Plugins

    def _add(self, contribution: Contribution) -> None:
        for verb in contribution.verbs:
            prepare(verb.request)
            self.pipeline.add_verb(verb)
        self.pipeline.add_guards(contribution.guards)
        for observer in contribution.observers:
            self.bus.subscribe(observer)
        for name, authenticator in (contribution.authenticators or {}).items():
            other = self._authenticators.setdefault(name, authenticator)
            if other is not authenticator:
                raise ConfigError(f"the authenticator {name} exists already, in {type(other).__module__}")
        self._backend.add(contribution.endpoints)

    def _check_complete(self) -> None:
        """What a server cannot be without."""
        for request in (Login, Disconnect):
            self.pipeline.verb_for(request)
        kind = self.config.auth.kind
        if kind not in self._authenticators:
            known = ", ".join(sorted(self._authenticators))
            raise ConfigError(f"{self._source}: auth.kind: there is no authenticator {kind}, known are {known}")

    async def _authenticate(self, login: Login) -> Identity:
        identity: Identity = await self._authenticators[self.config.auth.kind].authenticate(login)
        return identity
