"""A sink as a program: reads its topic in a group of its own and tells its counterpart until told to stop."""

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime

import structlog

from schemas.report import Report
from schemas.topics import TOPICS, TopicKind
from service.runtime.signals import stop_event
from service.settings import Settings
from service.signing.signatures import open_trust
from service.sinks.base import Sink
from service.sinks.config import AnySink, read_sink
from service.sinks.effective import Recent
from service.sinks.letters import SinkLetter, SinkLetters
from service.sinks.open import open_sink
from service.store import ObjectStore, open_store
from service.stream.base import Broker, Member, StreamError
from service.stream.kafka_broker import KafkaBroker
from service.telemetry.probes import serve_probes
from workers.sink.frames import FrameWatch
from workers.sink.hygiene import SinkHygiene
from workers.sink.joint import Joint
from workers.sink.lanes import Lanes
from workers.sink.offsets import Offsets
from workers.sink.past import Past, read_past
from workers.sink.replays import Replays
from workers.sink.telling import Telling
from workers.sink.wanted import Wanted

_POLL_MS, _POLL_RECORDS = 100, 64
_COMMIT_SECONDS = 0.25
# What is under way at the end is given this long to be accepted; the rest comes again.
_DRAIN_SECONDS = 5.0
_log = structlog.get_logger()


async def run_sink(settings: Settings, name: str, *, broker: Broker | None = None) -> int:
    """Run until SIGTERM or SIGINT; 0 after a clean stop. Tests give a broker of their own. Raises
    ``SettingsError`` for the sink's settings, ``StreamError`` when the broker stays out of reach, and
    ``OSError`` for an address or file that the sink cannot have."""
    stop = stop_event()
    config = await asyncio.to_thread(read_sink, settings.sinks.file, name)
    async with AsyncExitStack() as stack:
        if broker is None:
            broker = KafkaBroker(settings.kafka)
            stack.push_async_callback(broker.close)
        await SinkRunner(settings, name, config, broker, open_store(settings.store), stack).run(stop)
    _log.info("sink stopped", sink=name)
    return 0


