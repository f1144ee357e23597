"""Frames from clients that are not ours: librdkafka, as kcat and most languages use it."""

import asyncio
from typing import Any

import pytest
from confluent_kafka import Producer

from schemas.topics import TopicKind
from service.settings import KafkaSettings
from service.stream.base import Broker
from tests.conftest import KAFKA
from tests.stream.polling import take, topic

outside = pytest.mark.parametrize("backend", ["tansu", KAFKA], indirect=True)


async def produce(settings: KafkaSettings, options: dict[str, Any] | None = None, **record: Any) -> None:
    producer = Producer(
        {"bootstrap.servers": settings.bootstrap, "message.max.bytes": 10_000_000, **(options or {})}
    )
    producer.produce(**record)
    assert await asyncio.to_thread(producer.flush, 10) == 0


@outside
async def test_frame_of_librdkafka_with_a_key_alone_is_read(
    broker: Broker, kafka_settings: KafkaSettings
) -> None:
    name = await topic(broker, kafka_settings, TopicKind.FRAMES, partitions=3)
    await produce(kafka_settings, topic=name, key=b"line1", value=b"\xff\xd8jpeg")
    (record,) = await take(await broker.reader(name), 1)
    assert (record.key, record.value, record.headers) == (b"line1", b"\xff\xd8jpeg", ())


@outside
@pytest.mark.parametrize("codec", ["gzip", "lz4", "snappy", "zstd"])
async def test_compressed_frame_of_librdkafka_is_read(
    codec: str, broker: Broker, kafka_settings: KafkaSettings
) -> None:
    name = await topic(broker, kafka_settings, TopicKind.FRAMES)
    value = b"pixels" * 10_000
    await produce(kafka_settings, {"compression.type": codec}, topic=name, key=b"line1", value=value)
    (record,) = await take(await broker.reader(name), 1)
    assert record.value == value


@outside
async def test_header_without_a_value_is_read_as_an_empty_one(
    broker: Broker, kafka_settings: KafkaSettings
) -> None:
    name = await topic(broker, kafka_settings, TopicKind.FRAMES)
    await produce(kafka_settings, topic=name, key=b"k", value=b"v", headers=[("camera", None), ("n", b"1")])
    (record,) = await take(await broker.reader(name), 1)
    assert record.headers == (("camera", b""), ("n", b"1"))


@pytest.mark.parametrize("backend", [KAFKA], indirect=True)
async def test_aborted_transaction_is_never_seen(broker: Broker, kafka_settings: KafkaSettings) -> None:
    name = await topic(broker, kafka_settings, TopicKind.FRAMES)
    producer = Producer({"bootstrap.servers": kafka_settings.bootstrap, "transactional.id": name})
    await asyncio.to_thread(producer.init_transactions, 20)
    for value, end in ((b"aborted", producer.abort_transaction), (b"kept", producer.commit_transaction)):
        producer.begin_transaction()
        producer.produce(name, key=b"line1", value=value)
        await asyncio.to_thread(producer.flush, 10)
        await asyncio.to_thread(end, 10)
    (record,) = await take(await broker.reader(name), 1)
    assert record.value == b"kept"
