"""Laws of the effective verdict: however two inspectors cross, every alert is the first verdict's."""

import asyncio
import random
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import obstore
import pytest

from schemas.alert import Alert
from schemas.ids import sha256_hex
from schemas.topics import TOPICS, TopicKind
from schemas.verdict import Verdict
from service.drift.monitor import DriftRules
from service.images.decode import DEFAULT_LIMITS
from service.inspection.breaker import BreakerRules
from service.runtime.start import topic_specs
from service.settings import StoreSettings
from service.store import ObjectStore, open_store
from service.stream.base import DeliveryError, Placed, Producer, Record
from service.stream.memory import MemoryBroker
from tests.ledger.history import png
from workers.extraction.protocol import Judged
from workers.inspector.breakers import Breakers
from workers.inspector.drift import DriftWatch
from workers.inspector.effects import EffectRules, Effects
from workers.inspector.job import Job, make_job, open_envelope
from workers.inspector.outcome import verdict_of
from workers.inspector.readback import Readback

PREFIX = "patchline."
FRAMES, VERDICTS, ALERTS = (
    TOPICS[kind].name(PREFIX) for kind in (TopicKind.FRAMES, TopicKind.VERDICTS, TopicKind.ALERTS)
)
VERSION = sha256_hex(b"bank")
COUNT = 12


class Dawdling:
    """A producer that lets others go first, as a network does, and may not say that it has delivered."""

    def __init__(self, producer: Producer, dice: random.Random, lost: float = 0.0) -> None:
        self._producer, self._dice, self._lost = producer, dice, lost

    async def send(self, topic: str, **record: Any) -> Placed:
        for _ in range(self._dice.randrange(12)):
            await asyncio.sleep(0)
        placed = await self._producer.send(topic, **record)
        if topic == VERDICTS and self._dice.random() < self._lost:
            raise DeliveryError("the acknowledgement was lost")
        return placed

    async def close(self) -> None:
        await self._producer.close()


@pytest.fixture
async def broker() -> MemoryBroker:
    made = MemoryBroker()
    await made.create_topics(topic_specs(PREFIX), partitions=1, replication=1)
    return made


def job(offset: int) -> Job:
    record = Record(FRAMES, 0, offset, 1_000, b"line1", png(offset))
    return make_job(open_envelope(record, 1), png(offset), DEFAULT_LIMITS)


def judged(kind: str) -> Judged:
    scores = (3.0, 0.01, 0.01, 2.0, 1.0)
    heatmap = None if kind == "ok" else b"heatmap"
    return Judged("default", VERSION, 1, kind, *scores, [(0, 0, 4, 4, 3.0)], 8, 8, heatmap)


async def inspector(
    broker: MemoryBroker, dice: random.Random, lost: float = 0.0, store: ObjectStore | None = None
) -> tuple[Effects, Readback]:
    readback = Readback(broker, VERDICTS, 64)
    await readback.begin({0: 0})
    store = store or open_store(StoreSettings(url="memory://"))
    producer = Dawdling(await broker.producer(), dice, lost)
    rules = EffectRules(PREFIX, "https://page", "all", 2**20)
    breakers = Breakers(BreakerRules())
    return Effects(store, producer, rules, DriftWatch(DriftRules()), readback, breakers), readback


async def publish(effects: Effects, dice: random.Random, of: range) -> None:
    """All frames in batches, with outcomes of this inspector's own: its bank may be another epoch's."""
    offsets = list(of)
    while offsets:
        batch, offsets = offsets[: (size := dice.randrange(1, 5))], offsets[size:]
        await effects.publish([(job(o), judged(dice.choice(["ok", "defect", "review"]))) for o in batch])


async def read(broker: MemoryBroker, topic: str) -> list[bytes]:
    return [record.value or b"" for record in broker.topic(topic).logs[0].read(0, 10_000)]


async def demanded(broker: MemoryBroker) -> set[bytes]:
    """The alerts of the effective verdicts."""
    first: dict[int, Verdict] = {}
    for value in await read(broker, VERDICTS):
        verdict = Verdict.from_bytes(value)
        first.setdefault(verdict.source.offset, verdict)
    assert len(first) == COUNT
    return {Alert.of(verdict).to_bytes() for verdict in first.values() if verdict.alarming}


@pytest.mark.parametrize("seed", range(20))
async def test_two_inspectors_that_cross_make_the_alerts_of_the_first_verdicts_and_no_other(
    broker: MemoryBroker, seed: int
) -> None:
    dice = random.Random(seed)
    one, _ = await inspector(broker, dice)
    other, _ = await inspector(broker, dice)
    await asyncio.gather(publish(one, dice, range(COUNT)), publish(other, dice, range(COUNT)))
    assert set(await read(broker, ALERTS)) == await demanded(broker)


@pytest.mark.parametrize("seed", range(5))
async def test_lost_acknowledgements_make_no_foreign_alert(
    broker: MemoryBroker, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.inspector.effects._FIRST_PAUSE", 0.001)
    dice = random.Random(seed)
    effects, _ = await inspector(broker, dice, lost=0.3)
    await publish(effects, dice, range(COUNT))
    alerts = await read(broker, ALERTS)
    assert set(alerts) == await demanded(broker)
    assert len(alerts) == len(set(alerts))


async def test_what_a_stopped_inspector_said_after_the_assignment_is_the_effective_verdict(
    broker: MemoryBroker,
) -> None:
    owner, _ = await inspector(broker, random.Random(1))
    late = verdict_of(job(0), judged("defect"), "https://page", datetime.now(UTC))
    producer = await broker.producer()
    await producer.send(VERDICTS, key=b"line1", value=late.to_bytes(), partition=0)
    await owner.publish([(job(0), judged("ok"))])
    assert await read(broker, ALERTS) == [Alert.of(late).to_bytes()]


async def test_a_frame_with_a_verdict_in_the_log_is_told_of_once(broker: MemoryBroker) -> None:
    effects, _ = await inspector(broker, random.Random(1))
    await effects.publish([(job(0), judged("ok")), (job(1), judged("defect"))])
    readback = Readback(broker, VERDICTS, 64)
    assert await readback.begin({0: 1}) == 1
    assert readback.take(0, 0) is None
    assert (said := readback.take(0, 1)) is not None
    assert said.alarming
    assert readback.take(0, 1) is None


async def test_a_picture_that_is_stored_is_not_stored_again_for_the_sake_of_another(
    broker: MemoryBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.inspector.effects._FIRST_PAUSE", 0.001)
    store = open_store(StoreSettings(url=tmp_path.as_uri()))
    put, tries = obstore.put, Counter[str]()

    def unsteady(backend: Any, key: str, data: bytes, **options: Any) -> Any:
        tries[key] += 1
        if tries[key] == 1 and len(tries) % 3 == 0:
            raise OSError("stale file handle")
        return put(backend, key, data, **options)

    monkeypatch.setattr("obstore.put", unsteady)  # A disk that fails for one file and not for the next.
    effects, _ = await inspector(broker, random.Random(1), store=store)
    await effects.publish([(job(offset), judged("ok")) for offset in range(30)])
    assert sorted(tries.values()) == [1] * 20 + [2] * 10
    assert len([each async for each in store.list("frames")]) == 30
    assert len(await read(broker, VERDICTS)) == 30
