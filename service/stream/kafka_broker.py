"""Kafka behind the port."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from schemas.topics import TopicSpec
from service.settings import KafkaSettings
from service.stream.base import AssignmentListener, Member, Producer, Reader, StreamError, wanted_partitions
from service.stream.kafka_commits import group_commits
from service.stream.kafka_member import KafkaMember
from service.stream.kafka_producer import KafkaProducer
from service.stream.kafka_reader import KafkaReader
from service.stream.kafka_topics import KafkaTopics
from service.stream.topic_differences import Difference


class _Closable(Protocol):
    async def close(self) -> None: ...


class KafkaBroker:
    """A Kafka installation; also anything that speaks its protocol, such as Tansu. Connects when asked
    for something, and tries an unreachable broker for ``start_seconds``."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._topics = KafkaTopics(settings)
        self._taken: list[_Closable] = []

    async def create_topics(
        self, specs: Mapping[str, TopicSpec], *, partitions: int, replication: int
    ) -> None:
        """See the port."""
        await self._topics.create(specs, partitions=partitions, replication=replication)

    async def check_topics(self, specs: Mapping[str, TopicSpec]) -> Sequence[str]:
        """See the port; a setting that the broker does not tell is not complained of."""
        return await self._topics.check(specs)

    async def topic_differences(self, specs: Mapping[str, TopicSpec]) -> Sequence[Difference]:
        """Where existing topics are kept otherwise than specs and settings say, with how to mend it."""
        return await self._topics.differences(specs)

    async def partitions(self, topic: str) -> int:
        """See the port."""
        counts = await self._topics.counts()
        if topic not in counts:
            raise StreamError(f"topic {topic} does not exist on {self._settings.bootstrap}: create it first")
        return counts[topic]

    async def producer(self) -> Producer:
        """See the port."""
        producer = KafkaProducer(self._settings, self._topics.counts)
        self._taken.append(producer)
        await producer.start()
        return producer

    async def join(self, topic: str, group: str, listener: AssignmentListener | None = None) -> Member:
        """See the port."""
        await self.partitions(topic)
        member = await KafkaMember.start(self._settings, topic, group, listener)
        self._taken.append(member)
        return member

    async def reader(
        self, topic: str, *, at_end: bool = False, partitions: frozenset[int] | None = None
    ) -> Reader:
        """See the port."""
        wanted = wanted_partitions(topic, await self.partitions(topic), partitions)
        reader = await KafkaReader.start(self._settings, topic, wanted, at_end=at_end)
        self._taken.append(reader)
        return reader

    async def committed(self, topic: str, group: str) -> Mapping[int, int | None]:
        """See the port."""
        return await group_commits(self._settings, topic, group, await self.partitions(topic))

    async def close(self) -> None:
        """See the port. Closing what is closed does nothing."""
        while self._taken:
            await self._taken.pop().close()
