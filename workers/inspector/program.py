"""The inspector as a program: builds its parts, runs them, drains on SIGTERM."""

import asyncio
from contextlib import AsyncExitStack

import structlog

from schemas.topics import TOPICS, TopicKind
from service.banks.activation_reader import ActivationFollower
from service.banks.redis_cache import RedisCache
from service.banks.redis_client import redis_client, require_redis
from service.banks.source import BankSource
from service.drift.monitor import DriftRules
from service.inspection.breaker import BreakerRules
from service.runtime.beating import beating
from service.runtime.garbage import spare_what_stays
from service.runtime.signals import stop_event
from service.runtime.start import insist, require_topics
from service.settings import Settings
from service.signing.signatures import open_trust
from service.store import ObjectStore, StoreError, open_store
from service.stream.base import Broker
from service.stream.batcher import Batcher
from service.stream.kafka_broker import KafkaBroker
from service.telemetry.probes import serve_probes
from workers.extraction.client import ExtractionClient
from workers.inspector.breakers import Breakers
from workers.inspector.desk import Desk
from workers.inspector.drift import DriftWatch
from workers.inspector.effects import EffectRules, Effects
from workers.inspector.flow import Flow
from workers.inspector.intake import Intake
from workers.inspector.job import Job
from workers.inspector.keeper import Keeper
from workers.inspector.maintenance import MaintenanceWatch
from workers.inspector.pipeline import Pipeline
from workers.inspector.progress import StallWatch
from workers.inspector.readback import Readback
from workers.inspector.scorer import Scorer
from workers.inspector.tidings import Tidings
from workers.inspector.tries import RedisTries

# Banks that take longer to fetch than this load behind the first frames of other lines.
_BANKS_SECONDS = 60.0
_log = structlog.get_logger()


async def run_inspector(settings: Settings) -> int:
    """Run until SIGTERM or SIGINT; 0 after a clean stop. Raises ``StreamError``, ``StoreError`` or
    ``ConnectionError`` when broker, store or Redis stay out of reach at the start."""
    stop = stop_event()
    async with AsyncExitStack() as stack:
        broker = KafkaBroker(settings.kafka)
        stack.push_async_callback(broker.close)
        store = open_store(settings.store)
        await insist(store.ping, StoreError, settings.kafka.start_seconds)
        spare_what_stays()
        await Inspector(settings, broker, store, stack).run(stop)
    _log.info("inspector stopped")
    return 0


