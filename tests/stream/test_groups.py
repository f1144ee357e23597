"""What the port promises of groups: rebalances, commits, pauses and seeks.

Tansu is slow to join and to notice a leave, so one test stands for it.
"""

import asyncio

import pytest

from schemas.topics import TopicKind
from service.settings import KafkaSettings
from service.stream.base import Broker, Member, StreamError
from tests.conftest import KAFKA
from tests.stream.polling import PATIENCE, Diary, poll_until, take, topic

quick = pytest.mark.parametrize("backend", ["memory", KAFKA], indirect=True)
# In memory a member has its partitions before ``join`` returns, and a listener's error is its causer's.
kafka = pytest.mark.parametrize("backend", [KAFKA], indirect=True)
PARTITIONS = 4


@pytest.fixture
async def frames(broker: Broker, kafka_settings: KafkaSettings) -> str:
    """A topic of four partitions with five records in each."""
    name = await topic(broker, kafka_settings, TopicKind.FRAMES, PARTITIONS)
    producer = await broker.producer()
    sends = [
        producer.send(name, key=b"line", value=f"{partition}/{number}".encode(), partition=partition)
        for number in range(5)
        for partition in range(PARTITIONS)
    ]
    await asyncio.gather(*sends)
    return name


async def joined(broker: Broker, name: str, group: str = "inspectors") -> Member:
    """A member that has its partitions."""
    member = await broker.join(name, group)
    async with asyncio.timeout(PATIENCE):
        while not member.assignment:  # noqa: ASYNC110  # polling would take records
            await asyncio.sleep(0.02)
    return member


async def test_new_member_goes_on_after_the_committed_offset(broker: Broker, frames: str) -> None:
    member = await broker.join(frames, "inspectors")
    records = await take(member, 20)
    assert len(records) == 20
    assert await member.committed(0) is None
    assert await member.commit({0: 3, 1: 5, 2: 5, 3: 5}, generation=member.generation)
    assert await member.committed(0) == 3
    assert await broker.committed(frames, "inspectors") == {0: 3, 1: 5, 2: 5, 3: 5}
    assert await broker.committed(frames, "nobody") == dict.fromkeys(range(PARTITIONS))
    assert await member.end_offsets() == dict.fromkeys(range(PARTITIONS), 5)
    await member.close()
    records = await take(await broker.join(frames, "inspectors"), 2)
    assert [record.value for record in records] == [b"0/3", b"0/4"]


@quick
async def test_two_members_share_the_partitions(broker: Broker, frames: str) -> None:
    first = await joined(broker, frames)
    second = await broker.join(frames, "inspectors")
    await poll_until(lambda: len(first.assignment) == len(second.assignment) == 2, first, second)
    assert first.assignment | second.assignment == set(range(PARTITIONS))
    await second.close()
    await poll_until(lambda: len(first.assignment) == PARTITIONS, first)


@quick
async def test_revoked_batch_is_never_committed(broker: Broker, frames: str) -> None:
    first = await joined(broker, frames)
    records = await take(first, 20)
    fetched_under = first.generation
    second = await broker.join(frames, "inspectors")
    await poll_until(lambda: len(second.assignment) == 2, first, second)
    offsets = {record.partition: record.offset + 1 for record in records}
    assert not await first.commit(offsets, generation=fetched_under)
    kept = {number: offsets[number] for number in first.assignment}
    assert not await first.commit(kept, generation=fetched_under)
    assert [await second.committed(number) for number in range(PARTITIONS)] == [None] * PARTITIONS


@quick
async def test_commit_under_an_old_generation_is_refused(broker: Broker, frames: str) -> None:
    member = await joined(broker, frames)
    generation = member.generation
    assert await member.commit({0: 1}, generation=generation)
    assert not await member.commit({0: 2}, generation=generation - 1)
    assert not await member.commit({0: 2, 99: 1}, generation=generation)
    await member.close()
    assert not await member.commit({0: 2}, generation=generation)
    assert not await member.commit({0: 2}, generation=member.generation)


@quick
async def test_records_of_a_revoked_partition_come_again_to_its_new_owner(
    broker: Broker, frames: str
) -> None:
    first = await joined(broker, frames)
    await take(first, 20)
    assert await first.commit({0: 2}, generation=first.generation)
    await first.close()
    records = await take(await broker.join(frames, "inspectors"), 18)
    assert [record.value for record in records if record.partition == 0] == [b"0/2", b"0/3", b"0/4"]


@quick
async def test_listener_hears_of_every_revocation_before_the_next_assignment(
    broker: Broker, frames: str
) -> None:
    diary = Diary()
    first = await broker.join(frames, "inspectors", diary)
    await poll_until(lambda: bool(first.assignment), first)
    second = await broker.join(frames, "inspectors")
    await poll_until(lambda: len(first.assignment) == len(second.assignment) == 2, first, second)
    every = frozenset(range(PARTITIONS))
    assert diary.entries[:2] == [("assigned", every), ("revoked", every)]
    assert diary.entries[-1] == ("assigned", first.assignment)
    assert [kind for kind, _ in diary.entries] == ["assigned", "revoked"] * (len(diary.entries) // 2) + [
        "assigned"
    ] * (len(diary.entries) % 2)


