"""What retention told: read after the heatmaps were looked for, since it tells before it removes."""

from collections.abc import Sequence

from service.ledger.book import ExpiredRow
from service.ledger.scan import scan
from service.signing.events import heard
from service.signing.trust import UNCHECKED, Trust
from service.stream.base import Broker, Record

_POLL_RECORDS = 2_000


async def read_expiry(broker: Broker, topic: str, trust: Trust = UNCHECKED) -> list[ExpiredRow]:
    """The newest horizon of each line and class of verdicts that retention told. Raises ``StreamError``."""
    horizons: dict[tuple[str, str], float] = {}

    def take(records: Sequence[Record]) -> None:
        for record in records:
            for key, moment_ms in _told(record, trust):
                horizons[key] = max(horizons.get(key, 0.0), moment_ms)

    reader = await broker.reader(topic)
    try:
        await scan(reader, await reader.bounds(), take, lambda _done, _total: None, max_records=_POLL_RECORDS)
    finally:
        await reader.close()
    return [ExpiredRow(line, kind, moment_ms) for (line, kind), moment_ms in horizons.items()]


def _told(record: Record, trust: Trust) -> list[tuple[tuple[str, str], float]]:
    try:
        event = heard(record, trust)
    except ValueError:
        return []  # A later program's event: it tells of no horizon that we know.
    if event is None:
        return []
    expired = event.expired_before or {}
    return [((event.line, kind.value), moment.timestamp() * 1000) for kind, moment in expired.items()]
