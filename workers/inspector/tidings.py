"""What an inspector tells of banks that it cannot load: their lines are judged by an older one meanwhile."""

import asyncio
import socket
import time
from datetime import UTC, datetime
from uuid import uuid4

import structlog

from schemas.activation import Activated
from schemas.line_event import LineEvent
from schemas.reasons import LineEventKind
from service.signing.events import send_event
from service.stream.base import Producer, StreamError

# A line is told no more often, and no more lines at a time: whoever can write activations could write a
# million, and each inspector would answer each of them, for ever.
REST_SECONDS = 60.0
MAX_LINES = 64
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 15.0
_log = structlog.get_logger()


class Tidings:
    """Used from one event loop. The producer stays the caller's."""

    def __init__(self, producer: Producer, topic: str) -> None:
        self._producer, self._topic = producer, topic
        self._told: dict[str, float] = {}
        self._events: asyncio.Queue[LineEvent] = asyncio.Queue()

    def stale(self, held: Activated, epoch: int, sentence: str) -> None:
        """An epoch could not be loaded, and the line keeps what it has. Does not wait."""
        line, now = held.line, time.monotonic()
        self._told = {other: at for other, at in self._told.items() if now - at < REST_SECONDS}
        if line in self._told or len(self._told) >= MAX_LINES:
            return
        self._told[line] = now
        said = (
            f"the inspector on {socket.gethostname()} cannot load epoch {epoch} and goes on with epoch "
            f"{held.epoch}: {sentence}"
        )
        kind, at = LineEventKind.BANK_STALE, datetime.now(UTC)
        self._events.put_nowait(LineEvent(kind=kind, line=line, sentence=said, model=held.model, at=at))

    async def follow(self) -> None:
        """Write each, waiting for the broker; never returns by itself."""
        while True:
            event = await self._events.get()
            pause = _FIRST_PAUSE
            while not await self._written(event):
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)

    async def _written(self, event: LineEvent) -> bool:
        try:
            await send_event(self._producer, self._topic, event, str(uuid4()))
        except StreamError as error:
            _log.warning("a bank that cannot be loaded is not told of yet", cause=str(error))
            return False
        return True
