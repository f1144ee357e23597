"""Approvals: several of one line become one build, and each gets a result of its own."""

import asyncio
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

from schemas.activation import Activated
from schemas.command import ApproveGood
from service.banks.refusal import BankRefused
from service.telemetry import metrics
from service.training.gates import Findings
from service.training.growth import GrownBank, grow_bank
from service.training.objection import Objection
from service.training.publish import Outlets, publish_bank
from service.training.thresholds import Rates
from workers.rebuilder.gatekeeper import Gatekeeper, GateRefused
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


@dataclass(frozen=True, eq=False, slots=True)
class _Trial:
    """What was grown of which lessons, and what the gates say of it."""

    active: Activated
    taught: Taught
    lessons: Sequence[Lesson]
    grown: GrownBank
    findings: Findings


class Approvals:
    """Grows banks. ``stopping`` ends a selection that runs in a thread."""

    def __init__(
        self,
        in_force: InForce,
        models: Models,
        classroom: Classroom,
        gatekeeper: Gatekeeper,
        outlets: Outlets,
        results: Results,
        stopping: threading.Event,
    ) -> None:
        self._in_force, self._models, self._classroom = in_force, models, classroom
        self._gatekeeper = gatekeeper
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
            known = await self._models.taught(active.line, active.model, active.version, active.size_bytes)
            taught = await self._gatekeeper.watched(known)
        except CommandRefused as refused:
            for job in jobs:
                await self._results.refused(job, str(refused))
            return True
        lessons = await self._learned(jobs, active, taught)
        if not lessons:
            return True
        trial = await asyncio.to_thread(self._tried, active, taught, lessons)
        if isinstance(trial, GateRefused):
            return await self._refused(trial, lessons)
        return await self._published(trial)

    async def _learned(self, jobs: Sequence[Job], active: Activated, taught: Taught) -> list[Lesson]:
        known = frozenset(entry.sha256 for entry in taught.loaded.manifest.parts)
        lessons: list[Lesson] = []
        for job in jobs:
            try:
                command = _approval(job)
                self._gatekeeper.refuse_canaries(active, command.frames)
                beside = frozenset(sha for lesson in lessons for sha in lesson.parts)
                lesson = plan_lesson(job, command, active, known, beside)
                await self._learn(lesson, taught)
            except CommandRefused as refused:
                await self._results.refused(job, str(refused))
            else:
                lessons.append(lesson)
        return lessons

    async def _learn(self, lesson: Lesson, taught: Taught) -> None:
        told = time.monotonic()

        async def watch(done: int, expected: int) -> None:
            nonlocal told
            if done < expected and time.monotonic() - told > _PROGRESS_SECONDS:
                told = time.monotonic()
                await self._results.progress(lesson.job, done, expected)

        await self._classroom.learn(lesson, taught.loaded.manifest, watch)

    def _tried(self, active: Activated, taught: Taught, lessons: Sequence[Lesson]) -> _Trial | GateRefused:
        """Runs in a thread: a selection, and the gates."""

        def watch(done: int, expected: int) -> None:
            if self._stopping.is_set():
                raise Abandoned

        entries = [entry for lesson in lessons for entry in lesson.entries]
        features = {sha: lesson.features[sha] for lesson in lessons for sha in lesson.parts}
        rates = Rates.of(active.thresholds)
        frames = {sha: ref for lesson in lessons for sha, ref in lesson.parts.items()}
        try:
            grown = grow_bank(taught.loaded, taught.known, list(features.values()), entries, rates, watch)
        except (ValueError, BankRefused) as error:
            return self._gatekeeper.refusal(active, [Objection.of_unsound(str(error))], frames)
        seconded = frozenset().union(
            *(self._gatekeeper.seconded(lesson.job, lesson.parts.values()) for lesson in lessons)
        )
        findings = self._gatekeeper.judge_growth(active, taught, grown.built, features, seconded)
        if findings.objections:
            return self._gatekeeper.refusal(active, findings.objections, frames)
        return _Trial(active, taught, lessons, grown, findings)

    async def _refused(self, refusal: GateRefused, lessons: Sequence[Lesson]) -> bool:
        """Of several approvals, each is tried by itself: one that is at fault refuses no other."""
        if len(lessons) == 1:
            await self._results.refused(lessons[0].job, str(refusal), refusal.facts)
            return True
        for lesson in lessons:
            await self.carry_out(lesson.job.command.line, [lesson.job])
        return True

    async def _published(self, trial: _Trial) -> bool:
        built, leader = trial.grown.built, trial.lessons[0].job
        for lesson in trial.lessons[1:]:
            await self._results.joins(lesson.job, leader, built.version)
        commands = [lesson.job.command for lesson in trial.lessons]
        made = await publish_bank(
            self._outlets,
            built,
            {},
            actor=", ".join(dict.fromkeys(command.actor for command in commands)),
            why="; ".join(dict.fromkeys(command.why for command in commands if command.why)),
            command_id=leader.command.command_id,
            based_on=trial.active.epoch,
        )
        if not isinstance(made, Activated) or made.version != built.version:
            return False
        self._models.keep(Taught(trial.grown.loaded, trial.grown.known, trial.findings.watch))
        self._models.forget(trial.active.version)
        for lesson in trial.lessons:
            await self._conclude(lesson, made, trial)
        return True

    async def _conclude(self, lesson: Lesson, made: Activated, trial: _Trial) -> None:
        seconds = time.monotonic() - lesson.job.received
        metrics.BUILD_SECONDS.observe(seconds)
        added, before = len(lesson.parts), trial.taught.loaded.memory_bank.size
        after = trial.grown.built.memory_bank.size
        parts = "1 part" if added == 1 else f"{added} parts"
        known = f" ({lesson.known} known already)" if lesson.known else ""
        facts: Mapping[str, object] = {"parts_added": added, "vectors": after, "seconds": seconds}
        await self._results.done(
            lesson.job,
            made,
            f"epoch {made.epoch}: {parts} added{known}, {before:,} -> {after:,} vectors, {seconds:.1f} s",
            {**facts, **self._gatekeeper.missed(made, trial.findings)},
        )


def _approval(job: Job) -> ApproveGood:
    if not isinstance(job.command, ApproveGood):
        raise CommandRefused(f"a {job.command.kind} is no approval: send it by itself")
    return job.command
