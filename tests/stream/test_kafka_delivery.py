"""What happens to sends and commits when the broker hangs: a real Kafka, frozen where it stands."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from schemas.topics import TopicKind
from service.settings import KafkaSettings
from service.stream.base import DeliveryError, StreamError
from service.stream.kafka_broker import KafkaBroker
from tests.harness.kafka import KafkaCluster
from tests.stream.polling import take, topic

pytestmark = pytest.mark.kafka


@pytest.fixture(scope="module")
def cluster() -> Iterator[KafkaCluster]:
    """A Kafka of our own, to be frozen."""
    with KafkaCluster() as cluster:
        yield cluster


@pytest.fixture
def settings(cluster: KafkaCluster, prefix: str) -> KafkaSettings:
    return KafkaSettings(
        bootstrap=cluster.bootstrap,
        topic_prefix=prefix,
        delivery_seconds=1.5,
        start_seconds=20,
        session_timeout_ms=6_000,
        heartbeat_ms=500,
    )


@pytest.fixture
async def hanging(cluster: KafkaCluster, settings: KafkaSettings) -> AsyncIterator[KafkaBroker]:
    """The broker behind the port; whatever the test freezes goes on before it is closed."""
    broker = KafkaBroker(settings)
    yield broker
    cluster.programs[0].thaw()
    await broker.close()


async def test_send_to_a_hanging_broker_fails_within_the_deadline_and_the_next_one_goes_through(
    hanging: KafkaBroker, cluster: KafkaCluster, settings: KafkaSettings
) -> None:
    name = await topic(hanging, settings, TopicKind.VERDICTS)
    producer = await hanging.producer()
    await producer.send(name, key=b"k", value=b"before")
    cluster.programs[0].freeze()
    loop = asyncio.get_running_loop()
    began = loop.time()
    sends = [producer.send(name, key=b"k", value=b"lost%d" % number) for number in range(3)]
    results = await asyncio.gather(*sends, return_exceptions=True)
    assert all(isinstance(result, DeliveryError) for result in results)
    assert loop.time() - began < 2.5
    cluster.programs[0].thaw()
    await producer.send(name, key=b"k", value=b"after")
    values = [record.value for record in await take(await hanging.reader(name), 2)]
    while values[-1] != b"after":
        values += [record.value for record in await take(await hanging.reader(name), 1)]
    assert values[0] == b"before"


async def test_sends_after_a_failed_one_keep_their_order(
    hanging: KafkaBroker, cluster: KafkaCluster, settings: KafkaSettings
) -> None:
    name = await topic(hanging, settings, TopicKind.VERDICTS)
    producer = await hanging.producer()
    cluster.programs[0].freeze()
    with pytest.raises(DeliveryError, match=r"may or may not be in the log"):
        await producer.send(name, key=b"k", value=b"lost")
    cluster.programs[0].thaw()
    sent = [b"%d" % number for number in range(20)]
    await asyncio.gather(*(producer.send(name, key=b"k", value=value) for value in sent))
    reader = await hanging.reader(name)
    (end,) = (bounds[1] for bounds in (await reader.bounds()).values())
    values = [record.value for record in await take(reader, end)]
    assert [value for value in values if value != b"lost"] == sent


async def test_commit_to_a_hanging_broker_says_so_and_may_be_tried_again(
    hanging: KafkaBroker, cluster: KafkaCluster, settings: KafkaSettings
) -> None:
    name = await topic(hanging, settings, TopicKind.FRAMES)
    await (await hanging.producer()).send(name, key=b"k", value=b"v")
    member = await hanging.join(name, "group")
    await take(member, 1)
    cluster.programs[0].freeze()
    with pytest.raises(StreamError, match=r"had no answer within 1\.5 s"):
        await member.commit({0: 1}, generation=member.generation)
    cluster.programs[0].thaw()
    assert await member.commit({0: 1}, generation=member.generation)
    assert await member.committed(0) == 1


async def test_producer_of_a_hanging_broker_closes(
    hanging: KafkaBroker, cluster: KafkaCluster, settings: KafkaSettings
) -> None:
    name = await topic(hanging, settings, TopicKind.VERDICTS)
    producer = await hanging.producer()
    await producer.send(name, key=b"k", value=b"v")
    cluster.programs[0].freeze()
    send = asyncio.create_task(producer.send(name, key=b"k", value=b"v"))
    await asyncio.sleep(0.1)
    async with asyncio.timeout(5):
        await producer.close()
    with pytest.raises(DeliveryError):
        await send
