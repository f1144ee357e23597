"""From the ring to the broker: the oldest frame first, each until it is acknowledged."""

import asyncio
from collections.abc import Mapping
from datetime import datetime

import structlog

from service.store.errors import StoreError
from service.stream.base import Broker, StreamError
from service.telemetry import metrics
from workers.camera.ring import Kept, Ring
from workers.camera.sender import FrameSender, Outsourcing

_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 10.0
_log = structlog.get_logger()


class Outlet:
    """Owns the ring's other end. Used from one event loop."""

    def __init__(
        self, ring: Ring, broker: Broker, topic: str, line: str, camera: str, outsourcing: Outsourcing
    ) -> None:
        self._ring, self._broker, self._topic = ring, broker, topic
        self._line, self._camera, self._outsourcing = line, camera, outsourcing
        self._disk = asyncio.Lock()
        self._some = asyncio.Event()
        self._sender: FrameSender | None = None
        self.sent = 0
        self.complaint: str | None = None
        """Why the oldest frame is not sent, for the readiness probe; None while frames are."""
        if len(ring):
            _log.info("frames of an earlier run wait to be sent", frames=len(ring))
            self._some.set()

    @property
    def waiting(self) -> int:
        """Frames that the broker does not have yet."""
        return len(self._ring)

    async def put(self, known: Mapping[str, str], data: bytes) -> None:
        """Keep a frame until it is sent. A disk that does not take it costs the frame, with a count."""
        async with self._disk:
            try:
                dropped = await asyncio.to_thread(self._ring.add, known, data)
            except OSError as error:
                _log.warning("frame not kept", cause=error.strerror, remedy="make room or mend the folder")
                dropped = 1
        if dropped:
            metrics.CAMERA_DROPPED.labels(line=self._line, camera=self._camera).inc(dropped)
            _log.warning("oldest frames dropped: the ring is full", frames=dropped)
        self._tell()
        self._some.set()

    async def run(self) -> None:
        """Send for ever; an outage of broker or store is waited out."""
        pause = _FIRST_PAUSE
        while True:
            await self._some.wait()
            self._some.clear()
            while (kept := await self._oldest()) is not None:
                try:
                    await self._send(kept)
                except (StreamError, StoreError) as error:
                    self.complaint = str(error)
                    _log.warning("frame not sent yet", cause=str(error), waiting=len(self._ring))
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, _LONGEST_PAUSE)
                else:
                    pause, self.complaint = _FIRST_PAUSE, None
                    await self._sent(kept)

    async def drained(self, seconds: float) -> None:
        """Return once the ring is empty, or past the time: what is left is sent by the next run."""
        deadline = asyncio.get_running_loop().time() + seconds
        while len(self._ring) and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.05)

    async def _oldest(self) -> Kept | None:
        async with self._disk:
            spoilt = self._ring.spoilt
            kept = await asyncio.to_thread(self._ring.oldest)
        if self._ring.spoilt > spoilt:
            metrics.CAMERA_DROPPED.labels(line=self._line, camera=self._camera).inc(
                self._ring.spoilt - spoilt
            )
            _log.warning("spoilt frames dropped", frames=self._ring.spoilt - spoilt)
        return kept

    async def _send(self, kept: Kept) -> None:
        if self._sender is None:
            producer = await self._broker.producer()
            self._sender = FrameSender(producer, self._topic, self._outsourcing)
        known = kept.known
        await self._sender.send(
            self._line,
            kept.data,
            frame_id=known["frame_id"],
            captured_at=datetime.fromisoformat(known["captured_at"]),
            camera=self._camera,
            part_id=known.get("part_id"),
        )

    async def _sent(self, kept: Kept) -> None:
        async with self._disk:
            await asyncio.to_thread(self._ring.remove, kept.number)
        self.sent += 1
        self._tell()

    def _tell(self) -> None:
        metrics.CAMERA_WAITING.labels(line=self._line, camera=self._camera).set(len(self._ring))
