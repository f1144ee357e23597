"""Approvals: several of one line become one build, and each gets a result of its own."""

import asyncio
import threading
import time
from collections.abc import Sequence

import structlog

from schemas.activation import Activated
from schemas.command import ApproveGood
from service.banks.refusal import BankRefused
from service.telemetry import metrics
from service.training.growth import GrownBank, grow_bank
from service.training.publish import Outlets, publish_bank
from service.training.thresholds import Rates
from workers.rebuilder.in_force import InForce, Standing
from workers.rebuilder.job import CommandRefused, Job
from workers.rebuilder.lesson import Classroom, Lesson, plan_lesson
from workers.rebuilder.models import Models, Taught
from workers.rebuilder.results import Results

MAX_RACES = 5
_PROGRESS_SECONDS = 5.0
_log = structlog.get_logger()


class Abandoned(Exception):
    """The program is stopping: the build is left to its next run."""


class Approvals:
    """Grows banks. ``stopping`` ends a selection that runs in a thread."""

    def __init__(
        self,
        in_force: InForce,
        models: Models,
        classroom: Classroom,
        outlets: Outlets,
        results: Results,
        stopping: threading.Event,
    ) -> None:
        self._in_force, self._models, self._classroom = in_force, models, classroom
        self._outlets, self._results, self._stopping = outlets, results, stopping

    async def carry_out(self, line: str, jobs: Sequence[Job]) -> None:
        """Returns once every job has its result in the log. When another writer was first, what was built
        is dropped and built again on what that writer put in force. Raises ``StoreError``, ``StreamError``
        and ``BankUnavailable``: calling it again is safe."""
        for _ in range(MAX_RACES):
            standing = await self._in_force.standing(line)
            jobs = [job for job in jobs if not await self._settled(job, standing)]
            if not jobs or await self._built(standing, jobs):
                return
            _log.info("another writer was first: building on what it did", line=line)
        for job in jobs:
            await self._results.refused(
                job, f"line {line} changed {MAX_RACES} times while its bank was built: approve again"
            )

    async def _settled(self, job: Job, standing: Standing) -> bool:
        """A program before this one may have ended between the activation and the result."""
        joined = self._results.joined(job)
        made = standing.of_command(job.command.command_id, joined)
        if made is not None:
            await self._results.done(job, made, f"epoch {made.epoch}: its parts are in force")
        return made is not None

    async def _built(self, standing: Standing, jobs: Sequence[Job]) -> bool:
        """Whether all is said and done; False when the line moved on meanwhile."""
        try:
            active = standing.require()
            taught = await self._models.taught(active.line, active.model, active.version, active.size_bytes)
        except CommandRefused as refused:
            for job in jobs:
                await self._results.refused(job, str(refused))
            return True
        lessons = await self._learned(jobs, active, taught)
        if not lessons:
            return True
        try:
            grown = await asyncio.to_thread(self._grown, taught, lessons, Rates.of(active.thresholds))
        except (ValueError, BankRefused) as error:
            for lesson in lessons:
                await self._results.refused(lesson.job, f"the bank cannot learn these parts: {error}")
            return True
        return await self._published(active, taught, grown, lessons)

    async def _learned(self, jobs: Sequence[Job], active: Activated, taught: Taught) -> list[Lesson]:
        taken = frozenset(entry.sha256 for entry in taught.loaded.manifest.parts)
        lessons: list[Lesson] = []
        for job in jobs:
            try:
                lesson = plan_lesson(job, _approval(job), active, taken)
                await self._learn(lesson, taught)
            except CommandRefused as refused:
                await self._results.refused(job, str(refused))
            else:
                lessons.append(lesson)
                taken |= lesson.parts.keys()
        return lessons

    async def _learn(self, lesson: Lesson, taught: Taught) -> None:
        told = time.monotonic()

        async def watch(done: int, expected: int) -> None:
            nonlocal told
            if done < expected and time.monotonic() - told > _PROGRESS_SECONDS:
                told = time.monotonic()
                await self._results.progress(lesson.job, done, expected)

        await self._classroom.learn(lesson, taught.loaded.manifest, watch)

    def _grown(self, taught: Taught, lessons: Sequence[Lesson], rates: Rates) -> GrownBank:
        def watch(done: int, expected: int) -> None:
            if self._stopping.is_set():
                raise Abandoned

        entries = [entry for lesson in lessons for entry in lesson.entries]
        features = [lesson.features[entry.sha256] for lesson in lessons for entry in lesson.entries]
        return grow_bank(taught.loaded, taught.known, features, entries, rates, watch)

    async def _published(
        self, active: Activated, taught: Taught, grown: GrownBank, lessons: Sequence[Lesson]
    ) -> bool:
        built, leader = grown.built, lessons[0].job
        for lesson in lessons[1:]:
            await self._results.joins(lesson.job, leader, built.version)
        made = await publish_bank(
            self._outlets,
            built,
            {},
            actor=", ".join(dict.fromkeys(lesson.job.command.actor for lesson in lessons)),
            why="; ".join(
                dict.fromkeys(lesson.job.command.why for lesson in lessons if lesson.job.command.why)
            ),
            command_id=leader.command.command_id,
            based_on=active.epoch,
        )
        if not isinstance(made, Activated) or made.version != built.version:
            return False
        self._models.keep(Taught(grown.loaded, grown.known))
        self._models.forget(active.version)
        for lesson in lessons:
            await self._conclude(lesson, made, taught.loaded.memory_bank.size, built.memory_bank.size)
        return True

    async def _conclude(self, lesson: Lesson, made: Activated, before: int, after: int) -> None:
        seconds = time.monotonic() - lesson.job.received
        metrics.BUILD_SECONDS.observe(seconds)
        added = len(lesson.parts)
        parts = "1 part" if added == 1 else f"{added} parts"
        known = f" ({lesson.known} known already)" if lesson.known else ""
        await self._results.done(
            lesson.job,
            made,
            f"epoch {made.epoch}: {parts} added{known}, {before:,} -> {after:,} vectors, {seconds:.1f} s",
            {"parts_added": added, "vectors": after, "seconds": seconds},
        )


def _approval(job: Job) -> ApproveGood:
    if not isinstance(job.command, ApproveGood):
        raise CommandRefused(f"a {job.command.kind} is no approval: send it by itself")
    return job.command
