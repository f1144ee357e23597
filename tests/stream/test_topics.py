"""Topics are created as their specs demand, and one kept otherwise is named."""

from dataclasses import replace

import pytest

from schemas.topics import TOPICS, TopicKind
from service.settings import KafkaSettings
from service.stream.base import Broker
from service.stream.topic_check import TopicState, complaints
from tests.conftest import KAFKA
from tests.harness.topics import specs


async def test_topics_that_we_create_pass_the_check(broker: Broker, prefix: str) -> None:
    wanted = specs(prefix)
    await broker.create_topics(wanted, partitions=3, replication=1)
    assert await broker.check_topics(wanted) == []
    assert await broker.partitions(f"{prefix}frames") == 3
    assert await broker.partitions(f"{prefix}banks") == 1


async def test_creating_topics_again_leaves_them_as_they_are(broker: Broker, prefix: str) -> None:
    wanted = specs(prefix, TopicKind.FRAMES)
    await broker.create_topics(wanted, partitions=2, replication=1)
    await broker.create_topics(wanted, partitions=5, replication=1)
    assert await broker.partitions(f"{prefix}frames") == 2


async def test_missing_topic_is_complained_of(broker: Broker, prefix: str) -> None:
    (sentence,) = await broker.check_topics(specs(prefix, TopicKind.BANKS))
    assert sentence.startswith(f"topic {prefix}banks is missing")


@pytest.mark.parametrize("backend", ["memory", KAFKA], indirect=True)
async def test_banks_topic_that_forgets_is_complained_of(broker: Broker, prefix: str) -> None:
    wanted = specs(prefix, TopicKind.BANKS)
    forgetful = {name: replace(spec, retention_ms=1_000_000) for name, spec in wanted.items()}
    await broker.create_topics(forgetful, partitions=1, replication=1)
    (sentence,) = await broker.check_topics(wanted)
    assert "forgets after retention.ms=1000000" in sentence


async def test_frames_and_verdicts_of_unequal_partitions_are_complained_of(
    broker: Broker, kafka_settings: KafkaSettings, prefix: str
) -> None:
    await broker.create_topics(specs(prefix, TopicKind.FRAMES), partitions=3, replication=1)
    await broker.create_topics(specs(prefix, TopicKind.VERDICTS), partitions=2, replication=1)
    (sentence,) = await broker.check_topics(specs(prefix, TopicKind.FRAMES, TopicKind.VERDICTS))
    assert "verdicts has 2 partitions" in sentence
    assert "frames has 3" in sentence


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (TopicState(2), "has 2 partitions, not 1"),
        (TopicState(1, {"cleanup.policy": "compact"}), "cleanup.policy=compact"),
        (TopicState(1, {"cleanup.policy": "compact,delete"}), "loses records"),
        (TopicState(1, {"retention.ms": "3600000"}), "retention.ms=3600000"),
        (TopicState(1, {"retention.ms": "-1", "retention.bytes": "1000"}), "retention.bytes=1000"),
    ],
)
def test_every_way_to_forget_a_bank_is_complained_of(state: TopicState, words: str) -> None:
    spec = TOPICS[TopicKind.BANKS]
    (sentence,) = complaints({"banks": spec}, {"banks": state})
    assert words in sentence


def test_what_a_broker_does_not_tell_is_not_complained_of() -> None:
    assert complaints({"banks": TOPICS[TopicKind.BANKS]}, {"banks": TopicState(1)}) == []
