"""Batches to outcomes, whatever becomes of the extraction worker meanwhile.

A worker that dies takes no frame with it: a new one is started, and what was in flight is tried again one
frame at a time. Before each such try the worker scores a built-in image; when that fails, the device is at
fault, and no frame is blamed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID, uuid5

import structlog

from schemas.reasons import DeadLetterReason
from service.settings import Settings
from service.telemetry import metrics
from workers.extraction.client import ExtractionClient, RequestFailed, WorkerDied
from workers.extraction.forks import Forks
from workers.extraction.protocol import FrameIn, Outcome, Unreadable
from workers.inspector.job import Job
from workers.inspector.tries import MAX_TRIES, Tries

_PROBE_SECONDS = 30.0
_LONGEST_PAUSE = 30.0
_log = structlog.get_logger()
Furnish = Callable[[ExtractionClient], Awaitable[None]]


class Scorer:
    """Owns the extraction worker. ``furnish`` loads every bank in force into a new one."""

    def __init__(self, settings: Settings, tries: Tries, furnish: Furnish) -> None:
        self._settings = settings
        self._tries = tries
        self._furnish = furnish
        self._lock = asyncio.Lock()
        # Several batches are at the worker: while a frame is tried alone, no other may be blamed with it.
        self._alone = asyncio.Lock()
        self._forks = Forks()
        self._worker: ExtractionClient | None = None

    async def warm(self) -> None:
        """Let the worker's process import what it needs while its owner does something else."""
        await self._forks.warm()

    async def worker(self) -> ExtractionClient:
        """A worker that is alive, furnished with the banks in force; waits until there is one."""
        async with self._lock:
            pause = 0.5
            while self._worker is None or self._worker.dead:
                try:
                    self._worker = await self._start()
                except (WorkerDied, RequestFailed) as error:
                    _log.error("the device does not work; waiting", cause=str(error), seconds=pause)
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, _LONGEST_PAUSE)
            return self._worker

    async def score(self, jobs: Sequence[Job]) -> list[Outcome]:
        """One outcome a job, in order; waits as long as the device needs to come back."""
        outcomes = await self._score_together(jobs)
        if outcomes is None:
            async with self._alone:
                outcomes = [await self._score_alone(job) for job in jobs]
        # What kills workers stays counted: should we die now, it comes again and is not tried again.
        kills = DeadLetterReason.KILLS_WORKER
        done = zip(jobs, outcomes, strict=True)
        await self._tries.leave(
            [_tried(job) for job, out in done if not (isinstance(out, Unreadable) and out.reason == kills)]
        )
        return outcomes

    async def stop(self) -> None:
        """End the worker."""
        async with self._lock:
            if self._worker is not None:
                await self._worker.stop()
            await self._forks.stop()
            await self._tries.close()

    async def _score_together(self, jobs: Sequence[Job]) -> list[Outcome] | None:
        """None when they are better tried one at a time."""
        async with self._alone:
            worker = await self.worker()
        if await self._tries.enter([_tried(job) for job in jobs]):
            _log.warning("an inspector ended with one of these frames", frames=len(jobs))
            return None
        try:
            with metrics.BATCH_SECONDS.time():
                return await self._ask(worker, jobs)
        except (WorkerDied, RequestFailed) as error:
            _log.warning(
                "batch failed; its frames are tried one at a time", cause=str(error), frames=len(jobs)
            )
            return None

    async def _start(self) -> ExtractionClient:
        if self._worker is not None:
            metrics.WORKER_RESTARTS.labels(cause=self._worker.ended_by).inc()
            await self._worker.stop()
        worker = await ExtractionClient.start(self._forks, self._settings)
        try:
            await worker.probe(_PROBE_SECONDS)
            await self._furnish(worker)
        except BaseException:
            await worker.stop()
            raise
        return worker

    async def _score_alone(self, job: Job) -> Outcome:
        while True:
            worker = await self._probed()
            number = await self._tries.begin(_tried(job))
            if number > MAX_TRIES:
                return Unreadable(DeadLetterReason.KILLS_WORKER, DeadLetterReason.KILLS_WORKER.sentence)
            try:
                return (await self._ask(worker, [job]))[0]
            except (WorkerDied, RequestFailed) as error:
                _log.warning("frame failed", frame=str(job.uid), tries=number, cause=str(error))

    async def _probed(self) -> ExtractionClient:
        while True:
            worker = await self.worker()
            try:
                await worker.probe(_PROBE_SECONDS)
            except (WorkerDied, RequestFailed) as error:
                _log.error("the built-in image fails too", cause=str(error))
                worker.kill()
                await worker.stop()
            else:
                return worker

    async def _ask(self, worker: ExtractionClient, jobs: Sequence[Job]) -> list[Outcome]:
        frames = [FrameIn(job.line, job.data) for job in jobs]
        outcomes = await worker.score(frames, self._settings.engine.score_timeout_seconds)
        if len(outcomes) != len(jobs):
            raise RequestFailed(f"{len(outcomes)} outcomes came back for {len(jobs)} frames")
        return outcomes


def _tried(job: Job) -> UUID:
    """What tries are counted by: a replay has tries of its own."""
    if job.envelope.headers.replay_of is None:
        return job.uid
    source = job.envelope.source
    return uuid5(job.uid, f"{source.partition}/{source.offset}")
