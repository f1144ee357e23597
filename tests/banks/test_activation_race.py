"""The race of writers again, on a broker that is a server."""

import asyncio
from collections.abc import Iterator
from itertools import chain

import pytest

from schemas.activation import Activated
from schemas.topics import TOPICS, TopicKind
from service.banks.activation_reader import ActivationFollower
from service.banks.activation_writer import ActivationWriter
from service.embedded.tansu import EmbeddedBroker
from service.settings import KafkaSettings
from service.store import ObjectStore
from service.stream.kafka_broker import KafkaBroker
from tests.banks.conftest import draft_of

TOPIC = "patchline.banks"
WRITERS, EACH = 3, 2


@pytest.fixture
def server() -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker() as broker:
        yield broker


async def insist(writer: ActivationWriter, number: int) -> list[Activated]:
    """Activate until it is in force, a few times."""
    done: list[Activated] = []
    while len(done) < EACH:
        outcome = await writer.activate("line1", draft_of(f"{number:032x}{len(done):032x}"))
        if isinstance(outcome, Activated):
            done.append(outcome)
    return done


async def test_writers_that_race_on_a_server_agree_on_every_epoch(
    server: EmbeddedBroker, store: ObjectStore
) -> None:
    broker = KafkaBroker(KafkaSettings(bootstrap=server.bootstrap))
    try:
        await broker.create_topics({TOPIC: TOPICS[TopicKind.BANKS]}, partitions=2, replication=1)
        writers = [
            ActivationWriter(
                await broker.producer(), ActivationFollower(await broker.reader(TOPIC), TOPIC), store, TOPIC
            )
            for _ in range(WRITERS)
        ]
        done = await asyncio.gather(*(insist(writer, number) for number, writer in enumerate(writers)))
        late = ActivationFollower(await broker.reader(TOPIC), TOPIC)
        await late.read_to_end()
    finally:
        await broker.close()
    in_force = [entry.activation for entry in late.log.history("line1")]
    assert in_force == sorted(chain(*done), key=lambda activated: activated.epoch)
    assert len([item async for item in store.list("activations")]) == WRITERS * EACH
