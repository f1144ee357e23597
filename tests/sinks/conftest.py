"""Every counterpart, one after the other."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service.embedded.server import free_port
from service.sinks.base import Sink
from service.sinks.open import open_sink
from tests.sinks.counterparts import MOSQUITTO, Amqtt, Counterpart, File, Mosquitto, Plc, Receiver

NO_MOSQUITTO = pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed: an MQTT 5 broker")


@pytest.fixture(params=["webhook", "csv", "opcua", "mqtt-3.1.1", pytest.param("mqtt-5", marks=NO_MOSQUITTO)])
async def counterpart(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Counterpart]:
    """A counterpart that accepts."""
    if request.param == "webhook":
        async with Receiver(free_port()).serving() as receiver:
            yield receiver
    elif request.param == "csv":
        yield File(tmp_path / "reports.csv", monkeypatch)
    elif request.param == "opcua":
        plc = Plc()
        await plc.come_back()
        yield plc
        await plc.leave()
    else:
        mqtt = Amqtt() if request.param == "mqtt-3.1.1" else Mosquitto(tmp_path)
        await mqtt.start()
        await mqtt.listen()
        yield mqtt
        await mqtt.stop_listening()
        await mqtt.leave()


@pytest.fixture
async def sink(counterpart: Counterpart) -> AsyncIterator[Sink]:
    """A sink to it, open."""
    made = open_sink("tested", counterpart.config)
    await made.open()
    yield made
    await made.close()
