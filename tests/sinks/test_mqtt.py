"""MQTT: a topic a line, a last will, and the line's model chosen over it."""

import asyncio
import contextlib
import json
import socket as sockets
from collections.abc import AsyncIterator
from pathlib import Path

import aiomqtt
import pytest

from service.sinks.config import MqttConfig
from service.sinks.mqtt import MqttSink
from tests.sinks.conftest import NO_MOSQUITTO
from tests.sinks.counterparts import Amqtt, Mosquitto, MqttSubscriber, until
from tests.sinks.page import Page
from tests.sinks.reports import report


@pytest.fixture(params=["3.1.1", pytest.param("5", marks=NO_MOSQUITTO)])
async def mqtt(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[MqttSubscriber]:
    made = Amqtt() if request.param == "3.1.1" else Mosquitto(tmp_path)
    await made.start()
    await made.listen()
    yield made
    await made.stop_listening()
    await made.leave()


async def test_each_line_has_its_topic_and_the_state_says_online_and_offline(mqtt: MqttSubscriber) -> None:
    assert isinstance(mqtt.config, MqttConfig)
    sink = MqttSink("plc", mqtt.config)
    await sink.open()
    await sink.deliver(report(1, "line1"))
    await sink.deliver(report(2, "line2"))
    await mqtt.accepted(2)
    assert mqtt.state() == b"online"
    await sink.close()
    await until(lambda: mqtt.state() == b"offline")
    results = [topic for topic, _ in mqtt.heard if topic.endswith("result")]
    assert results == ["patchline/line1/result", "patchline/line2/result"]


async def test_a_sink_that_dies_is_said_to_be_offline_by_its_last_will(mqtt: MqttSubscriber) -> None:
    assert isinstance(mqtt.config, MqttConfig)
    sink = MqttSink("plc", mqtt.config)
    await sink.open()
    await sink.deliver(report(1))
    await until(lambda: mqtt.state() == b"online")
    # The wire is cut as by a death: no disconnect is said.
    client = await sink._client()
    socket = client._client.socket()
    assert isinstance(socket, sockets.socket)
    socket.shutdown(sockets.SHUT_RDWR)
    await until(lambda: mqtt.state() == b"offline")
    await until(lambda: mqtt.state() == b"online")
    await sink.close()


async def test_the_lines_model_is_chosen_over_mqtt(mqtt: MqttSubscriber, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("let-me\n")
    async with Page().serving() as page:
        change = {"api": page.url, "token_file": str(tmp_path / "token")}
        sink = MqttSink("plc", MqttConfig.model_validate({**mqtt.config.model_dump(), "change_over": change}))
        await sink.open()
        await sink.deliver(report(1))
        for model in ("blue", "green", "../x"):
            await mqtt.publish("patchline/line1/select", model)
            await until(lambda: len(chosen(mqtt)) == 1)
            told = chosen(mqtt)[0]
            assert told["status"] == ("done" if model == "blue" else "refused")
            mqtt.heard.clear()
        await sink.close()
    assert page.asked == [("line1", "blue"), ("line1", "green")]


def chosen(mqtt: MqttSubscriber) -> list[dict[str, str]]:
    return [json.loads(load) for topic, load in mqtt.heard if topic == "patchline/line1/selected"]


class Deaf:
    """A client that swallows a cancellation once, as ``asyncio.wait_for`` of Python 3.11 does when what it
    waits for is there at that moment. No broker brings that moment about at will."""

    async def __aenter__(self) -> aiomqtt.Client:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(3600)
        raise aiomqtt.MqttError("not connected")

    async def __aexit__(self, *_: object) -> None: ...


async def test_a_sink_whose_client_swallows_a_cancellation_closes(monkeypatch: pytest.MonkeyPatch) -> None:
    sink = MqttSink("plc", MqttConfig(kind="mqtt"))
    monkeypatch.setattr(sink, "_new_client", Deaf)
    await sink.open()
    await asyncio.sleep(0.05)
    async with asyncio.timeout(10):
        await sink.close()
