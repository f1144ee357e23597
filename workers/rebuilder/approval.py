"""Approvals: several of one line become one build, and each gets a result of its own."""

import time
from collections.abc import Sequence
from dataclasses import replace

import structlog

from schemas.activation import Activated
from service.telemetry import metrics
from service.training.publish import Outlets, publish_bank
from workers.rebuilder.aside import Aside
from workers.rebuilder.gatekeeper import Gatekeeper
from workers.rebuilder.in_force import InForce, Standing
from workers.rebuilder.job import CommandRefused, Job
from workers.rebuilder.lesson import Classroom, Lesson, approval, model_of, plan_lesson
from workers.rebuilder.models import Models, Taught
from workers.rebuilder.rebuilds import radii
from workers.rebuilder.results import Results
from workers.rebuilder.shadowing import Shadow
from workers.rebuilder.trial import Trial, Trials

MAX_RACES = 5
_log = structlog.get_logger()


class Approvals:
    """Grows banks."""

    def __init__(
        self,
        in_force: InForce,
        models: Models,
        classroom: Classroom,
        gatekeeper: Gatekeeper,
        trials: Trials,
        shadow: Shadow,
        aside: Aside,
        outlets: Outlets,
        results: Results,
    ) -> None:
        self._in_force, self._models, self._classroom = in_force, models, classroom
        self._gatekeeper, self._trials, self._shadow, self._aside = gatekeeper, trials, shadow, aside
        self._outlets, self._results = outlets, results

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
            jobs = await self._of_model(jobs, active.model)
            if not jobs:
                return True
            known = await self._models.taught(active.line, active.model, active.version, active.size_bytes)
            taught = await self._gatekeeper.watched(known)
        except CommandRefused as refused:
            for job in jobs:
                await self._results.refused(job, str(refused))
            return True
        lessons = await self._learned(jobs, active, taught)
        if not lessons:
            return True
        try:
            trial = await self._shadowed(await self._trials.build(active, taught, lessons))
        except CommandRefused as refused:
            return await self._refused(refused, lessons)
        return await self._published(trial)

    async def _shadowed(self, trial: Trial) -> Trial:
        asked = {sha for lesson in trial.lessons for sha in lesson.parts}
        before, leader = trial.taught.loaded, trial.lessons[0].job
        report = await self._shadow.held(leader, trial.active, before, trial.built, asked)
        return replace(trial, shadow=report)

    async def _of_model(self, jobs: Sequence[Job], active: str) -> list[Job]:
        """The approvals of the model in force; the others grow theirs aside."""
        ours: list[Job] = []
        for job in jobs:
            try:
                model = model_of(job, active)
            except CommandRefused as refused:
                await self._results.refused(job, str(refused))
                continue
            if model == active:
                ours.append(job)
            else:
                await self._aside.carry_out(job, model)
        return ours

    async def _learned(self, jobs: Sequence[Job], active: Activated, taught: Taught) -> list[Lesson]:
        known = frozenset(entry.sha256 for entry in taught.loaded.manifest.parts)
        lessons: list[Lesson] = []
        for job in jobs:
            try:
                self._gatekeeper.refuse_canaries(active, approval(job).frames)
                beside = frozenset(sha for lesson in lessons for sha in lesson.parts)
                lesson = plan_lesson(job, known, beside)
                await self._classroom.learn(lesson, taught.loaded.manifest)
            except CommandRefused as refused:
                await self._results.refused(job, str(refused))
            else:
                lessons.append(lesson)
        return lessons

    async def _refused(self, refused: CommandRefused, lessons: Sequence[Lesson]) -> bool:
        """Of several approvals, each is tried by itself: one that is at fault refuses no other."""
        if len(lessons) == 1:
            await self._results.refused(lessons[0].job, str(refused), refused.facts)
            return True
        for lesson in lessons:
            await self.carry_out(lesson.job.command.line, [lesson.job])
        return True

    async def _published(self, trial: Trial) -> bool:
        built, leader = trial.built, trial.lessons[0].job
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
            grown_from=trial.active.version,
        )
        if not isinstance(made, Activated) or made.version != built.version:
            return False
        self._models.forget(trial.active.version)
        if trial.known is not None:
            self._models.keep(Taught(built.loaded, trial.known, trial.findings.watch))
        for lesson in trial.lessons:
            await self._conclude(lesson, made, trial)
        return True

    async def _conclude(self, lesson: Lesson, made: Activated, trial: Trial) -> None:
        seconds = time.monotonic() - lesson.job.received
        metrics.BUILD_SECONDS.observe(seconds)
        facts: dict[str, object] = {
            "parts_added": len(lesson.parts),
            "vectors": trial.built.memory_bank.size,
            "seconds": seconds,
        }
        if trial.known is None:
            facts |= radii(trial.taught, trial.built)
        facts |= self._gatekeeper.missed(made, trial.findings)
        if trial.shadow is not None:
            facts["shadow"] = trial.shadow
        await self._results.done(lesson.job, made, _sentence(lesson, made, trial, seconds), facts)


def _sentence(lesson: Lesson, made: Activated, trial: Trial, seconds: float) -> str:
    added = len(lesson.parts)
    parts = "1 part" if added == 1 else f"{added} parts"
    known = f" ({lesson.known} known already)" if lesson.known else ""
    before, after = trial.taught.loaded.memory_bank, trial.built.memory_bank
    again = (
        f", selected again as the bank passed its budget, radius {before.selection_radius:.4g} -> "
        f"{after.selection_radius:.4g}"
        if trial.known is None
        else ""
    )
    vectors = f"{before.size:,} -> {after.size:,} vectors"
    return f"epoch {made.epoch}: {parts} added{known}, {vectors}{again}, {seconds:.1f} s"
