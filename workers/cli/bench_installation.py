"""The installation of a bench: broker, cache and store of its own, begun before it and gone after it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

    from service.stream.base import Broker
    from service.stream.kafka_broker import KafkaBroker
    from service.training.built import BuiltBank
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


async def put_in_force(installation: "Installation", broker: "Broker", banks: "Sequence[BuiltBank]") -> None:
    """Publish the banks, each on its line. Raises as ``publish_bank``."""
    from service.banks.cache import MemoryCache
    from service.store import open_store
    from service.training.publish import open_outlets, publish_bank

    settings = installation.settings
    store, prefix = open_store(settings.store), settings.kafka.topic_prefix
    async with open_outlets(broker, store, MemoryCache(), prefix) as outlets:
        for bank in banks:
            await publish_bank(outlets, bank, {}, actor="bench", why="measured")


async def answering(url: str, seconds: float, pause: float) -> None:
    """Wait until ``url`` answers a GET with 200, asked every ``pause`` seconds. Raises ``TimeoutError``."""
    import httpx

    async with asyncio.timeout(seconds), httpx.AsyncClient() as client:
        while not await _answers(client, url):  # noqa: ASYNC110 - a program that starts signals nothing
            await asyncio.sleep(pause)


async def _answers(client: "httpx.AsyncClient", url: str) -> bool:
    import httpx

    try:
        return (await client.get(url)).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
