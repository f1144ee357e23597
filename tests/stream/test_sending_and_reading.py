"""What every backend of the port promises of sending and of reading without a group."""

import asyncio

import pytest

from schemas.topics import TopicKind
from service.settings import KafkaSettings
from service.stream.base import Broker, StreamError
from tests.stream.polling import take, topic


async def test_concurrent_sends_keep_the_order_of_the_calls(
    broker: Broker, kafka_settings: KafkaSettings
) -> None:
    name = await topic(broker, kafka_settings, TopicKind.VERDICTS)
    producer = await broker.producer()
    # Large enough that a batch fills and the senders queue for the next one.
    values = [str(number).encode().ljust(100_000) for number in range(40)]
    placed = await asyncio.gather(*(producer.send(name, key=b"line1", value=value) for value in values))
    records = await take(await broker.reader(name), len(values))
    assert [record.value for record in records] == values
    assert [record.offset for record in records] == [place.offset for place in placed] == list(range(40))


async def test_acknowledged_record_is_readable_where_it_was_placed(
    broker: Broker, kafka_settings: KafkaSettings
) -> None:
    name = await topic(broker, kafka_settings, TopicKind.FRAMES, partitions=3)
    placed = await (await broker.producer()).send(name, key=b"line1", value=b"x", partition=2)
    (record,) = await take(await broker.reader(name), 1)
    assert (record.topic, record.partition, record.offset) == (name, placed.partition, placed.offset)
    assert placed.partition == 2
    assert record.timestamp_ms == placed.timestamp_ms > 1_600_000_000_000


async def test_one_key_always_lies_in_one_partition(broker: Broker, kafka_settings: KafkaSettings) -> None:
    name = await topic(broker, kafka_settings, TopicKind.FRAMES, partitions=4)
    producer = await broker.producer()
    placed = [await producer.send(name, key=b"line7", value=bytes([number])) for number in range(8)]
    assert len({place.partition for place in placed}) == 1


async def test_headers_come_back_as_they_were_sent(broker: Broker, kafka_settings: KafkaSettings) -> None:
    name = await topic(broker, kafka_settings, TopicKind.ALERTS)
    headers = (("ce_id", b"1"), ("twice", b"a"), ("twice", b""), ("raw", b"\xff\x00"))
    await (await broker.producer()).send(name, key=b"k", value=b"v", headers=headers)
    (record,) = await take(await broker.reader(name), 1)
    assert record.headers == headers


async def test_absent_key_or_value_stays_absent_and_empty_stays_empty(
    broker: Broker, kafka_settings: KafkaSettings
) -> None:
    name = await topic(broker, kafka_settings, TopicKind.FRAMES)
    producer = await broker.producer()
    sent: list[tuple[bytes | None, bytes | None]] = [(None, b"v"), (b"k", None), (b"", b"")]
    for key, value in sent:
        await producer.send(name, key=key, value=value)
    records = await take(await broker.reader(name), 3)
    assert [(record.key, record.value) for record in records] == sent
    with pytest.raises(ValueError, match="needs a key or a value"):
        await producer.send(name, key=None, value=None)


