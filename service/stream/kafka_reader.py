"""Reading a Kafka topic without a group."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from service.settings import KafkaSettings
from service.stream.base import Record
from service.stream.kafka_connection import broker_errors, connection_options, largest_request, start_client
from service.stream.kafka_fetch import fetch

# The broker answers a connection's requests in turn: a question about bounds waits for the fetch before it,
# and a broker that looks for new records only when a fetch ends, as Tansu does, delays every one of them.
LONGEST_FETCH_MS = 50


def fetch_options(settings: KafkaSettings) -> dict[str, Any]:
    """What every consumer needs so that the largest record fits, and that aborted ones are not seen."""
    return {
        **connection_options(settings),
        "max_partition_fetch_bytes": largest_request(settings),
        "fetch_max_bytes": max(largest_request(settings), 50 * 2**20),
        "fetch_max_wait_ms": LONGEST_FETCH_MS,
        "auto_offset_reset": "earliest",
        "enable_auto_commit": False,
        "isolation_level": "read_committed",
    }


class KafkaReader:
    """A reader of the port."""

    def __init__(self, consumer: Any, topic: str, partitions: Iterable[int]) -> None:
        self._consumer = consumer
        self._topic = topic
        self._places = [TopicPartition(topic, number) for number in sorted(partitions)]

    @classmethod
    async def start(
        cls, settings: KafkaSettings, topic: str, partitions: Iterable[int], *, at_end: bool
    ) -> "KafkaReader":
        """A reader of these partitions, from the first kept offset or from the end."""
        consumer = await start_client(
            lambda: AIOKafkaConsumer(**fetch_options(settings)),
            AIOKafkaConsumer.start,
            AIOKafkaConsumer.stop,
            settings,
        )
        reader = cls(consumer, topic, partitions)
        try:
            bounds = await reader.bounds()
            consumer.assign(reader._places)
            for number, (first, end) in bounds.items():
                reader.seek(number, end if at_end else first)
        except BaseException:
            await consumer.stop()
            raise
        return reader

    async def bounds(self) -> Mapping[int, tuple[int, int]]:
        """See the port."""
        with broker_errors(f"tell the bounds of {self._topic}"):
            first = await self._consumer.beginning_offsets(self._places)
            end = await self._consumer.end_offsets(self._places)
        return {place.partition: (first[place], end[place]) for place in self._places}

    def seek(self, partition: int, offset: int) -> None:
        """See the port."""
        self._consumer.seek(TopicPartition(self._topic, partition), offset)

    async def poll(self, *, timeout_ms: int, max_records: int) -> Sequence[Record]:
        """See the port."""
        with broker_errors(f"read {self._topic}"):
            return await fetch(self._consumer, self._places, timeout_ms=timeout_ms, max_records=max_records)

    async def close(self) -> None:
        """See the port."""
        await self._consumer.stop()
