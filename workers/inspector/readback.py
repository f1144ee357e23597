"""What earlier inspectors already said of a partition's frames past its watermark.

At most ``max_uncommitted`` frames lie past it, so the newest few times that many verdicts hold all that
matter: a frame found there is not scored again.
"""

from schemas.verdict import Verdict
from service.stream.base import Broker, Reader

# Verdicts repeated by stopped inspectors that came back may lie between; four times leaves room for them.
WINDOWS = 4
# A log may end in offsets without records (transaction markers): ten seconds of silence are its end, too.
_SILENT_POLLS = 20


async def verdicts_past(
    broker: Broker, topic: str, offsets: dict[int, int], max_uncommitted: int
) -> dict[tuple[int, int], Verdict]:
    """The first verdict of each frame at or past the offset of its partition, by partition and offset."""
    if not offsets:
        return {}
    reader = await broker.reader(topic, partitions=frozenset(offsets))
    try:
        return await _collect(reader, offsets, WINDOWS * max_uncommitted)
    finally:
        await reader.close()


async def _collect(reader: Reader, offsets: dict[int, int], window: int) -> dict[tuple[int, int], Verdict]:
    ends = {}
    for partition, (begin, end) in (await reader.bounds()).items():
        if begin < end:
            ends[partition] = end
        reader.seek(partition, max(begin, end - window))
    found: dict[tuple[int, int], Verdict] = {}
    silent = 0
    while ends and silent < _SILENT_POLLS:
        records = await reader.poll(timeout_ms=500, max_records=1000)
        silent = 0 if records else silent + 1
        for record in records:
            verdict = _read(record.value)
            if verdict is not None and verdict.source.offset >= offsets[record.partition]:
                found.setdefault((verdict.source.partition, verdict.source.offset), verdict)
            if record.offset + 1 >= ends.get(record.partition, 0):
                ends.pop(record.partition, None)
    return found


def _read(value: bytes | None) -> Verdict | None:
    try:
        return Verdict.from_bytes(value or b"")
    except ValueError:
        return None  # A later program's verdict that we cannot read: its frame is scored again, no harm.
