"""When lines are not judged, followed on ``line-events``: all inspectors read the same, also after a restart.

A frame is in maintenance by the moment that its record carries, so whoever inspects it says the same, however
late. What a window finds judged stays judged.
"""

import asyncio
from datetime import UTC, datetime

import structlog

from schemas.reasons import CommandKind
from service.annals.calendar import Calendar
from service.signing.events import heard_if_any
from service.signing.trust import Trust
from service.stream.base import Reader, StreamError

_READ_SECONDS = 60.0
_POLL_MS, _CATCH_UP_MS, _POLL_RECORDS = 500, 100, 2_000
# Most events tell of other things: only what may tell of maintenance is parsed.
_MARK = CommandKind.SET_MAINTENANCE.value.encode()
# A camera may write any number: the last that is a moment.
_LAST_MS = 253_402_300_799_000
_log = structlog.get_logger()


class MaintenanceWatch:
    """Owns its reader. Used from one event loop."""

    def __init__(self, reader: Reader, topic: str, trust: Trust) -> None:
        self._reader, self._topic, self._trust = reader, topic, trust
        self._calendar = Calendar()
        self._next: dict[int, int] = {}

    async def catch_up(self) -> None:
        """Take all that was in the log when this was called. Raises ``StreamError``."""
        bounds = await self._reader.bounds()
        ends = {partition: end for partition, (begin, end) in bounds.items() if begin < end}
        deadline = asyncio.get_running_loop().time() + _READ_SECONDS
        while any(self._next.get(partition, 0) < end for partition, end in ends.items()):
            await self._poll(_CATCH_UP_MS)
            if asyncio.get_running_loop().time() > deadline:
                raise StreamError(
                    f"{self._topic} was not read to its end in {_READ_SECONDS:g} s: check the broker"
                )

    async def follow(self) -> None:
        """Take every event as it comes; never returns by itself. Raises ``StreamError``."""
        while True:
            await self._poll(_POLL_MS)

    def covers(self, line: str, timestamp_ms: int) -> bool:
        """Whether a frame of the line with this timestamp is not to be judged."""
        told = min(max(timestamp_ms, 0), _LAST_MS)
        return self._calendar.covers(line, datetime.fromtimestamp(told / 1000, UTC))

    async def close(self) -> None:
        """Let go of the reader."""
        await self._reader.close()

    async def _poll(self, timeout_ms: int) -> None:
        for record in await self._reader.poll(timeout_ms=timeout_ms, max_records=_POLL_RECORDS):
            self._next[record.partition] = record.offset + 1
            if _MARK in (record.value or b""):
                event = heard_if_any(record, self._trust)
                if event is not None:
                    self._calendar.tell(event)
