"""What an inspector tells of banks that it cannot load: each line once in a while, and never lost."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from schemas.activation import Activated
from schemas.frame import Headers
from schemas.line_event import LineEvent
from schemas.reasons import LineEventKind
from schemas.topics import TOPICS, TopicKind
from service.stream.base import Placed, Producer, StreamError
from service.stream.memory import MemoryBroker
from tests.web.plant import THRESHOLDS
from workers.inspector.tidings import MAX_LINES, Tidings

TOPIC = "patchline.line-events"


def held(line: str) -> Activated:
    return Activated(
        line=line,
        epoch=3,
        model="default",
        version="a" * 64,
        size_bytes=1,
        thresholds=THRESHOLDS,
        actor="ann",
        activated_at=datetime(2026, 1, 31, tzinfo=UTC),
    )


class Away:
    """A broker that takes nothing at first."""

    def __init__(self, producer: Producer, failures: int) -> None:
        self._producer, self.failures = producer, failures

    async def send(
        self,
        topic: str,
        *,
        key: bytes | None,
        value: bytes | None,
        headers: Headers = (),
        partition: int | None = None,
    ) -> Placed:
        if self.failures:
            self.failures -= 1
            raise StreamError("the broker is away: start it")
        return await self._producer.send(topic, key=key, value=value, headers=headers, partition=partition)

    async def close(self) -> None: ...


@contextlib.asynccontextmanager
async def telling(broker: MemoryBroker, failures: int = 0) -> AsyncIterator[Tidings]:
    await broker.create_topics({TOPIC: TOPICS[TopicKind.LINE_EVENTS]}, partitions=1, replication=1)
    tidings = Tidings(Away(await broker.producer(), failures), TOPIC)
    task = asyncio.create_task(tidings.follow())
    try:
        yield tidings
    finally:
        task.cancel()
        await asyncio.wait({task})


async def told(broker: MemoryBroker, wanted: int) -> list[LineEvent]:
    reader, found = await broker.reader(TOPIC), list[LineEvent]()
    async with asyncio.timeout(30):
        while len(found) < wanted:
            records = await reader.poll(timeout_ms=50, max_records=1000)
            found += [LineEvent.from_bytes(record.value or b"") for record in records]
    return found


async def test_a_line_is_told_once_of_many_epochs_and_no_flood_of_lines_is_told() -> None:
    broker = MemoryBroker()
    async with telling(broker) as tidings:
        for epoch in range(4, 1000):
            tidings.stale(held("line1"), epoch, "it is spoilt")
        for number in range(2 * MAX_LINES):
            tidings.stale(held(f"other-{number}"), 4, "it is spoilt")
        tidings.stale(held("last"), 4, "it is spoilt")
        events = await told(broker, MAX_LINES)
    assert {event.kind for event in events} == {LineEventKind.BANK_STALE}
    assert len({event.line for event in events}) == len(events) == MAX_LINES
    assert "cannot load epoch 4 and goes on with epoch 3: it is spoilt" in events[0].sentence


async def test_what_the_broker_does_not_take_is_told_when_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.inspector.tidings._FIRST_PAUSE", 0.01)
    broker = MemoryBroker()
    async with telling(broker, failures=3) as tidings:
        tidings.stale(held("line1"), 4, "it is spoilt")
        (event,) = await told(broker, 1)
    assert event.line == "line1"
