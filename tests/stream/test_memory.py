"""What only the memory backend has: a bound of bytes, and members expelled at will."""

from schemas.topics import TopicKind
from service.settings import KafkaSettings
from service.stream.memory import MemoryBroker
from tests.stream.polling import take, topic

SETTINGS = KafkaSettings()


async def test_log_past_its_bound_drops_the_oldest_and_readers_go_on_from_the_first_kept() -> None:
    broker = MemoryBroker(partition_bytes=1_000)
    name = await topic(broker, SETTINGS, TopicKind.FRAMES)
    producer, member = await broker.producer(), await broker.join(name, "group")
    for _ in range(10):
        await producer.send(name, key=None, value=bytes(300))
    assert await (await broker.reader(name)).bounds() == {0: (7, 10)}
    assert [record.offset for record in await take(member, 3)] == [7, 8, 9]


async def test_topic_kept_for_ever_is_not_bounded() -> None:
    broker = MemoryBroker(partition_bytes=1_000)
    name = await topic(broker, SETTINGS, TopicKind.BANKS)
    for _ in range(10):
        await (await broker.producer()).send(name, key=None, value=bytes(300))
    assert await (await broker.reader(name)).bounds() == {0: (0, 10)}


async def test_expelled_member_commits_nothing_until_it_has_joined_again() -> None:
    broker = MemoryBroker()
    name = await topic(broker, SETTINGS, TopicKind.FRAMES, partitions=2)
    first, second = await broker.join(name, "group"), await broker.join(name, "group")
    await broker.expel(first)
    assert second.assignment == {0, 1}
    partition = min(first.assignment)
    assert not await first.commit({partition: 1}, generation=first.generation)
    await first.poll(timeout_ms=0, max_records=1)
    assert len(first.assignment) == len(second.assignment) == 1
    assert await first.commit({min(first.assignment): 1}, generation=first.generation)


async def test_small_polls_starve_no_partition() -> None:
    broker = MemoryBroker()
    name = await topic(broker, SETTINGS, TopicKind.FRAMES, partitions=3)
    producer = await broker.producer()
    for number in range(90):
        await producer.send(name, key=None, value=b"v", partition=number % 3)
    records = await take(await broker.reader(name), 9, at_once=1)
    assert sorted(record.partition for record in records) == [0, 0, 0, 1, 1, 1, 2, 2, 2]
