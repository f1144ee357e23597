"""What retention told: read after the heatmaps were looked for, since it tells before it removes."""

from collections.abc import Sequence

from schemas.line_event import LineEvent
from service.ledger.book import ExpiredRow
from service.ledger.scan import scan
from service.stream.base import Broker, Record

_POLL_RECORDS = 2_000


async def read_expiry(broker: Broker, topic: str) -> list[ExpiredRow]:
    """The newest horizon of each line and class of verdicts. Raises ``StreamError``."""
    horizons: dict[tuple[str, str], float] = {}

    def take(records: Sequence[Record]) -> None:
        for record in records:
            for key, moment_ms in _told(record):
                horizons[key] = max(horizons.get(key, 0.0), moment_ms)

    reader = await broker.reader(topic)
    try:
        await scan(reader, await reader.bounds(), take, lambda _done, _total: None, max_records=_POLL_RECORDS)
    finally:
        await reader.close()
    return [ExpiredRow(line, kind, moment_ms) for (line, kind), moment_ms in horizons.items()]


def _told(record: Record) -> list[tuple[tuple[str, str], float]]:
    try:
        event = LineEvent.from_bytes(record.value or b"")
    except ValueError:
        return []  # A later program's event: it tells of no horizon that we know.
    expired = event.expired_before or {}
    return [((event.line, kind.value), moment.timestamp() * 1000) for kind, moment in expired.items()]
