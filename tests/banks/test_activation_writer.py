"""Writers that race, are stopped or lose an answer: the line is never torn, and each knows its fate."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from schemas.activation import Activated
from schemas.topics import TOPICS, TopicKind
from service.banks.activation_log import activation_headers
from service.banks.activation_reader import ActivationFollower
from service.banks.activation_writer import ActivationWriter, Lost
from service.settings import StoreSettings
from service.store import ObjectStore, StoreUnreachable, open_store
from service.store.keys import activation_key
from service.stream.base import DeliveryError, Placed, Producer, Record, StreamError
from service.stream.memory import MemoryBroker
from tests.banks.conftest import NOON, draft_of

TOPIC = "patchline.banks"
COMMAND = UUID(int=7)
Clock = Callable[[], datetime]


@pytest.fixture
async def broker() -> AsyncIterator[MemoryBroker]:
    opened = MemoryBroker()
    await opened.create_topics({TOPIC: TOPICS[TopicKind.BANKS]}, partitions=4, replication=1)
    yield opened
    await opened.close()


async def follower_of(broker: MemoryBroker) -> ActivationFollower:
    return ActivationFollower(await broker.reader(TOPIC), TOPIC, timeout_seconds=5)


async def writer_of(
    broker: MemoryBroker, store: ObjectStore, clock: Clock, producer: Producer | None = None
) -> ActivationWriter:
    sender = producer or await broker.producer()
    return ActivationWriter(sender, await follower_of(broker), store, TOPIC, clock)


class Interrupted:
    """A producer before whose sends something else happens first, as when its process was stopped."""

    def __init__(self, inner: Producer, before: Callable[[], Awaitable[object]]) -> None:
        self._inner = inner
        self._before: Callable[[], Awaitable[object]] | None = before

    async def send(
        self,
        topic: str,
        *,
        key: bytes | None,
        value: bytes | None,
        headers: tuple[tuple[str, bytes], ...] = (),
        partition: int | None = None,
    ) -> Placed:
        before, self._before = self._before, None
        if before is not None:
            await before()
        return await self._inner.send(topic, key=key, value=value, headers=headers, partition=partition)

    async def close(self) -> None:
        await self._inner.close()


class LosesAnswers:
    """A producer whose first record arrives, but whose acknowledgement does not."""

    def __init__(self, inner: Producer) -> None:
        self._inner = inner
        self._lost = False

    async def send(
        self,
        topic: str,
        *,
        key: bytes | None,
        value: bytes | None,
        headers: tuple[tuple[str, bytes], ...] = (),
        partition: int | None = None,
    ) -> Placed:
        placed = await self._inner.send(topic, key=key, value=value, headers=headers, partition=partition)
        if not self._lost:
            self._lost = True
            raise DeliveryError("no acknowledgement came in time: check the broker")
        return placed

    async def close(self) -> None:
        await self._inner.close()


async def test_an_activation_is_in_the_log_and_in_the_store(
    broker: MemoryBroker, store: ObjectStore, clock: Clock
) -> None:
    writer = await writer_of(broker, store, clock)
    first = await writer.activate("line1", draft_of("01" * 32))
    second = await writer.activate("line1", draft_of("02" * 32, based_on=1))
    other = await writer.activate("line2", draft_of())
    assert isinstance(first, Activated)
    assert isinstance(second, Activated)
    assert isinstance(other, Activated)
    assert (first.epoch, second.epoch, other.epoch) == (1, 2, 1)
    assert Activated.from_bytes(await store.get(activation_key("line1", 2))) == second
    follower = await follower_of(broker)
    changes = await follower.read_to_end()
    assert [change.entry.activation for change in changes] == [first, second, other]


async def test_the_headers_tell_the_line_and_the_epoch(
    broker: MemoryBroker, store: ObjectStore, clock: Clock
) -> None:
    await (await writer_of(broker, store, clock)).activate("line1", draft_of())
    records = await (await broker.reader(TOPIC)).poll(timeout_ms=1000, max_records=10)
    headers = dict(records[0].headers)
    assert (records[0].partition, records[0].key) == (0, b"line1")
    assert set(activation_headers("line1", 1)) <= set(records[0].headers)
    assert (headers["ce_type"], headers["ce_subject"]) == (b"patchline.bank.v1", b"line1")


async def test_of_racing_writers_one_wins_and_the_others_are_told_by_whom(
    broker: MemoryBroker, store: ObjectStore, clock: Clock
) -> None:
    winner = await writer_of(broker, store, clock)
    stopped = await writer_of(
        broker,
        store,
        lambda: NOON + timedelta(seconds=1),
        Interrupted(await broker.producer(), lambda: winner.activate("line1", draft_of("01" * 32))),
    )
    lost = await stopped.activate("line1", draft_of("02" * 32))
    assert isinstance(lost, Lost)
    assert lost.winner.activation is not None
    assert lost.winner.activation.version == "01" * 32
    kept = Activated.from_bytes(await store.get(activation_key("line1", 1)))
    assert kept.version == "01" * 32
    rebased = await stopped.activate("line1", draft_of("03" * 32, based_on=lost.winner.epoch))
    assert isinstance(rebased, Activated)
    assert rebased.epoch == 2


async def test_many_writers_at_once_tear_no_line(
    broker: MemoryBroker, store: ObjectStore, clock: Clock
) -> None:
    writers = [await writer_of(broker, store, clock) for _ in range(6)]

    async def insist(number: int) -> Activated:
        while True:
            done = await writers[number].activate("line1", draft_of(f"{number:064x}"))
            if isinstance(done, Activated):
                return done

    done = await asyncio.gather(*(insist(number) for number in range(6)))
    follower = await follower_of(broker)
    await follower.read_to_end()
    activations = [entry.activation for entry in follower.log.history("line1")]
    assert sorted(done, key=lambda a: a.epoch) == activations
    assert len([item async for item in store.list("activations")]) == 6


async def test_a_draft_made_from_an_older_epoch_is_lost_and_writes_nothing(
    broker: MemoryBroker, store: ObjectStore, clock: Clock
) -> None:
    writer = await writer_of(broker, store, clock)
    await writer.activate("line1", draft_of("01" * 32))
    await writer.activate("line1", draft_of("02" * 32))
    lost = await writer.activate("line1", draft_of("03" * 32, based_on=1))
    assert isinstance(lost, Lost)
    assert lost.winner.epoch == 2
    assert (await (await broker.reader(TOPIC)).bounds())[0][1] == 2


async def test_a_command_is_in_force_once_however_often_it_comes(
    broker: MemoryBroker, store: ObjectStore, clock: Clock
) -> None:
    writer = await writer_of(broker, store, clock)
    first = await writer.activate("line1", draft_of(command_id=COMMAND))
    await writer.activate("line1", draft_of("02" * 32))
    other = await writer_of(broker, store, clock)
    assert await other.activate("line1", draft_of(command_id=COMMAND, based_on=0)) == first
    assert (await (await broker.reader(TOPIC)).bounds())[0][1] == 2


async def test_after_a_lost_acknowledgement_trying_again_finds_the_record(
    broker: MemoryBroker, store: ObjectStore, clock: Clock
) -> None:
    writer = await writer_of(broker, store, clock, LosesAnswers(await broker.producer()))
    with pytest.raises(DeliveryError):
        await writer.activate("line1", draft_of(command_id=COMMAND))
    done = await writer.activate("line1", draft_of(command_id=COMMAND))
    assert isinstance(done, Activated)
    assert done.epoch == 1


async def test_a_store_that_is_gone_undoes_no_activation_and_is_caught_up_later(
    broker: MemoryBroker, store: ObjectStore, clock: Clock
) -> None:
    gone = open_store(StoreSettings(url="memory://"))

    async def put(key: str, data: bytes, *, create_only: bool = False) -> bool:
        raise StoreUnreachable("the store is gone: wait")

    gone.put = put  # type: ignore[method-assign]
    done = await (await writer_of(broker, gone, clock)).activate("line1", draft_of())
    assert isinstance(done, Activated)
    later = await writer_of(broker, store, clock)
    assert await later.archive() == 1
    assert await later.archive() == 0
    assert Activated.from_bytes(await store.get(activation_key("line1", 1))) == done


async def test_an_unreadable_epoch_is_built_upon(
    broker: MemoryBroker, store: ObjectStore, clock: Clock
) -> None:
    producer = await broker.producer()
    await producer.send(TOPIC, key=b"line1", value=b"{new", headers=activation_headers("line1", 1))
    done = await (await writer_of(broker, store, clock)).activate("line1", draft_of(based_on=1))
    assert isinstance(done, Activated)
    assert done.epoch == 2


async def test_a_follower_tells_of_changes_as_they_come(
    broker: MemoryBroker, store: ObjectStore, clock: Clock
) -> None:
    follower = await follower_of(broker)
    assert await follower.read_to_end() == []
    writer = await writer_of(broker, store, clock)
    changes = follower.follow()
    for epoch in (1, 2):
        task = asyncio.ensure_future(anext(changes))
        await writer.activate("line1", draft_of())
        assert (await asyncio.wait_for(task, 5)).entry.epoch == epoch
    await changes.aclose()  # type: ignore[attr-defined]
    await follower.close()


async def test_a_topic_with_several_partitions_is_refused() -> None:
    broker = MemoryBroker()
    await broker.create_topics({TOPIC: TOPICS[TopicKind.FRAMES]}, partitions=2, replication=1)
    with pytest.raises(StreamError, match="has 2 partitions: create it again with one"):
        await (await follower_of(broker)).read_to_end()


async def test_a_topic_that_has_forgotten_records_is_refused() -> None:
    class Forgetful:
        async def bounds(self) -> dict[int, tuple[int, int]]:
            return {0: (3, 9)}

        async def poll(self, *, timeout_ms: int, max_records: int) -> list[Record]:
            return [Record(TOPIC, 0, offset, 0, b"line1", b"", ()) for offset in range(3, 9)]

    follower = ActivationFollower(Forgetful(), TOPIC)  # type: ignore[arg-type]
    with pytest.raises(StreamError, match=r"has forgotten its first 3 records: .*banks restore"):
        await follower.read_to_end()


async def test_a_log_whose_end_never_comes_is_said_to_be_stuck() -> None:
    class Stuck:
        async def bounds(self) -> dict[int, tuple[int, int]]:
            return {0: (0, 9)}

        async def poll(self, *, timeout_ms: int, max_records: int) -> list[Record]:
            await asyncio.sleep(0.01)
            return []

    follower = ActivationFollower(Stuck(), TOPIC, timeout_seconds=0.05)  # type: ignore[arg-type]
    with pytest.raises(StreamError, match=r"was read to 0 of 9 in 0\.05 s"):
        await follower.read_to_end()
