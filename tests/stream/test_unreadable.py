"""A record that the library cannot read is given as unreadable, and stops nothing behind it."""

from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy

from schemas.topics import TopicKind
from service.settings import KafkaSettings
from service.stream.base import Broker, Record
from service.stream.kafka_member import KafkaMember
from tests.conftest import KAFKA
from tests.stream.polling import take, topic


class Latin1(str):
    """A header's name as a C client sends it that knows no UTF-8."""

    __slots__ = ()

    def encode(self, *_: Any) -> bytes:
        return b"kamera-\xfc"


async def send_latin1(settings: KafkaSettings, name: str, values: list[bytes]) -> None:
    """One batch in which every second record has such a header."""
    async with AIOKafkaProducer(bootstrap_servers=settings.bootstrap, acks="all") as producer:
        batch = producer.create_batch()
        # The builder in C refuses to encode what is no UTF-8.
        batch._builder = _DefaultRecordBatchBuilderPy(2, 0, 0, -1, -1, 0, 2**20)
        for number, value in enumerate(values):
            headers = [(Latin1("x"), b"1")] if number % 2 else []
            batch.append(key=b"line1", value=value, timestamp=1_700_000_000_000, headers=headers)
        batch.close()
        await (await producer.send_batch(batch, name, partition=0))


def told(records: list[Record]) -> list[tuple[int, bytes | None, list[str]]]:
    return [(r.offset, r.value, [name for name, _ in r.headers]) for r in records if r.partition == 0]


MENDED = ["kamera-\ufffd"]


@pytest.mark.parametrize("backend", ["tansu", KAFKA], indirect=True)
async def test_header_that_is_no_utf8_stops_no_reader(broker: Broker, kafka_settings: KafkaSettings) -> None:
    name = await topic(broker, kafka_settings, TopicKind.FRAMES)
    producer = await broker.producer()
    await producer.send(name, key=b"k", value=b"before")
    await send_latin1(kafka_settings, name, [b"a", b"b", b"c", b"d"])
    await producer.send(name, key=b"k", value=b"after")
    expected = [(0, b"before", []), (1, b"a", []), (2, b"b", MENDED), (3, b"c", []), (4, b"d", MENDED)]
    for at_once in (1, 3, 100):
        records = await take(await broker.reader(name), 6, at_once=at_once)
        assert told(records) == [*expected, (5, b"after", [])]


@pytest.mark.parametrize("backend", [KAFKA], indirect=True)
async def test_header_that_is_no_utf8_stops_no_member(broker: Broker, kafka_settings: KafkaSettings) -> None:
    name = await topic(broker, kafka_settings, TopicKind.FRAMES, partitions=2)
    producer = await broker.producer()
    await send_latin1(kafka_settings, name, [b"a", b"b", b"c"])
    await producer.send(name, key=b"k", value=b"elsewhere", partition=1)
    member = await broker.join(name, "group")
    records = await take(member, 4)
    assert told(records) == [(0, b"a", []), (1, b"b", MENDED), (2, b"c", [])]
    assert isinstance(member, KafkaMember)
    while member._fetch is not None:
        await member.poll(timeout_ms=50, max_records=1)
    # Otherwise the library never again notices that polls have stopped.
    assert member._consumer._subscription._fetch_count == 0


@pytest.mark.parametrize("backend", [KAFKA], indirect=True)
async def test_batch_whose_checksum_is_wrong_is_given_as_unreadable(
    broker: Broker, kafka_settings: KafkaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = await topic(broker, kafka_settings, TopicKind.FRAMES)
    producer = await broker.producer()
    for value in (b"one", b"two", b"three"):
        await producer.send(name, key=b"k", value=value)
    damage_second_record(monkeypatch)
    records = await take(await broker.reader(name), 3)
    assert told(records) == [(0, b"one", []), (1, None, []), (2, b"three", [])]
    assert [record.unreadable for record in records] == [
        None,
        "[Error 2] CorruptRecordException: a batch whose checksum is wrong",
        None,
    ]


def damage_second_record(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the disk had: one bit of the second record flips on its way in."""
    send = AIOKafkaClient.send

    async def damaged(client: Any, node: Any, request: Any, **options: Any) -> Any:
        response = await send(client, node, request, **options)
        return _flipped(response) if isinstance(request, FetchRequest) else response

    monkeypatch.setattr(AIOKafkaClient, "send", damaged)


def _flipped(response: Any) -> Any:
    response.topics = [
        (name, [(*rest, bytes(data).replace(b"two", b"twp")) for *rest, data in partitions])
        for name, partitions in response.topics
    ]
    return response
