"""What the world is told of a camera's state: a gauge, the readiness probe, and an event on its line."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from schemas.line_event import LineEvent
from schemas.reasons import LineEventKind
from service.signing.events import send_event
from service.stream.base import Broker, Producer, StreamError
from service.telemetry import metrics

_LOOK_SECONDS = 0.25
_log = structlog.get_logger()


class Health:
    """Looks at the camera a few times a second. Used from one event loop."""

    def __init__(
        self,
        broker: Broker,
        topic: str,
        line: str,
        camera: str,
        fault: Callable[[], str | None],
        grace: float,
    ) -> None:
        """``grace`` seconds without a first picture are no fault yet."""
        self._broker, self._topic, self._line, self._camera = broker, topic, line, camera
        self._fault, self._grace = fault, grace
        self._told: bool | None = None
        self._producer: Producer | None = None

    async def run(self) -> None:
        """Look for ever. An event that cannot be told now is told once the broker is back, as things stand
        then."""
        began = asyncio.get_running_loop().time()
        while True:
            fault = self._fault()
            metrics.CAMERA_UP.labels(line=self._line, camera=self._camera).set(fault is None)
            starting = self._told is None and asyncio.get_running_loop().time() - began < self._grace
            if (fault is not None) != bool(self._told) and not (fault is not None and starting):
                await self._tell(fault)
            await asyncio.sleep(_LOOK_SECONDS)

    async def _tell(self, fault: str | None) -> None:
        moment = datetime.now(UTC)
        sentence = fault or f"camera {self._camera} gives pictures again"
        event = LineEvent(
            kind=LineEventKind.CAMERA,
            line=self._line,
            sentence=sentence,
            camera=self._camera,
            camera_fault=fault is not None,
            at=moment,
        )
        event_id = f"camera/{self._line}/{self._camera}/{moment.isoformat()}"
        try:
            if self._producer is None:
                self._producer = await self._broker.producer()
            await send_event(self._producer, self._topic, event, event_id)
        except StreamError as error:
            _log.warning("the camera's state is not told yet", cause=str(error))
            await asyncio.sleep(1.0)
        else:
            self._told = fault is not None
