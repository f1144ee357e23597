"""Follows one topic from its first kept offset, or its newest records, and outlives the broker's troubles."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from service.stream.base import Broker, Reader, Record, StreamError

POLL_MS = 500
BATCH = 500
RETRY_SECONDS = 1.0
# Offsets may lie past a topic's last record (a transaction's marks): silence this long is its end too.
SILENT_POLLS = 6

log = structlog.get_logger()
Apply = Callable[[Sequence[Record]], Awaitable[None]]


class Follower:
    """Hands batches to ``apply``, in order within a partition. ``newest``: begin at most so many records
    before a partition's end."""

    def __init__(self, broker: Broker, topic: str, apply: Apply, *, newest: int | None = None) -> None:
        self._broker = broker
        self._topic = topic
        self._apply = apply
        self._newest = newest
        self._next: dict[int, int] = {}
        self._goal: dict[int, int] | None = None
        self._silent = 0
        self._trouble: str | None = None
        self._caught_up = asyncio.Event()

    @property
    def caught_up(self) -> bool:
        """Whether the topic was read to the end that it had at start."""
        return self._caught_up.is_set()

    async def wait_until_caught_up(self) -> None:
        """Return once the topic was read to the end that it had at start."""
        await self._caught_up.wait()

    def not_ready_because(self) -> str | None:
        """None while the topic is followed and was read to the end that it had at start."""
        if self._trouble is not None:
            return self._trouble
        return None if self.caught_up else f"{self._topic} is still being read: wait a moment"

    async def run(self) -> None:
        """Follow for ever; a broker that fails is tried again from where we were."""
        while True:
            try:
                await self._follow()
            except StreamError as error:
                if self._trouble is None:
                    log.warning("topic lost", topic=self._topic, error=str(error))
                self._trouble = str(error)
                await asyncio.sleep(RETRY_SECONDS)

    async def _follow(self) -> None:
        reader = await self._broker.reader(self._topic)
        try:
            await self._place(reader)
            while True:
                records = await reader.poll(timeout_ms=POLL_MS, max_records=BATCH)
                self._trouble = None
                if records:
                    await self._apply(records)
                self._note(records)
        finally:
            await reader.close()

    async def _place(self, reader: Reader) -> None:
        bounds = await reader.bounds()
        for partition, (first, end) in bounds.items():
            start = first if self._newest is None else max(first, end - self._newest)
            self._next[partition] = max(first, self._next.get(partition, start))
            reader.seek(partition, self._next[partition])
        if self._goal is None:
            self._goal = {partition: end for partition, (_, end) in bounds.items()}
        self._compare()

    def _note(self, records: Sequence[Record]) -> None:
        for record in records:
            self._next[record.partition] = record.offset + 1
        self._silent = 0 if records else self._silent + 1
        if self._silent >= SILENT_POLLS:
            self._caught_up.set()
        self._compare()

    def _compare(self) -> None:
        if all(self._next[partition] >= goal for partition, goal in (self._goal or {}).items()):
            self._caught_up.set()
