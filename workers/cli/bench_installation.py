"""The installation of a bench: broker, cache and store of its own, begun before it and gone after it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.stream.kafka_broker import KafkaBroker
    from workers.demo.installation import Installation


@asynccontextmanager
async def bench_installation(
    title: str, bootstrap: str | None = None
) -> "AsyncIterator[tuple[Installation, KafkaBroker]]":
    """With all its topics, and no program yet; ``title`` is said meanwhile, and ``bootstrap`` is as
    ``Installation.begin`` has it. Raises ``EmbeddedError``."""
    from service.runtime.start import topic_specs
    from service.stream.kafka_broker import KafkaBroker
    from workers.cli.installation import command_settings
    from workers.cli.progress import spinner
    from workers.demo.installation import Installation

    # Only for what it does to the log: a broker that lacks something tells of it once a producer.
    command_settings()
    with spinner(title):
        installation = Installation.begin(bootstrap)
        kafka = installation.settings.kafka
        broker = KafkaBroker(kafka)
        try:
            specs = topic_specs(kafka.topic_prefix)
            await broker.create_topics(specs, partitions=kafka.partitions, replication=1)
            yield installation, broker
        finally:
            await broker.close()
            await installation.stop()
