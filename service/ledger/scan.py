"""Reads spans of a topic's partitions, once, in order, without holding more than one poll."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence

from service.stream.base import Reader, Record

Span = tuple[int, int]
_POLL_MS = 500


async def scan(
    reader: Reader,
    spans: Mapping[int, Span],
    take: Callable[[Sequence[Record]], None],
    tell: Callable[[int, int], None],
    *,
    max_records: int,
    patience_seconds: float = 10.0,
) -> None:
    """Give every record of the spans to ``take``, in a thread; ``tell`` hears offsets done and in all.
    Returns at the ends. Raises ``StreamError`` as the reader does."""
    progress = _Progress(spans)
    for partition, (_, end) in (await reader.bounds()).items():
        reader.seek(partition, progress.next.get(partition, end))
    moved = time.monotonic()
    while progress.next:
        wanted = progress.of_spans(await reader.poll(timeout_ms=_POLL_MS, max_records=max_records))
        if wanted:
            await asyncio.to_thread(take, wanted)
            moved = time.monotonic()
        elif time.monotonic() - moved > patience_seconds:
            # A transaction's marker takes the last offsets of a span and is never given to us. The leaders
            # must answer for their ends first: silence alone could be an outage.
            await reader.bounds()
            return
        tell(progress.done, progress.total)


class _Progress:
    """The next offset of every partition that is not yet read to its span's end."""

    def __init__(self, spans: Mapping[int, Span]) -> None:
        self._spans = {partition: span for partition, span in spans.items() if span[0] < span[1]}
        self.next = {partition: start for partition, (start, _) in self._spans.items()}
        self.total = sum(end - start for start, end in self._spans.values())

    @property
    def done(self) -> int:
        return self.total - sum(self._spans[p][1] - offset for p, offset in self.next.items())

    def of_spans(self, records: Sequence[Record]) -> list[Record]:
        wanted = []
        for record in records:
            if record.partition not in self.next:
                continue
            end = self._spans[record.partition][1]
            if self.next[record.partition] <= record.offset < end:
                wanted.append(record)
            self._move(record.partition, record.offset + 1, end)
        return wanted

    def _move(self, partition: int, offset: int, end: int) -> None:
        if offset >= end:
            del self.next[partition]
        else:
            self.next[partition] = max(offset, self.next[partition])
