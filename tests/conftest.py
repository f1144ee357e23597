"""Servers for tests: each starts when a test first asks for it, and once for the whole run."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from service.embedded.tansu import EmbeddedBroker
from service.settings import KafkaSettings
from service.stream.base import Broker
from service.stream.kafka_broker import KafkaBroker
from service.stream.memory import MemoryBroker
from tests.harness.kafka import KafkaCluster, require_kafka
from tests.harness.s3 import BUCKET, running_s3
from tests.harness.store_trouble import Trouble, troubled_store
from tests.harness.topics import unique_prefix
from tests.harness.valkey import running_valkey

KAFKA = pytest.param("kafka", marks=pytest.mark.kafka)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test marked ``kafka`` is skipped by name, or failed, before anything starts for it."""
    if item.get_closest_marker("kafka") is not None:
        require_kafka(item.name)


@pytest.fixture(scope="session")
def kafka_cluster() -> Iterator[KafkaCluster]:
    """Apache Kafka that we started, and that a test may take away for a while."""
    with KafkaCluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def kafka_bootstrap(request: pytest.FixtureRequest) -> str:
    """Apache Kafka: a broker of yours (PATCHLINE_TEST_KAFKA=host:port), else one that we start."""
    if given := os.environ.get("PATCHLINE_TEST_KAFKA"):
        return given
    cluster: KafkaCluster = request.getfixturevalue("kafka_cluster")
    return cluster.bootstrap


@pytest.fixture(scope="session")
def tansu_bootstrap() -> Iterator[str]:
    """The embedded broker."""
    with EmbeddedBroker() as broker:
        yield broker.bootstrap


@pytest.fixture(scope="session")
def valkey_url() -> Iterator[str]:
    """The embedded cache."""
    with running_valkey() as cache:
        yield cache.url


@pytest.fixture(scope="session")
def s3_address() -> Iterator[str]:
    """A server that speaks S3, with a bucket in it."""
    with running_s3(BUCKET) as address:
        yield address


@pytest.fixture(params=["read-only", "denies", "away"])
def trouble(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Trouble]:
    """An object store that will not take what it is given while the test says so."""
    address = "" if request.param == "read-only" else str(request.getfixturevalue("s3_address"))
    with troubled_store(request.param, tmp_path, address, BUCKET) as store:
        yield store


@pytest.fixture
def prefix() -> str:
    """A topic prefix of the test's own."""
    return unique_prefix()


@pytest.fixture(params=["memory", "tansu", KAFKA])
def backend(request: pytest.FixtureRequest) -> str:
    """The name of the backend behind the port."""
    return str(request.param)


@pytest.fixture
def kafka_settings(backend: str, prefix: str, request: pytest.FixtureRequest) -> KafkaSettings:
    """How to reach the backend; a group notices a lost member as soon as the settings allow."""
    bootstrap = "memory" if backend == "memory" else request.getfixturevalue(f"{backend}_bootstrap")
    return KafkaSettings(
        bootstrap=bootstrap,
        topic_prefix=prefix,
        session_timeout_ms=6_000,
        heartbeat_ms=500,
        delivery_seconds=10,
        start_seconds=20,
    )


@pytest.fixture
async def broker(backend: str, kafka_settings: KafkaSettings) -> AsyncIterator[Broker]:
    """The port, with each of its backends behind it."""
    made: Broker = MemoryBroker(kafka_settings) if backend == "memory" else KafkaBroker(kafka_settings)
    yield made
    await made.close()
