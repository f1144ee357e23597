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


class Outcomes(Parcel):
    """Frames with what became of them, or of which the extraction worker will tell."""

    def __init__(self, generation: int, jobs: Sequence[Job], told: "asyncio.Future[list[Outcome]]") -> None:
        super().__init__(generation, [Entry(job.envelope.record, job.pixels) for job in jobs])
        self._jobs, self._told = jobs, told

    @classmethod
    def unexamined(cls, generation: int, job: Job, reason: FaultReason) -> "Outcomes":
        """A frame that is not looked at, for this reason."""
        return cls(generation, [job], _known([Unfit(reason.value, 0, 0)]))

    @classmethod
    def joined(cls, parcels: "Sequence[Outcomes]") -> "Outcomes":
        """One of several that are known, of one generation, in their order."""
        jobs = [job for parcel in parcels for job in parcel._jobs]
        told = [outcome for parcel in parcels for outcome in parcel._told.result()]
        return cls(parcels[0].generation, jobs, _known(told))

    @property
    def known(self) -> bool:
        """Whether ``ready`` returns at once, and raises nothing."""
        return self._told.done() and not self._told.cancelled() and self._told.exception() is None

    async def ready(self) -> None:
        await self._told

    async def publish(self, effects: Effects) -> None:
        await effects.publish(list(zip(self._jobs, self._told.result(), strict=True)))


def _known(outcomes: list[Outcome]) -> "asyncio.Future[list[Outcome]]":
    told: asyncio.Future[list[Outcome]] = asyncio.get_running_loop().create_future()
    told.set_result(outcomes)
    return told


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
