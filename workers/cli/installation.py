"""The installation that a command works on: settings, broker and store, opened and closed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from schemas.topics import TOPICS, TopicKind
from service.settings import KafkaSettings, Settings, load_settings
from service.telemetry.logs import configure_logs

if TYPE_CHECKING:
    from service.stream.kafka_broker import KafkaBroker

# A program waits a minute for its broker to start; a person at a prompt wants to hear sooner.
_PATIENCE_SECONDS = 10.0


def command_settings() -> Settings:
    """The settings of the environment, for a command that ends: only errors are logged, and an unreachable
    broker is given up sooner unless the environment says how long. Raises ``SettingsError``."""
    settings = load_settings()
    configure_logs(
        settings.telemetry.model_copy(update={"log_level": "error", "log_format": "pretty"}), "cli"
    )
    return settings.model_copy(update={"kafka": _impatient(settings.kafka)})


@asynccontextmanager
async def connected(settings: Settings) -> "AsyncIterator[KafkaBroker]":
    """The broker, closed at the end; it connects when it is first asked for something."""
    from service.stream.kafka_broker import KafkaBroker

    broker = KafkaBroker(settings.kafka)
    try:
        yield broker
    finally:
        await broker.close()


def topic(settings: Settings, kind: TopicKind) -> str:
    """A topic's full name."""
    return TOPICS[kind].name(settings.kafka.topic_prefix)


def _impatient(kafka: KafkaSettings) -> KafkaSettings:
    if "start_seconds" in kafka.model_fields_set:
        return kafka
    return kafka.model_copy(update={"start_seconds": _PATIENCE_SECONDS})