async def test_frame_of_eight_megabytes_goes_through(broker: Broker, kafka_settings: KafkaSettings) -> None:
    name = await topic(broker, kafka_settings, TopicKind.FRAMES)
    frame = bytes(range(256)) * (8 * 2**20 // 256)
    await (await broker.producer()).send(name, key=b"line1", value=frame)
    (record,) = await take(await broker.reader(name), 1)
    assert record.value == frame


async def test_record_that_is_too_large_is_refused_and_harms_no_other(
    broker: Broker, kafka_settings: KafkaSettings
) -> None:
    name = await topic(broker, kafka_settings, TopicKind.FRAMES)
    producer = await broker.producer()
    with pytest.raises(StreamError, match="too large: send it by reference"):
        await producer.send(name, key=b"k", value=bytes(kafka_settings.max_message_bytes + 100_000))
    assert (await producer.send(name, key=b"k", value=b"small")).offset == 0


async def test_missing_topic_is_named_and_not_created(broker: Broker, prefix: str) -> None:
    missing = f"{prefix}nothing"
    producer = await broker.producer()
    for asked in (
        broker.partitions(missing),
        broker.join(missing, "group"),
        broker.reader(missing),
        producer.send(missing, key=b"k", value=b"v"),
    ):
        with pytest.raises(StreamError, match=f"{missing} does not exist"):
            await asked


async def test_partition_that_does_not_exist_is_named(broker: Broker, kafka_settings: KafkaSettings) -> None:
    name = await topic(broker, kafka_settings, TopicKind.FRAMES)
    with pytest.raises(StreamError, match="has no partition 9"):
        await (await broker.producer()).send(name, key=b"k", value=b"v", partition=9)


async def test_bounds_are_the_first_kept_and_the_next_offset(
    broker: Broker, kafka_settings: KafkaSettings
) -> None:
    name = await topic(broker, kafka_settings, TopicKind.VERDICTS, partitions=2)
    producer = await broker.producer()
    for _ in range(3):
        await producer.send(name, key=b"k", value=b"v", partition=1)
    assert await (await broker.reader(name)).bounds() == {0: (0, 0), 1: (0, 3)}


async def test_reader_reads_to_the_end_and_then_gives_nothing(
    broker: Broker, kafka_settings: KafkaSettings
) -> None:
    name = await topic(broker, kafka_settings, TopicKind.VERDICTS, partitions=2)
    producer = await broker.producer()
    for number in range(10):
        await producer.send(name, key=b"k", value=bytes([number]), partition=number % 2)
    reader = await broker.reader(name)
    records = await take(reader, 10, at_once=3)
    for partition in (0, 1):
        offsets = [record.offset for record in records if record.partition == partition]
        assert offsets == list(range(5))
    assert not await reader.poll(timeout_ms=100, max_records=10)


async def test_reader_at_the_end_sees_only_what_comes_later(
    broker: Broker, kafka_settings: KafkaSettings
) -> None:
    name = await topic(broker, kafka_settings, TopicKind.BANKS)
    producer = await broker.producer()
    await producer.send(name, key=b"k", value=b"before")
    reader = await broker.reader(name, at_end=True)
    await producer.send(name, key=b"k", value=b"after")
    assert [record.value for record in await take(reader, 1)] == [b"after"]


async def test_reader_goes_on_from_where_it_seeks(broker: Broker, kafka_settings: KafkaSettings) -> None:
    name = await topic(broker, kafka_settings, TopicKind.VERDICTS)
    producer = await broker.producer()
    for number in range(6):
        await producer.send(name, key=b"k", value=bytes([number]))
    reader = await broker.reader(name)
    await take(reader, 6)
    reader.seek(0, 4)
    assert [record.offset for record in await take(reader, 2)] == [4, 5]


async def test_reader_of_named_partitions_reads_no_other(
    broker: Broker, kafka_settings: KafkaSettings
) -> None:
    name = await topic(broker, kafka_settings, TopicKind.VERDICTS, partitions=3)
    producer = await broker.producer()
    for number in range(3):
        await producer.send(name, key=b"k", value=bytes([number]), partition=number)
    reader = await broker.reader(name, partitions=frozenset({1}))
    assert await reader.bounds() == {1: (0, 1)}
    assert [record.partition for record in await take(reader, 1)] == [1]
    assert not await reader.poll(timeout_ms=100, max_records=10)
    with pytest.raises(StreamError, match="has no partition 3"):
        await broker.reader(name, partitions=frozenset({0, 3}))


async def test_poll_gives_at_most_what_was_asked(broker: Broker, kafka_settings: KafkaSettings) -> None:
    name = await topic(broker, kafka_settings, TopicKind.VERDICTS, partitions=3)
    producer = await broker.producer()
    for number in range(9):
        await producer.send(name, key=b"k", value=b"v", partition=number % 3)
    reader = await broker.reader(name)
    seen = 0
    while seen < 9:
        records = await reader.poll(timeout_ms=2_000, max_records=2)
        assert 1 <= len(records) <= 2
        seen += len(records)