class SinkRunner:
    """One sink over a broker and a store (for what is refused); what it opens is closed with ``stack``."""

    def __init__(
        self,
        settings: Settings,
        name: str,
        config: AnySink,
        broker: Broker,
        store: ObjectStore,
        stack: AsyncExitStack,
    ) -> None:
        self._settings, self._name, self._config = settings, name, config
        self._broker, self._letters, self._stack = broker, SinkLetters(store), stack
        self._topic = self._topic_of(TopicKind(config.source))
        self._group = f"{settings.kafka.topic_prefix}sink-{name}"
        self._offsets = Offsets(config.backlog)
        self._watch = self._make_watch()
        self._hygiene = self._make_hygiene()
        self._beside: list[asyncio.Task[None]] = []
        self._owns_replays = self._reading = False
        self._skipped: frozenset[int] = frozenset()

    async def run(self, stop: asyncio.Event) -> None:
        """Tell until ``stop``."""
        sink = await asyncio.to_thread(
            open_sink, self._name, self._config, self._settings.sinks.allowed_hosts
        )
        await self._broker.partitions(self._topic)
        if self._hygiene is not None:
            await self._broker.partitions(self._topic_of(TopicKind.LINE_EVENTS))
        self._stack.push_async_callback(sink.close)
        await sink.open()
        self._make_parts(sink)
        await self._stack.enter_async_context(serve_probes(self._settings.telemetry, self._not_ready_because))
        if self._hygiene is not None:
            self._run_beside(self._hygiene.follow(), "hygiene")
            await self._heard(self._hygiene, stop)
        member = await self._broker.join(self._topic, self._group)
        self._run_beside(self._replays.follow(), "replays")
        _log.info("sink ready", sink=self._name, kind=self._config.kind, topic=self._topic)
        try:
            await self._read(member, stop)
            await self._drain(member)
            await self._replays.settle()
        finally:
            await self._lanes.clear()
            if self._watch is not None:
                await self._watch.close()
        await member.close()

    def _make_parts(self, sink: Sink) -> None:
        config, name = self._config, self._name

        async def aside(report: Report, reason: str) -> None:
            now = datetime.now(UTC)
            await self._letters.keep(SinkLetter(sink=name, reason=reason, set_aside_at=now, report=report))

        self._lanes = Lanes(name, sink, aside, config.give_up_seconds)
        self._telling = Telling(
            name,
            Wanted(config),
            self._offsets,
            self._lanes,
            None if config.join is None else Joint(config.join),
            self._watch,
            self._hygiene,
        )
        self._replays = Replays(
            name, self._letters, self._lanes, lambda: self._owns_replays, Wanted(config).serves
        )

    def _make_watch(self) -> FrameWatch | None:
        deadlines, lines = self._settings.deadlines, self._config.lines
        shortest = deadlines.shortest_ms(lines)
        if shortest is None or self._config.source == "alerts":
            return None
        return FrameWatch(self._broker, self._topic_of(TopicKind.FRAMES), deadlines, shortest)

    def _make_hygiene(self) -> SinkHygiene | None:
        if self._config.source != "alerts":
            return None
        return SinkHygiene(
            self._name,
            self._broker,
            (self._topic, self._topic_of(TopicKind.LINE_EVENTS)),
            self._config,
            self._settings.alerts,
            open_trust(self._settings.signing),
            Wanted(self._config).alert,
        )

    async def _read(self, member: Member, stop: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        next_look = next_commit = loop.time()
        while not stop.is_set():
            held = self._held(member)
            member.pause(held)
            member.resume(member.assignment - held)
            wait = _POLL_MS if self._watch is None else min(_POLL_MS, int(self._watch.seconds * 1000))
            records = await member.poll(timeout_ms=wait, max_records=_POLL_RECORDS)
            generation = member.generation
            if generation != self._offsets.generation:
                await self._begin(member)
            for record in records:
                # A new sink begins past what its first poll brings; what is past that comes again.
                if generation == self._offsets.generation and record.partition not in self._skipped:
                    self._telling.take(record)
            self._skipped = frozenset()
            self._telling.tick()
            if self._watch is not None and loop.time() >= next_look:
                next_look = loop.time() + self._watch.seconds
                await self._look(held)
            if loop.time() >= next_commit:
                next_commit = loop.time() + _COMMIT_SECONDS
                await self._commit(member)
            if (failure := self._failure()) is not None:
                raise failure

    async def _heard(self, hygiene: SinkHygiene, stop: asyncio.Event) -> None:
        """Return once it is known which lines are snoozed: before that, nobody is told of anything."""
        while hygiene.not_ready_because() is not None and not stop.is_set():
            if (failure := self._failure()) is not None:
                raise failure
            await asyncio.sleep(0.05)

    def _run_beside(self, work: Coroutine[None, None, None], name: str) -> None:
        """Until the sink ends; it must not end before."""
        task = asyncio.create_task(work, name=name)
        self._beside.append(task)
        self._stack.push_async_callback(_ended, task)

    def _failure(self) -> BaseException | None:
        """What ended a part that should not have ended."""
        ended = (task for task in self._beside if task.done() and not task.cancelled())
        return self._lanes.failure() or next((task.exception() for task in ended), None)

    def _held(self, member: Member) -> frozenset[int]:
        """Partitions that are not read on because the counterpart is behind."""
        everything = self._lanes.waiting >= self._config.backlog * 4
        return member.assignment if everything else self._offsets.crowded & member.assignment

    async def _begin(self, member: Member) -> None:
        """A new assignment: drop what waits (it comes again), and learn where each partition stands."""
        await self._lanes.clear()
        self._replays.forget()
        # Taken before the questions: an assignment that changes meanwhile is begun again.
        generation, assignment = member.generation, member.assignment
        # Of a sink's processes one tells again what is to be told again: the one that has this partition.
        self._owns_replays = 0 in assignment
        starts = await self._starts(member, assignment)
        self._offsets.begin(starts, generation)
        past = {partition: await self._past(partition, start) for partition, start in starts.items()}
        self._telling.begin({partition: each.seen for partition, each in past.items()})
        if self._hygiene is not None:
            await self._hygiene.begin(starts)
        if self._watch is not None:
            await self._watch.begin({partition: each.next_frame for partition, each in past.items()})
        _log.info("partitions assigned", partitions=sorted(starts))
        self._reading = True

    async def _starts(self, member: Member, assignment: frozenset[int]) -> dict[int, int]:
        """From the committed offsets on. A sink that is new begins with what comes from now on: nobody
        wants to be told of parts of last week."""
        committed = {partition: await member.committed(partition) for partition in assignment}
        if all(offset is None for offset in committed.values()) and await self._is_new():
            ends = await member.end_offsets()
            for partition in committed:
                member.seek(partition, ends[partition])
            self._skipped = frozenset(committed)
            return {partition: ends[partition] for partition in committed}
        return {partition: offset or 0 for partition, offset in committed.items()}

    async def _is_new(self) -> bool:
        offsets = await self._broker.committed(self._topic, self._group)
        return all(offset is None for offset in offsets.values())

    async def _past(self, partition: int, start: int) -> Past:
        if self._config.source == "alerts":
            return Past(Recent(), None)
        return await read_past(self._broker, self._topic, partition, start)

    async def _look(self, held: frozenset[int]) -> None:
        if self._watch is None:
            return
        try:
            for report in await self._watch.look(held):
                self._telling.missing(report)
        except StreamError as error:
            _log.warning("it is not known which frames wait", cause=str(error))

    async def _commit(self, member: Member) -> None:
        try:
            await self._offsets.commit(member)
        except StreamError as error:
            _log.warning("commit not acknowledged; tried again", cause=str(error))

    async def _drain(self, member: Member) -> None:
        """Let what is under way be accepted, and commit it."""
        deadline = asyncio.get_running_loop().time() + _DRAIN_SECONDS
        while self._lanes.waiting and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        await self._commit(member)

    def _topic_of(self, kind: TopicKind) -> str:
        return TOPICS[kind].name(self._settings.kafka.topic_prefix)

    def _not_ready_because(self) -> str | None:
        if not self._reading:
            return f"the sink has no part of {self._topic} yet"
        deaf = None if self._hygiene is None else self._hygiene.not_ready_because()
        return deaf or self._lanes.complaint()


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
