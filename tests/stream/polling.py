"""Polling until something is there, and a listener that remembers."""

import asyncio
from collections.abc import Callable

from schemas.topics import TopicKind
from service.settings import KafkaSettings
from service.stream.base import Broker, Member, Reader, Record
from tests.harness.topics import specs

PATIENCE = 20.0


async def topic(broker: Broker, settings: KafkaSettings, kind: TopicKind, partitions: int = 1) -> str:
    """Create a topic of this kind, and give its name."""
    wanted = specs(settings.topic_prefix, kind)
    await broker.create_topics(wanted, partitions=partitions, replication=1)
    return next(iter(wanted))


async def take(source: Member | Reader, count: int, *, at_once: int = 100) -> list[Record]:
    """Poll until so many records came."""
    records: list[Record] = []
    async with asyncio.timeout(PATIENCE):
        while len(records) < count:
            records += await source.poll(timeout_ms=200, max_records=at_once)
    return records


async def poll_until(done: Callable[[], bool], *members: Member) -> list[Record]:
    """Poll all members side by side until a condition holds; gives what came meanwhile."""
    records: list[Record] = []
    async with asyncio.timeout(PATIENCE):
        while not done():
            polls = (member.poll(timeout_ms=50, max_records=100) for member in members)
            for polled in await asyncio.gather(*polls):
                records += polled
    return records


class Diary:
    """A listener that writes down what it is told."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, frozenset[int]]] = []

    async def partitions_revoked(self, partitions: frozenset[int]) -> None:
        self.entries.append(("revoked", partitions))

    async def partitions_assigned(self, partitions: frozenset[int]) -> None:
        self.entries.append(("assigned", partitions))
