"""The newest frames of a line, found in its verdicts."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from schemas.reasons import VerdictKind
from schemas.verdict import Verdict
from service.ledger.scan import Span, scan
from service.stream.base import Broker, Reader, Record

_FIRST_WINDOW = 2_000
_GROWTH = 4
_POLL_RECORDS = 2_000


async def newest_verdicts(broker: Broker, topic: str, line: str, count: int) -> list[Verdict]:
    """The effective verdicts of the line's newest frames, at most ``count``, newest first; those that were
    shed unseen are left out. Reads ``topic`` back from its ends in growing windows, since a line may lie in
    any partition. Waits for the broker; raises ``StreamError``."""
    reader = await broker.reader(topic)
    try:
        return await _search(reader, line, count)
    finally:
        await reader.close()


async def _search(reader: Reader, line: str, count: int) -> list[Verdict]:
    bounds = await reader.bounds()
    window = max(_FIRST_WINDOW, 2 * count)
    while True:
        spans = {partition: (max(begin, end - window), end) for partition, (begin, end) in bounds.items()}
        found = await _read(reader, spans, line)
        if len(found) >= count or all(spans[p][0] == begin for p, (begin, _) in bounds.items()):
            newest = sorted(found, key=lambda verdict: verdict.inspected_at, reverse=True)
            return newest[:count]
        window *= _GROWTH


async def _read(reader: Reader, spans: Mapping[int, Span], line: str) -> list[Verdict]:
    first: dict[UUID, Verdict] = {}

    def take(records: Sequence[Record]) -> None:
        for record in records:
            if record.key == line.encode() and (verdict := _parsed(record.value)) is not None:
                first.setdefault(verdict.frame_uid, verdict)

    await scan(reader, spans, take, lambda _done, _total: None, max_records=_POLL_RECORDS)
    return [verdict for verdict in first.values() if verdict.verdict is not VerdictKind.DROPPED]


def _parsed(value: bytes | None) -> Verdict | None:
    try:
        return Verdict.from_bytes(value or b"")
    except ValueError:
        return None  # a later program's verdict: its frame is passed over