@kafka
async def test_listener_may_seek_the_partitions_that_it_is_told_of(broker: Broker, frames: str) -> None:
    class SeekToTheEnd(Diary):
        async def partitions_assigned(self, partitions: frozenset[int]) -> None:
            await asyncio.sleep(0.3)
            for number in partitions:
                member.seek(number, 4)

    member = await broker.join(frames, "inspectors", SeekToTheEnd())
    records = await take(member, PARTITIONS)
    assert {record.offset for record in records} == {4}


@quick
async def test_seek_gives_records_again(broker: Broker, frames: str) -> None:
    member = await joined(broker, frames)
    await take(member, 20)
    member.seek(2, 3)
    records = await take(member, 2)
    assert [(record.partition, record.offset) for record in records] == [(2, 3), (2, 4)]
    member.seek(99, 0)


@quick
async def test_seek_between_polls_drops_what_was_fetched_ahead(broker: Broker, frames: str) -> None:
    member = await joined(broker, frames)
    member.pause({1, 2, 3})
    assert [record.offset for record in await take(member, 1, at_once=1)] == [0]
    member.seek(0, 0)
    assert [record.offset for record in await take(member, 5)] == [0, 1, 2, 3, 4]


@quick
async def test_pause_keeps_the_position(broker: Broker, frames: str) -> None:
    member = await joined(broker, frames)
    member.pause({0, 2})
    records = await take(member, 10)
    assert {record.partition for record in records} == {1, 3}
    assert not await member.poll(timeout_ms=300, max_records=10)
    member.resume({0, 2})
    records = await take(member, 10)
    assert [record.offset for record in records if record.partition == 0] == [0, 1, 2, 3, 4]
    assert {record.partition for record in records} == {0, 2}


@quick
async def test_member_with_everything_paused_gets_nothing_and_stays(broker: Broker, frames: str) -> None:
    member = await joined(broker, frames)
    generation = member.generation
    member.pause(range(PARTITIONS))
    for _ in range(5):
        assert not await member.poll(timeout_ms=50, max_records=10)
    assert member.generation == generation
    member.resume(range(PARTITIONS))
    assert len(await take(member, 20)) == 20


@quick
async def test_pause_survives_a_rebalance(broker: Broker, frames: str) -> None:
    first = await joined(broker, frames)
    first.pause(range(PARTITIONS))
    second = await broker.join(frames, "inspectors")
    await poll_until(lambda: len(first.assignment) == len(second.assignment) == 2, first, second)
    assert not await first.poll(timeout_ms=500, max_records=10)


@quick
async def test_cancelled_poll_loses_no_record(
    broker: Broker, kafka_settings: KafkaSettings, frames: str
) -> None:
    member = await joined(broker, frames)
    await take(member, 20)
    producer = await broker.producer()
    for number in range(20):
        poll = asyncio.create_task(member.poll(timeout_ms=1_000, max_records=10))
        await asyncio.sleep(0)
        await producer.send(frames, key=b"k", value=bytes([number]), partition=0)
        await asyncio.sleep(0.001 * (number % 5))
        poll.cancel()
        done = (await asyncio.gather(poll, return_exceptions=True))[0]
        if not isinstance(done, BaseException):
            member.seek(0, done[0].offset if done else 5 + number)
    records = await take(member, 1)
    while records[-1].offset < 24:
        records += await take(member, 1)
    offsets = [record.offset for record in records]
    assert offsets == list(range(offsets[0], 25))


@quick
async def test_poll_during_a_rebalance_returns_in_time(broker: Broker, frames: str) -> None:
    first = await joined(broker, frames)
    second = await broker.join(frames, "inspectors")
    loop = asyncio.get_running_loop()
    for _ in range(10):
        began = loop.time()
        await first.poll(timeout_ms=100, max_records=10)
        assert loop.time() - began < 0.5
    await poll_until(lambda: bool(second.assignment), first, second)


@kafka
async def test_failing_listener_is_raised_by_the_next_poll(broker: Broker, frames: str) -> None:
    class Failing(Diary):
        async def partitions_revoked(self, partitions: frozenset[int]) -> None:
            raise RuntimeError("no room")

    first = await broker.join(frames, "inspectors", Failing())
    await poll_until(lambda: bool(first.assignment), first)
    second = await broker.join(frames, "inspectors")
    with pytest.raises(StreamError, match=r"a listener of .* failed"):
        await poll_until(lambda: False, first, second)


@quick
async def test_groups_do_not_disturb_each_other(broker: Broker, frames: str) -> None:
    one, other = await joined(broker, frames, "one"), await joined(broker, frames, "other")
    assert len(await take(one, 20)) == len(await take(other, 20)) == 20
    assert await one.commit({0: 5}, generation=one.generation)
    assert await other.committed(0) is None
