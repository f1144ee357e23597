"""Real counterparts of sinks: each can be taken away and brought back, and tells what it accepted."""

import asyncio
import contextlib
import json
import os
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Protocol

import aiomqtt
import pytest
import uvicorn
from amqtt.broker import Broker
from asyncua import Client, ua
from fastapi import FastAPI, Request, Response

from schemas.report import Report
from service.embedded.server import free_port
from service.runtime.background_server import BackgroundServer
from service.runtime.ending import end
from service.sinks.config import AnySink, CsvConfig, MqttConfig, OpcUaConfig, WebhookConfig
from service.sinks.opcua_nodes import NAMESPACE
from tests.harness.processes import Program

MOSQUITTO = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


class Counterpart(Protocol):
    """What the behaviour suite asks of a counterpart."""

    config: AnySink

    async def accepted(self, wanted: int) -> list[str]:
        """The ids of the reports that it took, once there are so many."""
        ...

    async def leave(self) -> None:
        """Accept nothing from now on."""
        ...

    async def come_back(self) -> None:
        """Accept again."""
        ...


async def until(found: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait for it; a test that waits too long fails here."""
    async with asyncio.timeout(seconds):
        while not found():
            await asyncio.sleep(0.02)


class Receiver:
    """A web service that answers what it is told to."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.status = 200
        self.script: list[int] = []
        self.asked: list[tuple[dict[str, str], bytes]] = []
        self.config: AnySink = WebhookConfig(kind="webhook", url=f"http://127.0.0.1:{port}/hook")

    async def accepted(self, wanted: int) -> list[str]:
        await until(lambda: len(self._taken) >= wanted)
        return self._taken

    async def leave(self) -> None:
        self.status = 500

    async def come_back(self) -> None:
        self.status = 200

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator["Receiver"]:
        app = FastAPI()
        self._taken: list[str] = []

        @app.post("/hook")
        async def hook(request: Request) -> Response:
            body = await request.body()
            self.asked.append((dict(request.headers), body))
            status = self.script.pop(0) if self.script else self.status
            if status == 200:
                self._taken.append(request.headers["idempotency-key"])
            return Response(status_code=status, headers={"location": "/elsewhere"})

        config = uvicorn.Config(app, port=self.port, log_config=None, access_log=False)
        async with BackgroundServer(config):
            yield self


class File:
    """A file on a disk that is full for a while."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.path, self._monkeypatch, self._fsync = path, monkeypatch, os.fsync
        self.config: AnySink = CsvConfig(kind="csv", path=path)

    async def accepted(self, wanted: int) -> list[str]:
        await until(lambda: len(self._rows()) >= wanted)
        return self._rows()

    async def leave(self) -> None:
        # Nothing else makes a disk full for one file descriptor and not for the test run itself.
        def full(_: int) -> None:
            raise OSError(28, "No space left on device")

        self._monkeypatch.setattr(os, "fsync", full)

    async def come_back(self) -> None:
        self._monkeypatch.setattr(os, "fsync", self._fsync)

    def _rows(self) -> list[str]:
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        return [line.split(",")[0] for line in lines[1:]]


class MqttSubscriber:
    """An MQTT broker, and a client of it that listens to all."""

    def __init__(self, port: int, protocol: str) -> None:
        self.port, self.protocol = port, protocol
        self.config: AnySink = MqttConfig.model_validate(
            {"kind": "mqtt", "port": port, "protocol": protocol, "timeout_seconds": 2.0}
        )
        self.heard: list[tuple[str, bytes]] = []
        self._listening: asyncio.Task[None] | None = None

    async def accepted(self, wanted: int) -> list[str]:
        await until(lambda: len(self._results()) >= wanted)
        return self._results()

    def state(self) -> bytes | None:
        """The newest state that a sink told."""
        return next((load for topic, load in reversed(self.heard) if topic.endswith("/state")), None)

    def _results(self) -> list[str]:
        return [json.loads(load)["report_id"] for topic, load in self.heard if topic.endswith("/result")]

    async def listen(self) -> None:
        """Hear everything from now on."""
        ready = asyncio.Event()
        self._listening = asyncio.create_task(self._listen(ready))
        async with asyncio.timeout(10):
            await ready.wait()

    async def stop_listening(self) -> None:
        if self._listening is not None:
            await end([self._listening])

    async def publish(self, topic: str, payload: str) -> None:
        """Say something on a topic."""
        async with self._client() as client:
            await client.publish(topic, payload, qos=1)

    async def _listen(self, ready: asyncio.Event) -> None:
        while True:
            with contextlib.suppress(aiomqtt.MqttError):
                async with self._client() as client:
                    await client.subscribe("#", qos=1)
                    ready.set()
                    async for message in client.messages:
                        assert isinstance(message.payload, bytes)
                        self.heard.append((str(message.topic), message.payload))
            await asyncio.sleep(0.1)

    def _client(self) -> aiomqtt.Client:
        version = aiomqtt.ProtocolVersion.V5 if self.protocol == "5" else aiomqtt.ProtocolVersion.V311
        return aiomqtt.Client("127.0.0.1", self.port, protocol=version, timeout=5)

    async def leave(self) -> None:
        raise NotImplementedError

    async def come_back(self) -> None:
        raise NotImplementedError


class Amqtt(MqttSubscriber):
    """The broker that pip installs: MQTT 3.1.1."""

    def __init__(self) -> None:
        super().__init__(free_port(), "3.1.1")

    async def start(self) -> None:
        listener = {"type": "tcp", "bind": f"127.0.0.1:{self.port}"}
        plugins = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}
        self._broker = Broker({"listeners": {"default": listener}, "plugins": plugins})
        await self._broker.start()

    async def leave(self) -> None:
        await self._broker.shutdown()

    async def come_back(self) -> None:
        await self.start()


class Mosquitto(MqttSubscriber):
    """A broker of the field: MQTT 5."""

    def __init__(self, folder: Path) -> None:
        super().__init__(free_port(), "5")
        self._settings = folder / "mosquitto.conf"
        self._settings.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\n")
        self._program = Program([MOSQUITTO or "mosquitto", "-c", str(self._settings)])

    async def start(self) -> None:
        await asyncio.to_thread(self._program.start)
        await asyncio.to_thread(self._program.wait_for_port, self.port)

    async def leave(self) -> None:
        await asyncio.to_thread(self._program.stop)

    async def come_back(self) -> None:
        await self.start()


class Plc:
    """A PLC's program: reads each result of its line and acknowledges it."""

    def __init__(self, lines: tuple[str, ...] = ("line1", "line2")) -> None:
        self.url = f"opc.tcp://127.0.0.1:{free_port()}/patchline"
        self.config: AnySink = OpcUaConfig(
            kind="opcua", lines=lines, endpoint=self.url, acknowledge_seconds=1.0
        )
        self.read: list[dict[str, Any]] = []
        self._lines = lines
        self._task: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()

    async def accepted(self, wanted: int) -> list[str]:
        await until(lambda: len(self.read) >= wanted)
        return [result["ResultId"] for result in self.read]

    async def come_back(self) -> None:
        self._stop.clear()
        self._task = asyncio.create_task(self._run())

    async def leave(self) -> None:
        # Told, not cancelled: the library's client swallows a cancellation now and then.
        self._stop.set()
        task, self._task = self._task, None
        if task is not None:
            await asyncio.wait({task})

    async def _run(self) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(OSError, ua.UaError, asyncio.TimeoutError):
                async with Client(self.url, timeout=2) as client:
                    await self._serve(client)
            await asyncio.sleep(0.1)

    async def _serve(self, client: Client) -> None:
        space = await client.get_namespace_index(NAMESPACE)

        def node(line: str, name: str) -> Any:
            return client.get_node(ua.NodeId(f"{line}.{name}", space))

        while not self._stop.is_set():
            for line in self._lines:
                if not await node(line, "ResultReady").read_value():
                    # A PLC that stopped within a handshake ends it first.
                    await node(line, "Acknowledged").write_value(False)
                else:
                    names = ("ResultId", "IsGood", "Verdict", "PartId", "Missing", "Late")
                    self.read.append({name: await node(line, name).read_value() for name in names})
                    await node(line, "Acknowledged").write_value(True)
                    while await node(line, "ResultReady").read_value() and not self._stop.is_set():
                        await asyncio.sleep(0.01)
            await asyncio.sleep(0.01)


def ids(reports: list[Report]) -> list[str]:
    """What ``accepted`` answers for these."""
    return [str(report.report_id) for report in reports]
