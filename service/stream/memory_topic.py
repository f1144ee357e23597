"""A topic in memory: its partitions, and those who wait for records."""

import asyncio
import zlib
from collections.abc import Callable, Sequence

from schemas.topics import FOREVER, TopicSpec
from service.stream.base import Record
from service.stream.memory_log import MemoryLog


class MemoryTopic:
    """The partitions of one topic. What is not kept for ever is bounded by ``max_bytes`` a partition."""

    def __init__(self, name: str, spec: TopicSpec, partitions: int, max_bytes: int) -> None:
        self.spec = spec
        bound = None if spec.retention_ms == FOREVER else max_bytes
        self.logs = [MemoryLog(name, number, bound) for number in range(spec.partitions or partitions)]
        self._news = asyncio.Event()
        self._turn = 0

    def choose(self, key: bytes | None) -> int:
        """The partition of a key; without one, each in turn."""
        self._turn += 1
        return (self._turn if key is None else zlib.crc32(key)) % len(self.logs)

    def announce(self) -> None:
        """Wake everybody who waits: there may be something to read."""
        self._news.set()
        self._news = asyncio.Event()

    def read(self, positions: dict[int, int], wanted: frozenset[int], max_records: int) -> Sequence[Record]:
        """The next records of the wanted partitions, an equal share of each; moves ``positions`` on."""
        records: list[Record] = []
        self._turn += 1
        # Another partition goes first each time, so that a small poll starves none.
        order = sorted(wanted, key=lambda number: (number + self._turn) % len(self.logs))
        for left, number in zip(range(len(order), 0, -1), order, strict=True):
            share = -(-(max_records - len(records)) // left)
            read = self.logs[number].read(positions[number], share)
            if read:
                positions[number] = read[-1].offset + 1
            records += read
        return records

    async def wait_for(self, read: Callable[[], Sequence[Record]], timeout_ms: int) -> Sequence[Record]:
        """What ``read`` gives as soon as it gives anything, else nothing after ``timeout_ms``."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_ms / 1000
        # A loop that only polls must let the others run.
        await asyncio.sleep(0)
        while not (records := read()) and loop.time() < deadline:
            try:
                async with asyncio.timeout_at(deadline):
                    await self._news.wait()
            except TimeoutError:
                return read()
        return records
