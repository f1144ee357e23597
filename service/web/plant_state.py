"""The state of the installation, as its programs, its broker and its store tell it."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from redis.asyncio import Redis

from schemas.topics import TOPICS, TopicKind
from service.retention.report import RetentionReport, read_report
from service.runtime.beating import living
from service.store import ObjectStore, StoreError
from service.stream.base import Broker, StreamError
from service.telemetry.pulse import Pulse

FRESH_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class PartitionLag:
    """A partition of ``frames``: its end, what is committed of it, and how many frames wait."""

    partition: int
    end: int
    committed: int | None
    lag: int


@dataclass(frozen=True, slots=True)
class PlantState:
    """``troubles`` are sentences about what could not be asked."""

    workers: Sequence[Pulse]
    partitions: Sequence[PartitionLag]
    retention: RetentionReport | None
    troubles: Sequence[str]


class PlantWatch:
    """Any number of browsers ask; broker, Redis and store are asked every few seconds at most."""

    def __init__(
        self, broker: Broker, redis: Redis | None, store: ObjectStore, topic_prefix: str, group: str
    ) -> None:
        self._broker, self._redis, self._store = broker, redis, store
        self._topic, self._group = TOPICS[TopicKind.FRAMES].name(topic_prefix), group
        self._turn = asyncio.Lock()
        self._state: PlantState | None = None
        self._asked = 0.0

    async def state(self) -> PlantState:
        """Waits for all three; none of them raises here."""
        async with self._turn:
            if self._state is None or time.monotonic() - self._asked > FRESH_SECONDS:
                self._state = await self._ask()
                self._asked = time.monotonic()
            return self._state

    async def _ask(self) -> PlantState:
        troubles: list[str] = []
        workers: Sequence[Pulse] = ()
        partitions: Sequence[PartitionLag] = ()
        retention = None
        try:
            workers = await living(self._redis) if self._redis is not None else ()
        except ConnectionError as error:
            troubles.append(str(error))
        try:
            partitions = await self._lags()
        except StreamError as error:
            troubles.append(f"the broker does not tell how far frames are read: {error}")
        try:
            retention = await read_report(self._store)
        except StoreError as error:
            troubles.append(f"the object store does not tell what is kept: {error}")
        return PlantState(workers, partitions, retention, troubles)

    async def _lags(self) -> Sequence[PartitionLag]:
        reader = await self._broker.reader(self._topic)
        try:
            bounds = await reader.bounds()
        finally:
            await reader.close()
        committed = await self._broker.committed(self._topic, self._group)
        return [
            PartitionLag(partition, end, committed.get(partition), _lag(begin, end, committed.get(partition)))
            for partition, (begin, end) in sorted(bounds.items())
        ]


def _lag(begin: int, end: int, committed: int | None) -> int:
    return max(end - (begin if committed is None else max(begin, committed)), 0)
