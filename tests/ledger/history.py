"""Histories of an installation, made by the inspector's own code: right ones, for the tests to damage."""

import random
import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256

from schemas.activation import Activated, Thresholds
from schemas.frame import Headers
from schemas.reasons import VerdictKind
from schemas.topics import TOPICS, TopicKind
from schemas.verdict import Verdict
from service.banks.activation_log import activation_headers
from service.drift.monitor import DriftRules
from service.images.decode import DEFAULT_LIMITS
from service.inspection.breaker import BreakerRules
from service.settings import StoreSettings
from service.store import ObjectStore, open_store
from service.stream.base import Broker, Placed, Record
from service.stream.memory import MemoryBroker
from workers.extraction.protocol import Judged, Outcome, Unfit, Unreadable
from workers.inspector.breakers import Breakers
from workers.inspector.drift import DriftWatch
from workers.inspector.effects import EffectRules, Effects
from workers.inspector.job import Job, Rejected, make_job, open_envelope
from workers.inspector.outcome import verdict_of

PREFIX, GROUP, URL = "patchline.", "inspectors", "https://page"
PARTITIONS = 2
NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
FATES = (
    "ok",
    "review",
    "defect",
    "flat",
    "dropped",
    "by-reference",
    "worker-refused",
    "no-line",
    "bad-header",
    "empty",
)


@dataclass(frozen=True)
class Sent:
    """A record on its way to a topic."""

    kind: TopicKind
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    partition: int | None = None


@dataclass
class History:
    """What the logs hold. ``outcomes`` lie in the order in which they are written."""

    frames: list[Sent] = field(default_factory=list)
    banks: list[Sent] = field(default_factory=list)
    outcomes: list[Sent] = field(default_factory=list)
    store: ObjectStore = field(default_factory=lambda: open_store(StoreSettings(url="memory://")))
    unfinished: int = 0
    prefix: str = PREFIX

    def of(self, kind: TopicKind) -> list[Sent]:
        return [sent for sent in self.outcomes if sent.kind is kind]

    def verdict(self, kind: VerdictKind) -> Sent:
        """The first verdict of a kind."""
        return next(sent for sent in self.of(TopicKind.VERDICTS) if parsed(sent).verdict is kind)

    def exchange(self, old: Sent, *new: Sent) -> None:
        """Write these in its place."""
        at = next(index for index, sent in enumerate(self.outcomes) if sent is old)
        self.outcomes[at : at + 1] = new

    async def written(self) -> MemoryBroker:
        """A broker with all of it."""
        broker = MemoryBroker()
        await self.written_to(broker)
        return broker

    async def written_to(self, broker: Broker) -> None:
        """Put all of it on an empty broker."""
        names = {spec.name(self.prefix): spec for spec in TOPICS.values()}
        await broker.create_topics(names, partitions=PARTITIONS, replication=1)
        await write(broker, *self.frames, *self.banks, *self.outcomes, prefix=self.prefix)
        await commit(broker, self._ends(), prefix=self.prefix)

    def _ends(self) -> dict[int, int]:
        finished = self.frames[: len(self.frames) - self.unfinished]
        return {p: sum(sent.partition == p for sent in finished) for p in range(PARTITIONS)}


async def write(broker: Broker, *sents: Sent, prefix: str = PREFIX) -> None:
    """Write records."""
    producer = await broker.producer()
    for sent in sents:
        topic = TOPICS[sent.kind].name(prefix)
        await producer.send(
            topic, key=sent.key, value=sent.value, headers=sent.headers, partition=sent.partition
        )
    await producer.close()


async def commit(broker: Broker, offsets: dict[int, int], *, prefix: str = PREFIX) -> None:
    """Commit as the group of inspectors does."""
    member = await broker.join(TOPICS[TopicKind.FRAMES].name(prefix), GROUP)
    while not offsets.keys() <= member.assignment:
        await member.poll(timeout_ms=100, max_records=1)
    assert await member.commit(offsets, generation=member.generation)
    await member.close()


def expire(broker: MemoryBroker, kind: TopicKind, *, partition: int, offset: int) -> None:
    """What retention does."""
    log = broker.topic(TOPICS[kind].name(PREFIX)).logs[partition]
    while log.first < offset:
        log._records.popleft()
        log.first += 1


def parsed(sent: Sent) -> Verdict:
    """The verdict in a record."""
    return Verdict.from_bytes(sent.value or b"")


def with_verdict(sent: Sent, **changes: object) -> Sent:
    """The record with another verdict in it."""
    return replace(sent, value=parsed(sent).model_copy(update=changes).to_bytes())


