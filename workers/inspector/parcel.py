"""A parcel: something whose effects are due, in the order in which it was made."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from schemas.reasons import FaultReason
from schemas.verdict import Verdict
from service.stream.base import Record
from service.telemetry.tracing import context_headers
from workers.extraction.protocol import Outcome, Unfit
from workers.inspector.effects import Effects
from workers.inspector.job import Job, Rejected


@dataclass(frozen=True, slots=True)
class Entry:
    """A record whose effects a parcel holds, and the pixels of credit it holds meanwhile."""

    record: Record
    pixels: int


class Parcel:
    """Knows its records and how to publish them."""

    def __init__(self, generation: int, entries: Sequence[Entry]) -> None:
        self.generation = generation
        self.entries = entries

    async def ready(self) -> None:
        """Wait until it is known what to publish."""

    async def publish(self, effects: Effects) -> None:
        """Returns when all is acknowledged."""
        raise NotImplementedError


class ScoredBatch(Parcel):
    """A batch that the extraction worker has, or had."""

    def __init__(self, generation: int, jobs: Sequence[Job], scoring: "asyncio.Task[list[Outcome]]") -> None:
        super().__init__(generation, [Entry(job.envelope.record, job.pixels) for job in jobs])
        self._jobs, self._scoring = jobs, scoring

    async def ready(self) -> None:
        await self._scoring

    async def publish(self, effects: Effects) -> None:
        await effects.publish(list(zip(self._jobs, self._scoring.result(), strict=True)))


class Unexamined(Parcel):
    """A frame that is not looked at, for this reason."""

    def __init__(self, generation: int, job: Job, reason: FaultReason) -> None:
        super().__init__(generation, [Entry(job.envelope.record, 0)])
        self._job, self._reason = job, reason

    async def publish(self, effects: Effects) -> None:
        await effects.publish([(self._job, Unfit(self._reason.value, 0, 0))])


class Aside(Parcel):
    """A message that is a dead letter."""

    def __init__(self, generation: int, record: Record, rejected: Rejected) -> None:
        super().__init__(generation, [Entry(record, 0)])
        self._rejected = rejected

    async def publish(self, effects: Effects) -> None:
        await effects.set_aside(self.entries[0].record, self._rejected)


class SaidBefore(Parcel):
    """A frame whose verdict is in the log already; only its alert is made again."""

    def __init__(self, generation: int, record: Record, verdict: Verdict) -> None:
        super().__init__(generation, [Entry(record, 0)])
        self._verdict = verdict

    async def publish(self, effects: Effects) -> None:
        await effects.repeat_alert(self._verdict, context_headers(self.entries[0].record.headers))
