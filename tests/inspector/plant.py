"""A plant in memory: broker and store of this process, a real cache, a real extraction worker."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from schemas.alert import Alert
from schemas.dead_letter import DeadLetter
from schemas.frame import Headers
from schemas.topics import TOPICS, TopicKind
from schemas.verdict import Verdict
from service.banks.activation_writer import ActivationDraft
from service.banks.cache import MemoryCache
from service.runtime.start import topic_specs
from service.settings import (
    EngineSettings,
    InspectorSettings,
    RedisSettings,
    Settings,
    StoreSettings,
    TelemetrySettings,
)
from service.store import ObjectStore, open_store
from service.store.keys import bank_key
from service.stream.base import Broker, Placed, Record
from service.stream.memory import MemoryBroker
from service.training.publish import open_outlets, publish_bank
from tests.extraction.lines import taught
from workers.inspector.program import Inspector

PREFIX = "patchline."
PARTITIONS = 2


@dataclass
class Plant:
    """What a test acts on and looks at."""

    settings: Settings
    broker: Broker
    store: ObjectStore
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    def topic(self, kind: TopicKind) -> str:
        return TOPICS[kind].name(PREFIX)

    async def send(
        self, line: str | None, data: bytes | None, partition: int = 0, headers: Headers = ()
    ) -> Placed:
        """Put a message on ``frames``, as any client could."""
        producer = await self.broker.producer()
        key = None if line is None else line.encode()
        topic = self.topic(TopicKind.FRAMES)
        return await producer.send(topic, key=key, value=data, headers=headers, partition=partition)

    async def put_in_force(self, line: str, parts: int = 24, *, spoil: bool = False) -> None:
        """Publish the line's bank of drawn parts as its next epoch; spoilt, its stored bytes are cut short
        before the activation tells of them."""
        built = taught(line, parts)
        async with open_outlets(self.broker, self.store, MemoryCache(), PREFIX) as outlets:
            if spoil:
                await outlets.publisher.publish(built.data)
                await self.store.put(bank_key(line, "default", built.version), built.data[:-9])
                draft = ActivationDraft("default", built.version, len(built.data), built.thresholds)
                await outlets.writer.activate(line, draft)
            else:
                await publish_bank(outlets, built, {}, actor="test")

    @asynccontextmanager
    async def inspecting(self) -> AsyncIterator[None]:
        """Run an inspector beside the block, and drain it at its end."""
        stop = asyncio.Event()
        async with AsyncExitStack() as stack:
            inspector = Inspector(self.settings, self.broker, self.store, stack)
            running = asyncio.create_task(inspector.run(stop))
            try:
                yield
            finally:
                stop.set()
                await running

    async def records(self, kind: TopicKind) -> list[Record]:
        """All that is on a topic now."""
        reader = await self.broker.reader(self.topic(kind))
        try:
            bounds = await reader.bounds()
            wanted = sum(end - begin for begin, end in bounds.values())
            found: list[Record] = []
            while len(found) < wanted:
                found += await reader.poll(timeout_ms=100, max_records=1000)
            return found
        finally:
            await reader.close()

    async def verdicts(self, count: int) -> list[Verdict]:
        """Wait until so many verdicts are there, and give them all."""
        return [
            Verdict.from_bytes(record.value or b"") for record in await self._wait(TopicKind.VERDICTS, count)
        ]

    async def alerts(self, count: int) -> list[Alert]:
        return [Alert.from_bytes(record.value or b"") for record in await self._wait(TopicKind.ALERTS, count)]

    async def dead_letters(self, count: int) -> list[tuple[DeadLetter, Record]]:
        records = await self._wait(TopicKind.DEAD_LETTERS, count)
        return [(DeadLetter.from_headers(record.headers), record) for record in records]

    async def committed(self) -> Mapping[int, int | None]:
        """What the inspector's group has committed."""
        return await self.broker.committed(self.topic(TopicKind.FRAMES), self.settings.inspector.group)

    async def _wait(self, kind: TopicKind, count: int) -> Sequence[Record]:
        async with asyncio.timeout(60):
            while True:
                found = await self.records(kind)
                if len(found) >= count:
                    return found
                await asyncio.sleep(0.05)


async def build_plant(folder: Path, redis_url: str) -> Plant:
    """An installation with its topics, and nothing taught."""
    settings = Settings(
        redis=RedisSettings(url=redis_url),
        store=StoreSettings(url="memory://", cache_dir=folder),
        engine=EngineSettings(threads=1),
        inspector=InspectorSettings(max_wait_ms=20, drain_seconds=10),
        telemetry=TelemetrySettings(log_level="error"),
    )
    broker = MemoryBroker(settings.kafka)
    await broker.create_topics(topic_specs(PREFIX), partitions=PARTITIONS, replication=1)
    return Plant(settings, broker, open_store(settings.store))