class Inspector:
    """One inspector over a broker and a store; what it opens is closed with ``stack``."""

    def __init__(self, settings: Settings, broker: Broker, store: ObjectStore, stack: AsyncExitStack) -> None:
        self._settings, self._broker, self._store, self._stack = settings, broker, store, stack
        self._consuming = False
        self._watch: StallWatch | None = None
        self._redis = redis_client(settings.redis)
        stack.push_async_callback(self._redis.aclose)
        self._cache = RedisCache(self._redis, settings.redis)
        self._scorer = Scorer(settings, RedisTries(self._redis), self._furnish)

    async def run(self, stop: asyncio.Event) -> None:
        """Load the banks in force, join the group, inspect until ``stop``."""
        settings = self._settings
        self._stack.push_async_callback(self._scorer.stop)
        await self._scorer.warm()
        await require_topics(self._broker, settings.kafka.topic_prefix)
        await insist(self._ping_redis, ConnectionError, settings.kafka.start_seconds)
        await self._stack.enter_async_context(serve_probes(settings.telemetry, self._not_ready_because))
        beat = beating(settings.redis, "inspector", self._not_ready_because)
        await self._stack.enter_async_context(beat)
        self._producer = await self._broker.producer()
        self._tidings = Tidings(self._producer, self._topic(TopicKind.LINE_EVENTS))
        self._keeper = await self._make_keeper()
        self._maintenance = await self._make_maintenance()
        self._desk = self._make_desk()
        await self._scorer.worker()
        await self._keeper.catch_up(_BANKS_SECONDS)
        await self._maintenance.catch_up()
        following = asyncio.create_task(self._follow(), name="following the logs")
        inspecting = asyncio.create_task(self._inspect(stop), name="inspecting")
        try:
            await asyncio.wait({following, inspecting}, return_when=asyncio.FIRST_COMPLETED)
            if following.done():
                inspecting.cancel()
                await following
            await inspecting
        finally:
            following.cancel()

    async def _follow(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._keeper.follow(), name="banks log")
                group.create_task(self._tidings.follow(), name="tidings")
                group.create_task(self._maintenance.follow(), name="line events")
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from failures

    async def _inspect(self, stop: asyncio.Event) -> None:
        settings = self._settings.inspector
        flow = Flow(
            max_frames=settings.max_in_flight_frames,
            max_pixels=settings.max_in_flight_pixels,
            max_uncommitted=settings.max_uncommitted,
        )
        readback = Readback(self._broker, self._topic(TopicKind.VERDICTS), settings.max_uncommitted)
        breakers = self._breakers()
        effects = Effects(self._store, self._producer, self._rules(), self._drift(), readback, breakers)
        member = await self._broker.join(self._topic(TopicKind.FRAMES), settings.group)
        self._watch = StallWatch(self._broker, self._topic(TopicKind.FRAMES), member, settings.stall_seconds)
        ahead = self._settings.engine.batches_ahead
        pipeline = Pipeline(member, flow, self._desk, self._scorer, effects, settings, self._watch, ahead)
        intake = Intake(
            member,
            self._store,
            settings,
            readback,
            breakers,
            self._maintenance,
            flow,
            self._desk,
            pipeline.hand_out,
            pipeline.publishing,
        )
        self._consuming = True
        _log.info("inspector ready", waiting_for=self._keeper.waiting)
        await pipeline.run(intake, stop)
        await member.close()

    async def _make_keeper(self) -> Keeper:
        topic = self._topic(TopicKind.BANKS)
        trust = open_trust(self._settings.signing)
        follower = ActivationFollower(await self._broker.reader(topic), topic, trust=trust)
        source = BankSource(self._store, self._cache, self._settings.store.cache_dir, trust=trust)
        memory = self._settings.inspector.bank_memory_bytes
        return Keeper(follower, source, self._scorer.worker, self._line_ready, memory, self._tidings.stale)

    async def _make_maintenance(self) -> MaintenanceWatch:
        topic = self._topic(TopicKind.LINE_EVENTS)
        watch = MaintenanceWatch(await self._broker.reader(topic), topic, open_trust(self._settings.signing))
        self._stack.push_async_callback(watch.close)
        return watch

    def _make_desk(self) -> Desk:
        settings = self._settings.inspector
        batcher: Batcher[Job] = Batcher(
            max_batch=settings.max_batch,
            max_wait=settings.max_wait_ms / 1000,
            max_cost=settings.max_in_flight_pixels,
        )
        return Desk(batcher, self._keeper)

    def _rules(self) -> EffectRules:
        settings = self._settings
        prefix, public_url = settings.kafka.topic_prefix, settings.web.public_url
        inspector = settings.inspector
        keep, inline = inspector.keep_ok_frames, inspector.max_inline_bytes
        share = inspector.keep_ok_share
        return EffectRules(prefix, public_url, keep, inline, settings.deadlines, share)

    def _drift(self) -> DriftWatch:
        drift = self._settings.drift
        return DriftWatch(DriftRules(drift.reference_frames, drift.allowance, drift.limit))

    def _breakers(self) -> Breakers:
        told = self._settings.breaker
        return Breakers(
            BreakerRules(told.run_length, told.window, told.ratio, told.probe_every, told.close_after)
        )

    def _topic(self, kind: TopicKind) -> str:
        return TOPICS[kind].name(self._settings.kafka.topic_prefix)

    async def _ping_redis(self) -> None:
        await require_redis(self._redis, self._settings.redis.url)

    async def _furnish(self, worker: ExtractionClient) -> None:
        await self._keeper.furnish(worker)

    def _line_ready(self, line: str) -> None:
        self._desk.line_ready(line)

    def _not_ready_because(self) -> str | None:
        if not self._consuming or self._watch is None:
            return "the banks in force are still being loaded"
        return self._watch.complaint()
