"""Which dead letters or faults are meant, and reading a whole topic for them."""

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from datetime import datetime

from service.stream.base import Broker, Record

_SILENT_POLLS = 20


@dataclass(frozen=True, slots=True)
class Selection:
    """Empty and None mean all."""

    line: str | None = None
    reasons: Collection[str] = ()
    since: datetime | None = None
    limit: int | None = None

    def wants(self, line: str | None, reason: str | None, at: datetime) -> bool:
        """Whether something of this line, reason and moment is meant."""
        return (
            (self.line is None or line == self.line)
            and (not self.reasons or reason in self.reasons)
            and (self.since is None or at >= self.since)
        )


async def every_record(broker: Broker, topic: str) -> AsyncIterator[Record]:
    """What is on a topic now, in order within a partition; a log may end in offsets without records."""
    reader = await broker.reader(topic)
    try:
        ends = {p: end for p, (begin, end) in (await reader.bounds()).items() if begin < end}
        silent = 0
        while ends and silent < _SILENT_POLLS:
            records = await reader.poll(timeout_ms=500, max_records=100)
            silent = 0 if records else silent + 1
            for record in records:
                if record.offset + 1 >= ends.get(record.partition, 0):
                    ends.pop(record.partition, None)
                yield record
    finally:
        await reader.close()
