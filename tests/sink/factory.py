"""A factory in memory: verdicts that inspectors would write, and a counterpart in the hand of the test."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from schemas.report import Report
from schemas.topics import TOPICS, TopicKind
from schemas.verdict import Verdict
from service.runtime.start import topic_specs
from service.settings import DeadlineSettings, Settings, StoreSettings
from service.sinks.base import ReportRefused, SinkUnavailable
from service.sinks.config import WebhookConfig
from service.store import open_store
from service.stream.base import Broker, Placed
from service.stream.memory import MemoryBroker
from workers.sink import program
from workers.sink.program import SinkRunner


class Hand:
    """A counterpart of the port that accepts, hangs or refuses as the test says."""

    def __init__(self) -> None:
        self.told: list[Report] = []
        self.away: set[str] = set()
        self.hanging: set[str] = set()
        self.refused: set[str] = set()
        self.tries = 0

    async def open(self) -> None: ...

    async def deliver(self, report: Report) -> None:
        self.tries += 1
        while report.line in self.hanging:
            await asyncio.sleep(0.01)
        if report.line in self.away or "*" in self.away:
            raise SinkUnavailable("it is away: wait")
        if (report.part_id or "") in self.refused:
            raise ReportRefused("it will not have it")
        self.told.append(report)

    async def close(self) -> None: ...


class Factory:
    """One broker and one store; sinks come and go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, deadlines: DeadlineSettings, **config: Any) -> None:
        self.settings = Settings(store=StoreSettings(url="memory://"), deadlines=deadlines)
        self.broker: Broker = MemoryBroker()
        self.config = WebhookConfig.model_validate(
            {"kind": "webhook", "url": "http://127.0.0.1:1/", "lines": [], **config}
        )
        self.store = open_store(self.settings.store)
        self.hand = Hand()
        monkeypatch.setattr(program, "open_sink", lambda *_: self.hand)
        monkeypatch.setattr(program, "_DRAIN_SECONDS", 0.3)

    async def open(self) -> None:
        """Create the topics."""
        specs = topic_specs(self.settings.kafka.topic_prefix)
        await self.broker.create_topics(specs, partitions=2, replication=1)
        self.producer = await self.broker.producer()

    @contextlib.asynccontextmanager
    async def telling(self) -> AsyncIterator[None]:
        """A sink runs meanwhile, and ends as after SIGTERM. What ended it early is raised."""
        stop = asyncio.Event()
        async with AsyncExitStack() as stack:
            runner = SinkRunner(self.settings, "mes", self.config, self.broker, self.store, stack)
            self.complaint = runner._not_ready_because
            running = asyncio.create_task(runner.run(stop))
            await self.until(lambda: running.done() or bool(runner._offsets._marks), 60)
            try:
                yield
            finally:
                stop.set()
                await running

    async def frame(self, line: str = "line1", *, partition: int = 0, part: str | None = None) -> Placed:
        """A camera sends one."""
        headers = () if part is None else (("part-id", part.encode()),)
        topic = self.topic(TopicKind.FRAMES)
        return await self.producer.send(
            topic, key=line.encode(), value=b"picture", headers=headers, partition=partition
        )

    async def say(self, verdict: Verdict) -> Placed:
        """An inspector says so."""
        topic = self.topic(TopicKind.VERDICTS)
        return await self.producer.send(
            topic,
            key=verdict.line.encode(),
            value=verdict.to_bytes(),
            partition=verdict.source.partition,
        )

    async def told(self, wanted: int) -> list[Report]:
        """What the counterpart accepted, once there is so much."""
        await self.until(lambda: len(self.hand.told) >= wanted)
        return self.hand.told

    def topic(self, kind: TopicKind) -> str:
        """Its full name."""
        return TOPICS[kind].name(self.settings.kafka.topic_prefix)

    async def committed(self, kind: TopicKind = TopicKind.VERDICTS) -> dict[int, int | None]:
        """What the sink's group has committed."""
        group = f"{self.settings.kafka.topic_prefix}sink-mes"
        return dict(await self.broker.committed(self.topic(kind), group))

    async def until(self, found: Callable[[], bool], seconds: float = 20.0) -> None:
        async with asyncio.timeout(seconds):
            while not found():
                await asyncio.sleep(0.01)

    async def eventually(self, found: Callable[[], Awaitable[object]], seconds: float = 20.0) -> None:
        """Return once it answers something."""
        async with asyncio.timeout(seconds):
            while not await found():
                await asyncio.sleep(0.01)
