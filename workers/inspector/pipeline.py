"""The inspector's pipeline: intake, scoring, effects and commits as tasks of one event loop.

After a rebalance everything that is not yet being published is dropped: the group gives it out again from
the committed offset, and what was published is found by reading the verdicts back.
"""

import asyncio
import time

import structlog

from service.settings import InspectorSettings
from service.stream.base import Member, StreamError
from service.telemetry import metrics
from service.telemetry.stages import Stage
from service.telemetry.tracing import span
from workers.extraction.protocol import Outcome
from workers.inspector.desk import Desk
from workers.inspector.effects import Effects
from workers.inspector.flow import Flow
from workers.inspector.intake import Intake
from workers.inspector.job import Job
from workers.inspector.outbox import Outbox
from workers.inspector.parcel import Outcomes, Parcel
from workers.inspector.progress import StallWatch
from workers.inspector.scorer import Scorer

_COMMIT_SECONDS = 0.25
_log = structlog.get_logger()


class Pipeline:
    """Runs until told to stop, then drains."""

    def __init__(
        self,
        member: Member,
        flow: Flow,
        desk: Desk,
        scorer: Scorer,
        effects: Effects,
        settings: InspectorSettings,
        watch: StallWatch,
        ahead: int = 1,
    ) -> None:
        """``ahead`` batches are on their way to the worker while one is scored: it never waits for us."""
        self._member, self._flow, self._desk = member, flow, desk
        self._scorer, self._effects, self._settings = scorer, effects, settings
        self._watch = watch
        self._outbox = Outbox(settings.max_in_flight_frames)
        self._slots = asyncio.Semaphore(1 + ahead)
        self._committed: dict[int, int] = {}
        self.publishing = asyncio.Lock()

    def hand_out(self, parcel: Parcel) -> None:
        """Queue a parcel that needs no score."""
        self._outbox.put(parcel)

    async def run(self, intake: Intake, stop: asyncio.Event) -> None:
        """Run until ``stop`` is set, then finish what is in flight within the drain time, and commit. Raises
        ``Stalled``, and what intake or effects cannot recover from."""
        try:
            await self._run(intake, stop)
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from failures
        await self._commit_once()

    async def _run(self, intake: Intake, stop: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as group:
            feeding = group.create_task(intake.run(stop))
            watching = self._watch.run(lambda: self._committed)
            tasks = (self._score(), self._publish(), self._commit(), watching)
            rest = [group.create_task(task) for task in tasks]
            await feeding
            await self._drain()
            for task in rest:
                task.cancel()

    async def _drain(self) -> None:
        try:
            async with asyncio.timeout(self._settings.drain_seconds):
                while not self._flow.idle:
                    await self._flow.change(1.0)
        except TimeoutError:
            _log.warning("not drained in time: the rest is left to the next inspector")

    async def _score(self) -> None:
        while True:
            await self._slots.acquire()
            jobs = await self._desk.next_batch()
            _tell_of(jobs)
            scoring = asyncio.create_task(self._scored(jobs))
            self.hand_out(Outcomes(jobs[0].envelope.generation, jobs, scoring))

    async def _scored(self, jobs: list[Job]) -> list[Outcome]:
        try:
            with span("score a batch", links=[job.envelope.record.headers for job in jobs]):
                return await self._scorer.score(jobs)
        finally:
            self._desk.done(jobs)
            self._slots.release()

    async def _publish(self) -> None:
        while True:
            parcel = await self._outbox.next()
            async with self.publishing:
                current = parcel.generation == self._flow.generation == self._member.generation
                if current:
                    await parcel.publish(self._effects)
            for entry in parcel.entries:
                self._flow.left(entry.record, parcel.generation, entry.pixels, published=current)

    async def _commit(self) -> None:
        while True:
            await asyncio.sleep(_COMMIT_SECONDS)
            await self._commit_once()

    async def _commit_once(self) -> None:
        positions, generation = self._flow.positions(), self._flow.generation
        news = {p: offset for p, offset in positions.items() if offset != self._committed.get(p, 0)}
        if not news:
            return
        try:
            kept = await self._member.commit(news, generation=generation)
        except StreamError as error:
            _log.warning("commit not acknowledged; tried again", cause=str(error))
            return
        if kept:
            self._committed = positions
        else:
            metrics.REFUSED_COMMITS.inc()


def _tell_of(jobs: list[Job]) -> None:
    metrics.BATCH_FRAMES.observe(len(jobs))
    now, queue = time.monotonic(), metrics.STAGE_SECONDS.labels(stage=Stage.QUEUE.value)
    for job in jobs:
        queue.observe(now - job.arrived)
