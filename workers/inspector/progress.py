"""Whether an inspector stands still: frames wait, and no committed offset moves."""

import asyncio
import time
from collections.abc import Callable, Mapping

import structlog

from service.stream.base import Broker, Member, StreamError
from service.telemetry import metrics

_LOOKS = 20
_LONGEST_LOOK = 5.0
_log = structlog.get_logger()
Offsets = Mapping[int, int]


class Stalled(TimeoutError):
    """The inspector made no progress for too long: its process ends, and its supervisor starts another."""


class Progress:
    """Bookkeeping only; moments are seconds of one clock."""

    def __init__(self, now: float) -> None:
        self._committed: dict[int, int] = {}
        self._since = now

    def saw(self, now: float, committed: Offsets, ends: Offsets) -> None:
        """What is committed, and where the logs of the partitions that are ours end."""
        lag = any(end > committed.get(partition, 0) for partition, end in ends.items())
        if not lag or committed != self._committed:
            self._since = now
        self._committed = dict(committed)

    def standing(self, now: float) -> float:
        """For how many seconds nothing has moved though frames wait."""
        return now - self._since


class StallWatch:
    """Looks every few seconds, beside the pipeline. Used from one event loop."""

    def __init__(self, broker: Broker, topic: str, member: Member, seconds: float) -> None:
        self._broker, self._topic, self._member = broker, topic, member
        self._seconds = seconds
        self._progress = Progress(time.monotonic())
        # Asked at each scrape: a broker that does not answer holds up our own looks.
        metrics.STANDING.set_function(self._standing)

    def complaint(self) -> str | None:
        """A sentence from half the allowed time on, for the readiness probe."""
        standing = self._standing()
        if standing < self._seconds / 2:
            return None
        return f"no offset was committed for {standing:.0f} s, and frames wait or the broker does not answer"

    async def run(self, committed: Callable[[], Offsets]) -> None:
        """Raises ``Stalled``; never returns. A broker that does not answer is waited for by others."""
        while True:
            await asyncio.sleep(min(self._seconds / _LOOKS, _LONGEST_LOOK))
            try:
                await self._look(committed())
            except StreamError as error:
                _log.warning("the lag is not known", cause=str(error))

    def _standing(self) -> float:
        return self._progress.standing(time.monotonic())

    async def _look(self, committed: Offsets) -> None:
        self._progress.saw(time.monotonic(), committed, await self._member.end_offsets())
        if self._standing() < self._seconds:
            return
        if await self._really_waits(committed):
            raise Stalled(
                f"frames wait on {self._topic} and no offset was committed for {self._seconds:g} s: the "
                "log above says what it waits for; start it again"
            )
        self._progress = Progress(time.monotonic())

    async def _really_waits(self, committed: Offsets) -> bool:
        """Whether what lies past the committed offsets is still kept: what expired is nobody's work."""
        mine = self._member.assignment
        if not mine:
            return False
        reader = await self._broker.reader(self._topic, at_end=True, partitions=frozenset(mine))
        try:
            bounds = await reader.bounds()
        finally:
            await reader.close()
        return any(end > max(first, committed.get(p, 0)) for p, (first, end) in bounds.items())
