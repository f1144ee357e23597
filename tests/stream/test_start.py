"""A broker that is not there is waited for, and then named with the remedy."""

import asyncio

import pytest
import structlog

from service.embedded.server import free_port
from service.embedded.tansu import EmbeddedBroker
from service.settings import KafkaSettings
from service.stream.base import StreamError
from service.stream.kafka_broker import KafkaBroker


async def test_unreachable_broker_is_named_with_its_remedy_and_complained_of_once_a_second() -> None:
    bootstrap = f"127.0.0.1:{free_port()}"
    broker = KafkaBroker(KafkaSettings(bootstrap=bootstrap, start_seconds=2.2))
    remedy = f"broker {bootstrap} did not answer within 2.2 s: start it or set PATCHLINE_KAFKA__BOOTSTRAP"
    with structlog.testing.capture_logs() as logs, pytest.raises(StreamError, match=remedy):
        await broker.producer()
    assert [entry["event"] for entry in logs] == ["broker_unreachable"] * 2


async def test_broker_that_starts_late_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    monkeypatch.setattr("service.embedded.server.free_port", lambda: port)
    broker = KafkaBroker(KafkaSettings(bootstrap=f"127.0.0.1:{port}", start_seconds=20))
    asking = asyncio.create_task(broker.check_topics({}))
    await asyncio.sleep(0.1)
    with EmbeddedBroker():
        assert await asking == []
