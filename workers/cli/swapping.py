"""Two banks put in force in turn while frames come, on the embedded broker and a real inspector."""

import asyncio
import itertools
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workers.cli.memory import held_mb

if TYPE_CHECKING:
    from schemas.verdict import Verdict
    from service.stream.base import Broker, Producer, Reader, Record
    from service.training.built import BuiltBank
    from service.training.publish import Outlets
    from workers.demo.cells import Cell
    from workers.demo.installation import Installation

LINE = "cells-mono"
_PATIENCE = 120.0
# So few frames without a verdict are on their way, not waiting.
_IN_FLIGHT = 8
_POLL_MS, _POLL_RECORDS = 50, 1000


@dataclass(slots=True)
class Seen:
    """What came of the frames: by frame id, in the order of the log."""

    epochs: dict[int, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    latencies_ms: dict[str, float] = field(default_factory=dict)
    mixed: int = 0
    newest: dict[int, int] = field(default_factory=dict)

    @property
    def epoch(self) -> int:
        """The newest epoch that any verdict has."""
        return max(self.newest.values(), default=0)

    def take(self, record: "Record", verdict: "Verdict") -> None:
        """A verdict came. It is mixed when its bank is not its epoch's, or when a later verdict of its
        partition has an earlier epoch: a frame was judged by what was replaced before it."""
        self.counts[verdict.frame_id] += 1
        self.latencies_ms.setdefault(verdict.frame_id, record.timestamp_ms - verdict.source.timestamp_ms)
        epoch, before = verdict.epoch or 0, self.newest.get(record.partition, 0)
        self.mixed += epoch < before or self.epochs.get(epoch) != verdict.bank_version
        self.newest[record.partition] = max(epoch, before)


class Swapping:
    """One run. The installation is begun and stopped by the caller."""

    def __init__(self, installation: "Installation", broker: "Broker", rate: float) -> None:
        self._installation, self._broker, self._every = installation, broker, 1 / rate
        self.seen = Seen()
        self.sent: list[str] = []
        self.swapping: list[str] = []
        self.quiet: list[str] = []
        self.rss_mb: list[float] = []

    async def run(self, banks: "tuple[BuiltBank, BuiltBank]", cells: "list[Cell]", swaps: int) -> float:
        """Frames among ``swaps`` swaps, then for as long without any; how many seconds both took. The frames'
        names are in ``swapping`` and ``quiet``."""
        from service.banks.cache import MemoryCache
        from service.store import open_store
        from service.training.publish import open_outlets

        settings = self._installation.settings
        prefix, store = settings.kafka.topic_prefix, open_store(settings.store)
        reader = await self._broker.reader(f"{prefix}verdicts")
        producer = await self._broker.producer()
        pictures = [cell.path.read_bytes() for cell in cells]
        async with open_outlets(self._broker, store, MemoryCache(), prefix) as outlets:
            for bank in banks:
                await outlets.publisher.publish(bank.data)
            await self._activate(outlets, banks[0])
            self._installation.start_programs(("inspector",))
            async with asyncio.TaskGroup() as group:
                collecting = group.create_task(self._collect(reader))
                sending = group.create_task(self._send(producer, f"{prefix}frames", pictures))
                await self._until(1)
                await self._caught_up()
                began, first = time.monotonic(), len(self.sent)
                await self._swap(outlets, banks, swaps)
                swapped = len(self.sent)
                await asyncio.sleep(time.monotonic() - began)
                sending.cancel()
                await self._settled()
                collecting.cancel()
        self.quiet, self.swapping = self.sent[swapped:], self.sent[first:swapped]
        return time.monotonic() - began

    async def _swap(self, outlets: "Outlets", banks: "tuple[BuiltBank, BuiltBank]", swaps: int) -> None:
        import psutil

        inspector = psutil.Process(self._installation.process("inspector"))
        for bank in itertools.islice(itertools.cycle(banks[::-1]), swaps):
            epoch = await self._activate(outlets, bank)
            await self._until(epoch)
            self.rss_mb.append(await asyncio.to_thread(held_mb, inspector))

    async def _activate(self, outlets: "Outlets", bank: "BuiltBank") -> int:
        from schemas.activation import Activated
        from service.banks.activation_writer import ActivationDraft

        # Known before it is written: a verdict may be here before our answer.
        self.seen.epochs[len(self.seen.epochs) + 1] = bank.version
        draft = ActivationDraft("default", bank.version, len(bank.data), bank.thresholds, actor="bench")
        made = await outlets.writer.activate(LINE, draft)
        if not isinstance(made, Activated):
            raise ValueError("another writer is at work on the bench's line: start it again")
        return made.epoch

    async def _until(self, epoch: int) -> None:
        """Until a verdict by this epoch is here."""
        await self._installation.until(lambda: self.seen.epoch >= epoch, _PATIENCE, 0.01)

    async def _caught_up(self) -> None:
        """Until those that came while the inspector started are judged."""
        await self._installation.until(
            lambda: len(self.sent) - len(self.seen.counts) <= _IN_FLIGHT, _PATIENCE
        )

    async def _settled(self) -> None:
        await self._installation.until(
            lambda: all(name in self.seen.counts for name in self.sent), _PATIENCE, 0.1
        )

    async def _send(self, producer: "Producer", topic: str, pictures: list[bytes]) -> None:
        for number in itertools.count():
            name = f"frame-{number:06}"
            headers = (("frame-id", name.encode()),)
            await producer.send(
                topic, key=LINE.encode(), value=pictures[number % len(pictures)], headers=headers
            )
            self.sent.append(name)
            await asyncio.sleep(self._every)

    async def _collect(self, reader: "Reader") -> None:
        from schemas.verdict import Verdict

        while True:
            for record in await reader.poll(timeout_ms=_POLL_MS, max_records=_POLL_RECORDS):
                self.seen.take(record, Verdict.from_bytes(record.value or b""))