async def make_history(fates: Iterable[str], *, unfinished: int = 0, prefix: str = PREFIX) -> History:
    """A right history of frames with these fates, turn about in the partitions and on two lines. The last
    ``unfinished`` frames lie past the watermark, without an outcome."""
    history = History(unfinished=unfinished, prefix=prefix)
    collector = _Collector(history.outcomes, prefix)
    rules = EffectRules(prefix, URL, "none", 8 * 2**20)
    effects = Effects(
        history.store, collector, rules, DriftWatch(DriftRules()), _Alone(), Breakers(BreakerRules())
    )
    history.banks = [_activated(line) for line in ("line-0", "line-1")]
    offsets = [0] * PARTITIONS
    every = list(fates)
    for number, fate in enumerate(every):
        partition = number % PARTITIONS
        sent, data = _frame(number, partition, fate)
        history.frames.append(sent)
        record = _record(sent, prefix, partition, offsets[partition])
        offsets[partition] += 1
        if number < len(every) - unfinished:
            await _conclude(effects, collector, record, fate, data)
    return history


class _Alone:
    async def settle(self, written: Sequence[tuple[Verdict, Placed]]) -> list[Verdict]:
        return [verdict for verdict, _ in written]


class _Collector:
    def __init__(self, into: list[Sent], prefix: str) -> None:
        self._into, self._prefix = into, prefix

    async def send(
        self,
        topic: str,
        *,
        key: bytes | None,
        value: bytes | None,
        headers: Headers = (),
        partition: int | None = None,
    ) -> Placed:
        kind = TopicKind(topic.removeprefix(self._prefix))
        self._into.append(Sent(kind, key, value, headers, partition))
        return Placed(partition or 0, 0, 0)

    async def close(self) -> None:
        return


def version_of(line: str) -> str:
    """The version in force on a line."""
    return sha256(line.encode()).hexdigest()


def png(number: int) -> bytes:
    """A small image, another for each number."""
    rows = b"".join(b"\0" + random.Random(f"{number}/{row}").randbytes(8) for row in range(8))
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _frame(number: int, partition: int, fate: str) -> tuple[Sent, bytes]:
    data = png(number)
    sent = Sent(TopicKind.FRAMES, f"line-{number % 2}".encode(), data, (), partition)
    if fate == "no-line":
        return replace(sent, key=b"No Line"), data
    if fate == "bad-header":
        return replace(sent, headers=(("frame-id", b"white space"),)), data
    if fate == "empty":
        return replace(sent, value=b""), data
    if fate == "by-reference":
        digest = sha256(data).hexdigest().encode()
        return replace(sent, value=b"", headers=(("frame-ref", b"s/k"), ("frame-sha256", digest))), data
    if fate == "review":
        return replace(sent, headers=(("frame-id", f"part-{number}".encode()),)), data
    return sent, data


def _record(sent: Sent, prefix: str, partition: int, offset: int) -> Record:
    topic = TOPICS[TopicKind.FRAMES].name(prefix)
    return Record(topic, partition, offset, 1_000, sent.key, sent.value, sent.headers)


async def _conclude(effects: Effects, collector: _Collector, record: Record, fate: str, data: bytes) -> None:
    try:
        job = make_job(open_envelope(record, 1), b"" if fate == "empty" else data, DEFAULT_LIMITS)
    except Rejected as rejected:
        await effects.set_aside(record, rejected)
        return
    if fate == "dropped":
        await _send_dropped(collector, job)
    else:
        await effects.publish([(job, _outcome(job, fate))])


async def _send_dropped(collector: _Collector, job: Job) -> None:
    verdict = verdict_of(job, Unfit("flat", 8, 8), URL, NOW)
    shed = verdict.model_copy(update={"verdict": VerdictKind.DROPPED, "reason": None})
    partition = shed.source.partition
    topic = job.envelope.record.topic.replace("frames", "verdicts")
    await collector.send(topic, key=b"", value=shed.to_bytes(), partition=partition)


def _outcome(job: Job, fate: str) -> Outcome:
    if fate == "flat":
        return Unfit("flat", 8, 8)
    if fate == "worker-refused":
        return Unreadable("truncated", "It ends early.")
    kind = fate if fate in ("ok", "review") else "defect"
    heatmap = None if kind == "ok" else b"heatmap"
    scores = (3.0, 0.01, 0.01, 2.0, 1.0)
    return Judged("default", version_of(job.line), 1, kind, *scores, [(0, 0, 4, 4, 3.0)], 8, 8, heatmap)


def _activated(line: str) -> Sent:
    thresholds = Thresholds(
        wished_alpha=0.01,
        alpha=0.01,
        review_alpha=0.05,
        defect_score=2.0,
        review_score=1.0,
        calibration_parts=99,
    )
    record = Activated(
        line=line,
        epoch=1,
        model="default",
        version=version_of(line),
        size_bytes=1,
        thresholds=thresholds,
        activated_at=NOW,
    )
    return Sent(TopicKind.BANKS, line.encode(), record.to_bytes(), activation_headers(line, 1), 0)


def shuffled(sents: Sequence[Sent], seed: int) -> list[Sent]:
    """The records in another order."""
    return random.Random(seed).sample(sents, len(sents))
