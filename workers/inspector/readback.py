"""The log of verdicts as one inspector knows it: which verdict of a frame came first, whoever wrote it.

At most ``max_uncommitted`` frames of a partition lie past its watermark, so the newest few times that many
verdicts hold all that earlier inspectors said of them: such a frame is not scored again. From there on the
offsets of our own verdicts tell whether somebody else wrote between them, and only then is the log read.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Protocol

from schemas.verdict import Source, Verdict
from service.stream.base import Broker, DeliveryError, Placed, Reader, StreamError

# Verdicts repeated by stopped inspectors that came back may lie between; four times leaves room for them.
WINDOWS = 4
# A log may end in offsets without records (transaction markers): ten seconds of silence are its end, too.
_SILENT_POLLS = 20
Place = tuple[int, int]


class FirstVerdicts(Protocol):
    """Tells the effective verdict of frames whose verdict was just written."""

    async def settle(self, written: Sequence[tuple[Verdict, Placed]]) -> list[Verdict]:
        """The first verdict in the log of each frame, in order: ours, unless somebody was before us. Raises
        ``DeliveryError`` when the log cannot be read; asking again is safe."""
        ...


class Readback:
    """Used from one event loop, never by two callers at once."""

    def __init__(self, broker: Broker, topic: str, max_uncommitted: int) -> None:
        self._broker, self._topic = broker, topic
        self._window = WINDOWS * max_uncommitted
        self._next: dict[int, int] = {}
        self._firsts: dict[Place, Verdict] = {}

    async def begin(self, offsets: Mapping[int, int]) -> int:
        """Learn what is said of each partition's frames from this offset on, and forget all else. The number
        of frames that have a verdict. Raises ``StreamError``."""
        self._next, self._firsts = {}, {}
        if not offsets:
            return 0
        reader = await self._broker.reader(self._topic, partitions=frozenset(offsets))
        try:
            bounds = await reader.bounds()
            spans = {p: (max(begin, end - self._window), end) for p, (begin, end) in bounds.items()}
            await self._read(reader, spans, offsets)
        finally:
            await reader.close()
        self._next = {partition: end for partition, (_, end) in bounds.items()}
        return len(self._firsts)

    def take(self, partition: int, offset: int) -> Verdict | None:
        """What was said of a frame before it came to us; told once."""
        return self._firsts.pop((partition, offset), None)

    async def settle(self, written: Sequence[tuple[Verdict, Placed]]) -> list[Verdict]:
        """See ``FirstVerdicts``."""
        offsets: dict[int, set[int]] = defaultdict(set)
        for _, placed in written:
            offsets[placed.partition].add(placed.offset)
        for partition, ours in offsets.items():
            await self._catch_up(partition, ours)
        return [self._firsts.pop(_place(verdict.source), verdict) for verdict, _ in written]

    async def _catch_up(self, partition: int, ours: set[int]) -> None:
        """Read what lies between our verdicts, where anything does."""
        begin, end = min(self._next.get(partition, 0), *ours), max(ours) + 1
        if len(ours) < end - begin:
            try:
                await self._read_between(partition, begin, end)
            except StreamError as error:
                raise DeliveryError(f"what else lies on {self._topic} cannot be read: {error}") from error
        self._next[partition] = end

    async def _read_between(self, partition: int, begin: int, end: int) -> None:
        reader = await self._broker.reader(self._topic, partitions=frozenset({partition}))
        try:
            await self._read(reader, {partition: (begin, end)}, {partition: 0})
        finally:
            await reader.close()

    async def _read(
        self, reader: Reader, spans: Mapping[int, tuple[int, int]], offsets: Mapping[int, int]
    ) -> None:
        """Keep the first verdict in the spans of each frame from its partition's offset on."""
        ends = {partition: end for partition, (begin, end) in spans.items() if begin < end}
        for partition, (begin, _) in spans.items():
            reader.seek(partition, begin)
        silent = 0
        while ends and silent < _SILENT_POLLS:
            records = await reader.poll(timeout_ms=500, max_records=1000)
            silent = 0 if records else silent + 1
            for record in records:
                verdict = _parsed(record.value)
                if verdict is not None and verdict.source.offset >= offsets[record.partition]:
                    self._firsts.setdefault(_place(verdict.source), verdict)
                if record.offset + 1 >= ends.get(record.partition, 0):
                    ends.pop(record.partition, None)


def _place(source: Source) -> Place:
    return source.partition, source.offset


def _parsed(value: bytes | None) -> Verdict | None:
    try:
        return Verdict.from_bytes(value or b"")
    except ValueError:
        return None  # A later program's verdict that we cannot read: its frame is scored again, no harm.
