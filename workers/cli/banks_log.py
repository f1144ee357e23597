"""The banks topic read once to its end: the epochs of every line, and what was said of each version."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from schemas.activation import BANK_RECORD, Published
from schemas.topics import TOPICS, TopicKind
from service.banks.activation_log import ActivationLog, Entry
from service.stream.base import Broker, Reader, Record, StreamError

_POLL_MS = 200
_POLL_RECORDS = 500
_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class BanksLog:
    """``activations`` is the authority; ``versions`` holds the publications by model and version."""

    activations: ActivationLog = field(default_factory=ActivationLog)
    versions: dict[tuple[str, str, str], Published] = field(default_factory=dict)

    def apply(self, records: Sequence[Record]) -> None:
        """Take the next records, in the log's order; broken ones change nothing."""
        for record in records:
            self.activations.apply(record)
            try:
                told = BANK_RECORD.validate_json(record.value or b"")
            except ValueError:
                continue
            if isinstance(told, Published):
                self.versions[(told.line, told.model, told.version)] = told

    def published(self, entry: Entry) -> Published | None:
        """What was published of an epoch's version; None when that is not in the log."""
        activation = entry.activation
        if activation is None:
            return None
        return self.versions.get((activation.line, activation.model, activation.version))


async def read_banks_log(broker: Broker, topic_prefix: str) -> BanksLog:
    """Read the banks topic as far as it reaches now. Raises ``StreamError``, also past half a minute."""
    topic = TOPICS[TopicKind.BANKS].name(topic_prefix)
    reader = await broker.reader(topic)
    try:
        return await _read(reader, topic)
    finally:
        await reader.close()


async def _read(reader: Reader, topic: str) -> BanksLog:
    log = BanksLog()
    left = {
        partition: bounds for partition, bounds in (await reader.bounds()).items() if bounds[0] < bounds[1]
    }
    deadline = asyncio.get_running_loop().time() + _SECONDS
    while left:
        if asyncio.get_running_loop().time() > deadline:
            raise StreamError(f"{topic} could not be read to its end in {_SECONDS:g} s: check the broker")
        records = await reader.poll(timeout_ms=_POLL_MS, max_records=_POLL_RECORDS)
        log.apply(records)
        for record in records:
            if record.partition in left and record.offset + 1 >= left[record.partition][1]:
                del left[record.partition]
    return log
