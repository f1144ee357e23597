"""Frames that have no verdict by their line's deadline, told as missing.

The ends of ``frames`` say that frames exist, and cost nothing to ask for; a frame's own bytes are read only
when it is overdue, to learn of which line it is. A frame that became a dead letter has no verdict either.
"""

import time
from collections.abc import Collection, Mapping
from itertools import islice

import structlog

from schemas.frame import FrameHeaders
from schemas.ids import is_line_id
from schemas.report import Report
from service.settings import DeadlineSettings
from service.sinks.deadlines import Waiting
from service.sinks.effective import Recent
from service.stream.base import Broker, Reader, Record, StreamError

# Of a partition in one look: an outage of the inspectors makes every frame overdue, and each is read.
_MOST_AT_ONCE = 256
_READ_MS, _SILENT_READS = 500, 4
_log = structlog.get_logger()


class FrameWatch:
    """Watches the partitions of ``frames`` whose verdicts this sink reads."""

    def __init__(self, broker: Broker, topic: str, deadlines: DeadlineSettings, shortest_ms: int) -> None:
        self._broker, self._topic, self._deadlines = broker, topic, deadlines
        self._shortest = shortest_ms / 1000
        self._waiting: dict[int, Waiting] = {}
        self._told: dict[int, Recent] = {}
        self._missing: dict[int, Recent] = {}
        self._reader: Reader | None = None

    @property
    def seconds(self) -> float:
        """How often to look, so that nothing is told later than a tenth of the shortest deadline."""
        return min(max(self._shortest / 10, 0.02), 0.5)

    async def begin(self, starts: Mapping[int, int | None]) -> None:
        """Watch these partitions anew, each from a frame on, or from now on. Raises ``StreamError``."""
        await self.close()
        if not starts:
            return
        self._reader = await self._broker.reader(self._topic, at_end=True, partitions=frozenset(starts))
        bounds = await self._reader.bounds()
        for partition, start in starts.items():
            first, end = bounds[partition]
            place = end if start is None else max(first, min(start, end))
            self._waiting[partition] = Waiting(place, self._shortest)
            self._missing[partition] = Recent()

    def answered(self, partition: int, offset: int) -> bool:
        """A verdict came. Answers whether the frame was told as missing before."""
        waiting = self._waiting.get(partition)
        if waiting is None:
            return False
        waiting.answered(offset)
        return offset in self._missing[partition]

    async def look(self, held: Collection[int]) -> list[Report]:
        """The frames that are overdue now. Partitions that are held (their verdicts are not being read,
        because the counterpart is behind) are given their time anew. Raises ``StreamError``."""
        if self._reader is None:
            return []
        now = time.monotonic()
        bounds = await self._reader.bounds()
        for partition, (_, end) in bounds.items():
            self._waiting[partition].reaches(end, now)
        found = list[Report]()
        for partition, waiting in list(self._waiting.items()):
            if partition in held:
                waiting.postpone(now)
            elif overdue := list(islice(waiting.overdue(now), _MOST_AT_ONCE)):
                found += await self._read(partition, overdue, now)
        return found

    async def close(self) -> None:
        """Watch nothing any more."""
        reader, self._reader = self._reader, None
        self._waiting.clear()
        self._missing.clear()
        if reader is not None:
            await reader.close()

    async def _read(self, partition: int, offsets: list[int], now: float) -> list[Report]:
        try:
            records = await self._records(partition, offsets)
        except StreamError:
            # The time that they had is over all the same: they are overdue at the next look.
            for offset in offsets:
                self._waiting[partition].wait_for(offset, now)
            raise
        reports = (self._judge(record, now) for record in records)
        return [report for report in reports if report is not None]

    async def _records(self, partition: int, offsets: list[int]) -> list[Record]:
        reader = await self._broker.reader(self._topic, at_end=True, partitions=frozenset([partition]))
        try:
            reader.seek(partition, offsets[0])
            return await _collect(reader, set(offsets), offsets[-1])
        finally:
            await reader.close()

    def _judge(self, record: Record, now: float) -> Report | None:
        line = (record.key or b"").decode(errors="replace")
        deadline = self._deadlines.ms(line) if is_line_id(line) else None
        if deadline is None:
            return None
        rest = deadline / 1000 - self._shortest
        if rest > 0 and not self._had_its_rest(record):
            self._waiting[record.partition].wait_for(record.offset, now + rest)
            return None
        self._missing[record.partition].first(record.offset)
        return _missing(record, line)

    def _had_its_rest(self, record: Record) -> bool:
        """Whether this frame was read before, and given what its line's deadline has over the shortest."""
        return not self._told.setdefault(record.partition, Recent()).first(record.offset)


def _missing(record: Record, line: str) -> Report:
    try:
        headers = FrameHeaders.parse(record.headers)
    except ValueError:
        # A dead letter for its headers: the line is all that is known of it.
        headers = FrameHeaders()
    report = Report.of_missing(
        line, record.partition, record.offset, part_id=headers.part_id, camera=headers.camera
    )
    return report.model_copy(update={"replay_of": headers.replay_of, "captured_at": headers.captured_at})


async def _collect(reader: Reader, wanted: set[int], last: int) -> list[Record]:
    found, silent = list[Record](), 0
    # Offsets without records (a transaction's marks, expired frames) never come.
    while silent < _SILENT_READS:
        records = await reader.poll(timeout_ms=_READ_MS, max_records=64)
        found += [record for record in records if record.offset in wanted]
        silent = 0 if records else silent + 1
        if records and records[-1].offset >= last:
            break
    return found
