"""The newest frames of a line, wherever they lie."""

from datetime import UTC, datetime, timedelta

import pytest

from schemas.ids import frame_uid, sha256_hex
from schemas.reasons import VerdictKind
from schemas.topics import TOPICS, TopicKind
from schemas.verdict import Source, Verdict
from service.shadow import newest
from service.shadow.newest import newest_verdicts
from service.stream.memory import MemoryBroker

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
TOPIC = TOPICS[TopicKind.VERDICTS].name("t.")


def verdict(line: str, number: int, kind: VerdictKind = VerdictKind.OK) -> Verdict:
    digest = sha256_hex(f"{line}{number}".encode())
    return Verdict(
        frame_uid=frame_uid(line, f"f-{number}", digest),
        line=line,
        frame_id=f"f-{number}",
        frame_sha256=digest,
        verdict=kind,
        source=Source(partition=0, offset=number, timestamp_ms=0),
        inspected_at=NOON + timedelta(seconds=number),
    )


async def broker_with(*verdicts: Verdict) -> MemoryBroker:
    broker = MemoryBroker()
    await broker.create_topics({TOPIC: TOPICS[TopicKind.VERDICTS]}, partitions=3, replication=1)
    producer = await broker.producer()
    for number, each in enumerate(verdicts):
        await producer.send(TOPIC, key=each.line.encode(), value=each.to_bytes(), partition=number % 3)
    await producer.send(TOPIC, key=b"a", value=b"no verdict", partition=0)
    return broker


@pytest.mark.parametrize("window", [1, 7, 10_000])
async def test_the_newest_of_the_line_are_found_in_any_partition_and_window(
    monkeypatch: pytest.MonkeyPatch, window: int
) -> None:
    monkeypatch.setattr(newest, "_FIRST_WINDOW", window)
    broker = await broker_with(*(verdict("ab"[n % 2], n) for n in range(40)))
    found = await newest_verdicts(broker, TOPIC, "a", 5)
    assert [each.frame_id for each in found] == ["f-38", "f-36", "f-34", "f-32", "f-30"]
    assert len(await newest_verdicts(broker, TOPIC, "b", 100)) == 20
    assert await newest_verdicts(broker, TOPIC, "c", 100) == []


async def test_a_repeated_verdict_counts_once_and_a_shed_frame_not_at_all() -> None:
    shed = verdict("a", 2, VerdictKind.DROPPED)
    first, repeated = verdict("a", 1), verdict("a", 1, VerdictKind.DEFECT)
    broker = await broker_with(first, verdict("b", 0), verdict("b", 1), repeated, shed)
    (found,) = await newest_verdicts(broker, TOPIC, "a", 10)
    assert found.verdict is VerdictKind.OK
