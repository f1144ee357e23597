"""Topics on Kafka: created as their specs demand, counted, and checked against their specs."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import structlog
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, NoError, TopicAlreadyExistsError, for_code

from schemas.topics import TopicSpec
from service.settings import KafkaSettings
from service.stream.base import StreamError
from service.stream.kafka_connection import broker_errors, connection_options, largest_request, start_client
from service.stream.topic_check import TopicState, complaints
from service.stream.topic_differences import Difference, Wanted, differences

log = structlog.get_logger(__name__)


class KafkaTopics:
    """Asks and tells the broker about topics. Opens a connection for each call: these are rare."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings

    async def create(self, specs: Mapping[str, TopicSpec], *, partitions: int, replication: int) -> None:
        """Create those that are missing, and wait until each of their partitions has a leader."""
        async with self._admin() as admin:
            missing = specs.keys() - (await self._counts(admin)).keys()
            topics = [self._new_topic(name, specs[name], partitions, replication) for name in missing]
            if topics:
                with broker_errors(f"create the topics {sorted(missing)}"):
                    _refuse_failed(await admin.create_topics(topics))
                await self._until_led(admin, missing)

    async def counts(self) -> Mapping[str, int]:
        """How many partitions each topic has. Never creates one, as naming a topic would."""
        async with self._admin() as admin:
            return await self._counts(admin)

    async def check(self, specs: Mapping[str, TopicSpec]) -> Sequence[str]:
        """One sentence for each topic that is missing or kept otherwise than its spec demands."""
        return complaints(specs, await self._states(specs))

    async def differences(self, specs: Mapping[str, TopicSpec]) -> Sequence[Difference]:
        """Where topics that exist are kept otherwise than specs and settings say."""
        settings = self._settings
        wanted = Wanted(
            settings.partitions,
            settings.replication,
            settings.min_insync_replicas,
            largest_request(settings),
        )
        return differences(specs, await self._states(specs), wanted)

    async def _states(self, specs: Mapping[str, TopicSpec]) -> Mapping[str, TopicState]:
        async with self._admin() as admin:
            with broker_errors("list its topics"):
                told = await admin.describe_topics()
            topics = {topic["topic"]: topic["partitions"] for topic in told if not topic["error_code"]}
            configs = await self._configs(admin, [name for name in specs if name in topics])
        return {
            name: TopicState(len(topics[name]), config, _fewest_replicas(topics[name]))
            for name, config in configs.items()
        }

    @asynccontextmanager
    async def _admin(self) -> AsyncIterator[Any]:
        admin = await start_client(
            lambda: AIOKafkaAdminClient(**connection_options(self._settings)),
            AIOKafkaAdminClient.start,
            AIOKafkaAdminClient.close,
            self._settings,
        )
        try:
            yield admin
        finally:
            await admin.close()

    def _new_topic(self, name: str, spec: TopicSpec, partitions: int, replication: int) -> NewTopic:
        config = {
            "retention.ms": str(spec.retention_ms),
            "cleanup.policy": "delete",
            "max.message.bytes": str(largest_request(self._settings)),
        }
        if self._settings.min_insync_replicas > 1:
            config["min.insync.replicas"] = str(self._settings.min_insync_replicas)
        return NewTopic(name, spec.partitions or partitions, replication, topic_configs=config)

    async def _counts(self, admin: Any) -> dict[str, int]:
        with broker_errors("list its topics"):
            topics = await admin.describe_topics()
        return {topic["topic"]: len(topic["partitions"]) for topic in topics if not topic["error_code"]}

    async def _until_led(self, admin: Any, names: Iterable[str]) -> None:
        """A broker answers before its metadata knows the topic everywhere."""
        wanted = set(names)
        try:
            async with asyncio.timeout(self._settings.start_seconds):
                while wanted - await self._led(admin):  # noqa: ASYNC110  # only asking tells
                    await asyncio.sleep(0.05)
        except TimeoutError as error:
            raise StreamError(f"the topics {sorted(wanted)} found no leader: see the broker's log") from error

    async def _led(self, admin: Any) -> set[str]:
        with broker_errors("list its topics"):
            topics = await admin.describe_topics()
        return {
            topic["topic"]
            for topic in topics
            if topic["partitions"] and all(part["leader"] >= 0 for part in topic["partitions"])
        }

    async def _configs(self, admin: Any, names: Sequence[str]) -> dict[str, Mapping[str, str]]:
        """The configuration of topics; empty for all where the broker does not tell."""
        if not names:
            return {}
        resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
        try:
            responses = await admin.describe_configs(resources)
        except KafkaError as error:
            log.warning("topic_configuration_unknown", reason=type(error).__name__, topics=list(names))
            return {name: {} for name in names}
        told = {name: _entries(rest) for response in responses for _, _, _, name, rest in response.resources}
        return {name: told.get(name, {}) for name in names}


def _fewest_replicas(partitions: Sequence[Mapping[str, Any]]) -> int:
    return min((len(partition.get("replicas", ())) for partition in partitions), default=0)


def _entries(entries: Iterable[Sequence[Any]]) -> Mapping[str, str]:
    return {entry[0]: entry[1] for entry in entries if entry[1] is not None}


def _refuse_failed(response: Any) -> None:
    for topic, code, *message in response.topic_errors:
        error = for_code(code)
        if error not in (NoError, TopicAlreadyExistsError):
            reason = (message and message[0]) or error.__name__
            raise StreamError(f"topic {topic} could not be created ({reason}): create it by hand")
