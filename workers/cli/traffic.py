"""Frames into a topic for a bench, and their verdicts out of another."""

import asyncio
import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.settings import EngineSettings
    from service.stream.base import Producer, Reader
    from workers.demo.installation import Installation

LINES = tuple(f"line{number}" for number in range(1, 5))
_PATIENCE = 300.0
# Until the first tenth is judged the queue is still filling.
_SETTLED = 0.1
_POLL_MS, _POLL_RECORDS = 50, 1000


@dataclass(slots=True)
class Verdicts:
    """By frame id: when the verdict was written, and how long after its frame, in milliseconds."""

    written: dict[str, int] = field(default_factory=dict)
    latency: dict[str, int] = field(default_factory=dict)

    async def collect(self, reader: "Reader") -> None:
        """Read for ever."""
        from schemas.verdict import Verdict

        while True:
            for record in await reader.poll(timeout_ms=_POLL_MS, max_records=_POLL_RECORDS):
                verdict = Verdict.from_bytes(record.value or b"")
                if verdict.frame_id not in self.written:
                    self.written[verdict.frame_id] = record.timestamp_ms
                    self.latency[verdict.frame_id] = record.timestamp_ms - verdict.source.timestamp_ms

    def rate(self, names: Sequence[str]) -> float:
        """Verdicts a second, after the first tenth."""
        times = sorted(self.written[name] for name in names)
        first = int(_SETTLED * len(times))
        return 1000 * (len(times) - 1 - first) / max(1, times[-1] - times[first])

    def percentile(self, names: Sequence[str], share: float) -> float:
        """Of these frames' latencies, in milliseconds."""
        found = sorted(self.latency[name] for name in names)
        return float(found[min(len(found) - 1, int(share * len(found)))])


class Traffic:
    """Of one run on an installation, whose programs get this engine and telemetry on a port of its own."""

    def __init__(self, installation: "Installation", engine: "EngineSettings") -> None:
        from service.embedded.server import free_port

        telemetry = installation.settings.telemetry.model_copy(update={"port": free_port()})
        changes = {"telemetry": telemetry, "engine": engine}
        installation.settings = installation.settings.model_copy(update=changes)
        self._installation = installation
        self._numbers = itertools.count()
        self.verdicts = Verdicts()

    async def send(
        self, producer: "Producer", pictures: Sequence[bytes], count: int, pause: float = 0
    ) -> list[str]:
        """Frames to the lines in turn, each line in a partition of its own, ``pause`` seconds apart; the
        frames' ids."""
        topic = f"{self._installation.settings.kafka.topic_prefix}frames"
        names, due, sends = [], time.monotonic(), []
        for number in itertools.islice(self._numbers, count):
            names.append(f"frame-{number:06}")
            place = number % len(LINES)
            headers = (("frame-id", names[-1].encode()),)
            value = pictures[number % len(pictures)]
            sent = producer.send(
                topic, key=LINES[place].encode(), value=value, headers=headers, partition=place
            )
            sends.append(asyncio.ensure_future(sent))
            due += pause
            await asyncio.sleep(max(0.0, due - time.monotonic()) if pause else 0)
        await asyncio.gather(*sends)
        return names

    async def judged(self, names: Sequence[str]) -> None:
        """Wait for the verdicts of all these; raises ``TimeoutError`` past five minutes, and
        ``EmbeddedError`` with the end of its log once a program ended too often."""
        written = self.verdicts.written
        await self._installation.until(lambda: all(name in written for name in names), _PATIENCE)
