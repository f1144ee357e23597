"""What was told before this assignment, read back: a repeated verdict is known as one after a restart too."""

from dataclasses import dataclass

from schemas.verdict import Verdict
from service.sinks.effective import Recent
from service.stream.base import Broker, Record

# Repeats lie within what an inspector may have uncommitted, 256 by default, times four for those that came
# back: as far as the inspector itself reads back.
READ_BACK = 1024
_SILENT_POLLS = 5


@dataclass(frozen=True, slots=True)
class Past:
    """``seen`` has the newest frames that were told of; ``next_frame`` is the first after them, None where
    nothing was told yet."""

    seen: Recent
    next_frame: int | None


async def read_past(broker: Broker, topic: str, partition: int, committed: int) -> Past:
    """The past of a partition of ``verdicts`` below an offset. Raises ``StreamError``."""
    seen, newest = Recent(), -1
    reader = await broker.reader(topic, partitions=frozenset([partition]))
    try:
        first, _ = (await reader.bounds())[partition]
        place, silent = max(first, committed - READ_BACK), 0
        reader.seek(partition, place)
        while place < committed and silent < _SILENT_POLLS:
            records = await reader.poll(timeout_ms=200, max_records=256)
            silent = 0 if records else silent + 1
            for record in records:
                place = record.offset + 1
                source = source_of(record)
                if place <= committed and source is not None:
                    seen.first(source)
                    newest = max(newest, source)
    finally:
        await reader.close()
    return Past(seen, newest + 1 if newest >= 0 else None)


def source_of(record: Record) -> int | None:
    """The offset of the frame that a verdict is of; None for a record that is no verdict."""
    try:
        return Verdict.from_bytes(record.value or b"").source.offset
    except ValueError:
        return None
