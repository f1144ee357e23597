"""What a Kafka consumer group has committed, asked from outside the group."""

import asyncio
from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition

from service.settings import KafkaSettings
from service.stream.base import StreamError
from service.stream.kafka_connection import broker_errors, connection_options, start_client


async def group_commits(
    settings: KafkaSettings, topic: str, group: str, partitions: int
) -> Mapping[int, int | None]:
    """The committed offset of each partition, None before the first commit."""
    consumer = await start_client(
        # Without a subscription it asks in the group's name and never joins.
        lambda: AIOKafkaConsumer(**connection_options(settings), group_id=group, enable_auto_commit=False),
        AIOKafkaConsumer.start,
        AIOKafkaConsumer.stop,
        settings,
    )
    try:
        async with asyncio.timeout(settings.delivery_seconds):
            with broker_errors(f"tell what {group} has committed"):
                return {
                    number: await consumer.committed(TopicPartition(topic, number))
                    for number in range(partitions)
                }
    except TimeoutError as error:
        raise StreamError(f"the broker did not tell what {group} has committed: try again") from error
    finally:
        await consumer.stop()
