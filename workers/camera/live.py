"""A camera that gives pictures one after the other, as a program: when to take one, and where it goes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import structlog

from schemas.ids import is_frame_id, is_line_id
from schemas.topics import TOPICS, TopicKind
from service.runtime.signals import stop_event
from service.settings import Settings
from service.store import ObjectStore, open_store
from service.stream.base import Broker
from service.stream.kafka_broker import KafkaBroker
from service.telemetry import metrics
from service.telemetry.probes import serve_probes
from workers.camera.address import SourceAddress
from workers.camera.encoding import Encoding
from workers.camera.grabber import Grabber
from workers.camera.health import Health
from workers.camera.outlet import Outlet
from workers.camera.reading import ReadCamera
from workers.camera.ring import Ring
from workers.camera.sender import Outsourcing
from workers.camera.source import Captured
from workers.camera.trigger import Triggers, file_trigger, http_trigger, mqtt_trigger

_LONGEST_NAME = 64
_DRAIN_SECONDS = 10.0
_PLAIN = Encoding()
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class LiveCamera:
    """What is watched, and how. ``rate`` is pictures a second; ``trigger`` (``http:PORT``, ``file:PATH`` or
    ``mqtt://HOST:PORT/TOPIC``) takes its place. ``seconds`` may pass without a picture."""

    line: str
    address: SourceAddress
    name: str
    rate: float = 1.0
    trigger: str | None = None
    trigger_user: str | None = None
    trigger_password: str | None = None
    encoding: Encoding = _PLAIN
    seconds: float = 10.0

    def __post_init__(self) -> None:
        if not is_line_id(self.line):
            raise ValueError(f"line {self.line!r} is refused: a line id is [a-z0-9][a-z0-9-]{{0,62}}")
        if not is_frame_id(self.name) or len(self.name) > _LONGEST_NAME:
            raise ValueError(f"camera name {self.name!r} is refused: it is [A-Za-z0-9._:-]{{1,64}}")
        if self.trigger is not None and urlsplit(self.trigger).scheme not in ("http", "file", "mqtt"):
            raise ValueError(
                f"trigger {self.trigger!r} is refused: write http:8091, file:PATH or mqtt://HOST/TOPIC"
            )


async def run_live(
    settings: Settings, camera: LiveCamera, *, broker: Broker | None = None, store: ObjectStore | None = None
) -> int:
    """Run until SIGTERM or SIGINT, or until a video ends; 0 then. A camera or broker that is away is tried
    again, and told of. Raises ``OSError`` for a ring's folder or a port that cannot be had, ``ValueError``
    for a region that is not within the picture."""
    stop = stop_event()
    async with AsyncExitStack() as stack:
        if broker is None:
            broker = KafkaBroker(settings.kafka)
            stack.push_async_callback(broker.close)
        await _Live(settings, camera, broker, store or open_store(settings.store)).run(stop, stack)
    _log.info("camera stopped", line=camera.line)
    return 0


class _Live:
    def __init__(self, settings: Settings, camera: LiveCamera, broker: Broker, store: ObjectStore) -> None:
        self._settings, self._camera, self._broker, self._store = settings, camera, broker, store
        self._triggers = Triggers()
        self._labels = {"line": camera.line, "camera": camera.name}
        self._taken = 0

    async def run(self, stop: asyncio.Event, stack: AsyncExitStack) -> None:
        """Until ``stop``."""
        camera = self._camera
        self._outlet = await asyncio.to_thread(self._make_outlet)
        self._grabber = Grabber(
            lambda: ReadCamera(camera.address, camera.seconds), camera.address.told, camera.seconds
        )
        stack.callback(self._grabber.close)
        await stack.enter_async_context(serve_probes(self._settings.telemetry, self._not_ready_because))
        health = Health(
            self._broker,
            self._topic(TopicKind.LINE_EVENTS),
            camera.line,
            camera.name,
            self._grabber.fault,
            camera.seconds,
        )
        await stack.enter_async_context(self._triggered())
        _log.info("camera ready", line=camera.line, source=camera.address.told)
        beside = [asyncio.create_task(self._outlet.run()), asyncio.create_task(health.run())]
        taking, stopping = asyncio.create_task(self._take()), asyncio.create_task(stop.wait())
        try:
            done, _ = await asyncio.wait({taking, stopping, *beside}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            taking.cancel()
            await self._outlet.drained(_DRAIN_SECONDS)
        finally:
            for task in (taking, stopping, *beside):
                task.cancel()
            await asyncio.wait({taking, stopping, *beside})

    def _not_ready_because(self) -> str | None:
        return self._grabber.fault() or self._outlet.complaint

    def _make_outlet(self) -> Outlet:
        camera, settings = self._camera, self._settings
        folder = settings.camera.ring_dir or settings.store.cache_dir / "camera"
        ring = Ring(folder / camera.line / camera.name, max_bytes=settings.camera.ring_bytes)
        outsourcing = Outsourcing.of(settings, self._store)
        topic = self._topic(TopicKind.FRAMES)
        return Outlet(ring, self._broker, topic, camera.line, camera.name, outsourcing)

    @asynccontextmanager
    async def _triggered(self) -> AsyncIterator[None]:
        camera = self._camera
        parts = urlsplit(camera.trigger or "")
        if parts.scheme == "http":
            async with http_trigger(self._triggers, int(parts.path), self._grabber.fault) as port:
                _log.info("trigger ready", url=f"http://127.0.0.1:{port}/trigger")
                yield
            return
        listening: asyncio.Task[None] | None = None
        if parts.scheme == "file":
            listening = asyncio.create_task(file_trigger(self._triggers, Path(parts.path)))
        elif parts.scheme == "mqtt":
            user, password = camera.trigger_user, camera.trigger_password
            listening = asyncio.create_task(
                mqtt_trigger(self._triggers, camera.trigger or "", user, password)
            )
        try:
            yield
        finally:
            if listening is not None:
                listening.cancel()
                await asyncio.wait({listening})

    async def _take(self) -> None:
        if self._camera.trigger is None:
            await self._free_run()
        else:
            await self._on_triggers()

    async def _free_run(self) -> None:
        """The newest picture at each tick, never one twice; returns when there are no more."""
        loop, last = asyncio.get_running_loop(), None
        tick = loop.time()
        while (captured := await self._grabber.next(last)) is not None:
            last = captured
            await self._keep(captured, None)
            tick = max(tick + 1 / self._camera.rate, loop.time() - 1 / self._camera.rate)
            await asyncio.sleep(max(0.0, tick - loop.time()))

    async def _on_triggers(self) -> None:
        while True:
            shot = await self._triggers.next()
            captured = await self._since(shot.at)
            if captured is None:
                metrics.CAMERA_MISSED.labels(**self._labels).inc()
                _log.warning("trigger without a picture", part=shot.part_id, cause=self._grabber.fault())
            else:
                await self._keep(captured, shot.part_id)

    async def _since(self, moment: datetime) -> Captured | None:
        """The first picture that was taken after the trigger: an older one shows the part before."""
        try:
            async with asyncio.timeout(self._camera.seconds):
                captured = await self._grabber.next(None)
                while captured is not None and captured.at < moment:
                    captured = await self._grabber.next(captured)
                return captured
        except TimeoutError:
            return None

    async def _keep(self, captured: Captured, part_id: str | None) -> None:
        data = await asyncio.to_thread(self._camera.encoding.encoded, captured.pixels)
        self._taken += 1
        moment = captured.at
        name = f"{self._camera.name}-{moment:%Y%m%dT%H%M%S.%f}-{self._taken}"
        known = {"frame_id": name, "captured_at": moment.isoformat()}
        await self._outlet.put(known if part_id is None else {**known, "part_id": part_id}, data)
        metrics.CAMERA_TAKEN.labels(**self._labels).inc()

    def _topic(self, kind: TopicKind) -> str:
        return TOPICS[kind].name(self._settings.kafka.topic_prefix)
