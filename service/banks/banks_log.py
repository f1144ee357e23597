"""The banks topic read once to its end: the epochs of every line, and what was said of each version."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from schemas.activation import BANK_RECORD, Published
from schemas.topics import TOPICS, TopicKind
from service.banks.activation_log import EPOCH_HEADER, LINE_HEADER, ActivationLog, Entry
from service.banks.restored_mark import restored_from
from service.signing.trust import UNCHECKED, Trust
from service.stream.base import Broker, Reader, Record, StreamError

_POLL_MS = 200
_POLL_RECORDS = 500
_SECONDS = 30.0


@dataclass(slots=True)
class BanksLog:
    """``activations`` is the authority; ``versions`` holds the publications by line, model and version, the
    oldest first. ``stray`` holds, by line and epoch, the first activation record that is no epoch of its
    line: a writer that lost, or an epoch whose past the topic has forgotten. The topic has all offsets from
    ``first`` up to ``end``."""

    activations: ActivationLog = field(default_factory=ActivationLog)
    versions: dict[tuple[str, str, str], Published] = field(default_factory=dict)
    stray: dict[tuple[str, int], Record] = field(default_factory=dict)
    first: int = 0
    end: int = 0
    restored_from: int | None = None
    trust: Trust = UNCHECKED

    @property
    def whole(self) -> bool:
        """Whether nothing is forgotten, or all that was has been restored since."""
        return self.first == 0 or (self.restored_from is not None and self.restored_from >= self.first)

    def apply(self, records: Sequence[Record]) -> None:
        """Take the next records, in the log's order; broken ones change nothing."""
        for record in records:
            self._take(record)
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

    def _take(self, record: Record) -> None:
        ignored = self.activations.ignored
        self.activations.apply(record)
        if self.activations.ignored > ignored:
            claim = dict(record.headers)
            self.stray.setdefault((claim[LINE_HEADER].decode(), int(claim[EPOCH_HEADER])), record)
        mark = restored_from(record, self.trust)
        if mark is not None:
            self.restored_from = mark


async def read_banks_log(broker: Broker, topic_prefix: str, trust: Trust = UNCHECKED) -> BanksLog:
    """Read the banks topic as far as it reaches now. Epochs that nobody whom ``trust`` knows wrote count, and
    cannot be read. Raises ``StreamError``, also past half a minute."""
    topic = TOPICS[TopicKind.BANKS].name(topic_prefix)
    reader = await broker.reader(topic)
    try:
        return await _read(reader, topic, trust)
    finally:
        await reader.close()


async def _read(reader: Reader, topic: str, trust: Trust) -> BanksLog:
    bounds = await reader.bounds()
    if set(bounds) != {0}:
        raise StreamError(f"{topic} has {len(bounds)} partitions: create it again with one")
    first, end = bounds[0]
    log = BanksLog(ActivationLog(trust), first=first, end=end, trust=trust)
    position = first
    deadline = asyncio.get_running_loop().time() + _SECONDS
    while position < end:
        if asyncio.get_running_loop().time() > deadline:
            raise StreamError(f"{topic} could not be read to its end in {_SECONDS:g} s: check the broker")
        records = await reader.poll(timeout_ms=_POLL_MS, max_records=_POLL_RECORDS)
        log.apply(records)
        position = max([position, *(record.offset + 1 for record in records)])
    return log
