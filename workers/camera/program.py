"""The folder camera as a program: sends what appears in a folder until it is told to stop."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

from schemas.ids import is_line_id
from schemas.topics import TOPICS, TopicKind
from service.runtime.signals import stop_event
from service.settings import Settings
from service.store import ObjectStore, StoreError, open_store
from service.stream.base import Broker, DeliveryError
from service.stream.kafka_broker import KafkaBroker
from service.telemetry.probes import serve_probes
from workers.camera.folder import Sighting, WatchedFolder
from workers.camera.naming import frame_id_of
from workers.camera.sender import FrameSender, Outsourcing
from workers.camera.waking import changed

_LONGEST_PAUSE = 10.0
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class FolderCamera:
    """What is watched, and for which line. ``seconds`` lie between two looks."""

    line: str
    folder: Path
    name: str
    seconds: float = 0.5
    skip_present: bool = False

    def __post_init__(self) -> None:
        if not is_line_id(self.line):
            raise ValueError(f"line {self.line!r} is refused: a line id is [a-z0-9][a-z0-9-]{{0,62}}")


async def run_camera(
    settings: Settings,
    camera: FolderCamera,
    *,
    broker: Broker | None = None,
    store: ObjectStore | None = None,
) -> int:
    """Run until SIGTERM or SIGINT; 0 after a clean stop. Tests give a broker of their own. Raises
    ``ValueError`` for a folder that is none, ``StreamError`` when the broker stays out of reach."""
    stop = stop_event()
    async with AsyncExitStack() as stack:
        if broker is None:
            broker = KafkaBroker(settings.kafka)
            stack.push_async_callback(broker.close)
        watched = await asyncio.to_thread(WatchedFolder, camera.folder, skip_present=camera.skip_present)
        topic = TOPICS[TopicKind.FRAMES].name(settings.kafka.topic_prefix)
        await broker.partitions(topic)
        outsourcing = Outsourcing.of(settings, store or open_store(settings.store))
        sender = FrameSender(await broker.producer(), topic, outsourcing)
        feed = _Feed(watched, sender, camera, stop, settings.inspector.max_reference_bytes)
        await stack.enter_async_context(serve_probes(settings.telemetry, lambda: None))
        _log.info("camera ready", line=camera.line, folder=str(camera.folder))
        sent = await feed.run()
    _log.info("camera stopped", line=camera.line, frames=sent)
    return 0


@dataclass(frozen=True, slots=True)
class _Feed:
    watched: WatchedFolder
    sender: FrameSender
    camera: FolderCamera
    stop: asyncio.Event
    max_bytes: int

    async def run(self) -> int:
        """How many were sent until ``stop``."""
        sent = 0
        while not self.stop.is_set():
            for sighting in await asyncio.to_thread(self.watched.look):
                sent += await self._offer(sighting)
            await changed(self.camera.folder, self.camera.seconds, self.stop)
        return sent

    async def _offer(self, sighting: Sighting) -> bool:
        if sighting.size > self.max_bytes:
            reason = f"it has {sighting.size} bytes where {self.max_bytes} are allowed: compress or crop it"
            _log.warning("picture not sent", file=sighting.path.name, reason=reason)
            return False
        try:
            data = await asyncio.to_thread(sighting.path.read_bytes)
        except OSError as error:
            _log.warning("picture not sent", file=sighting.path.name, reason=error.strerror)
            return False
        return await self._insist(sighting, data)

    async def _insist(self, sighting: Sighting, data: bytes) -> bool:
        """Try until it is acknowledged: a frame that the broker did not take is not passed over."""
        pause = 0.5
        while not self.stop.is_set():
            try:
                await self._send(sighting, data)
            except (DeliveryError, StoreError) as error:
                name, cause = sighting.path.name, str(error)
                _log.warning("picture not acknowledged; sent again", file=name, cause=cause)
                await self._rest(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            else:
                return True
        return False

    async def _send(self, sighting: Sighting, data: bytes) -> None:
        await self.sender.send(
            self.camera.line,
            data,
            frame_id=frame_id_of(sighting.path),
            captured_at=datetime.fromtimestamp(sighting.changed_ns / 1e9, UTC),
            camera=self.camera.name,
        )

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self.stop.wait()
        except TimeoutError:
            return
