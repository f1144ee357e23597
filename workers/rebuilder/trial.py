"""A trial: a bank built of lessons and judged, not yet published."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from schemas.activation import Activated
from schemas.shadow import ShadowReport
from service.banks.refusal import BankRefused
from service.patchcore import Progress
from service.training.built import BuiltBank
from service.training.features import PartFeatures
from service.training.gates import Findings
from service.training.growth import grow_bank
from service.training.known_parts import KnownParts
from service.training.objection import Objection
from service.training.thresholds import Rates
from workers.rebuilder.bank_budget import BankBudget
from workers.rebuilder.gatekeeper import Gatekeeper
from workers.rebuilder.lesson import Lesson
from workers.rebuilder.models import Taught
from workers.rebuilder.reselection import Reselection


@dataclass(frozen=True, eq=False, slots=True)
class Trial:
    """What was built of which lessons, and what the gates say of it. ``known`` is what the next growth must
    know; None when all was selected again. ``shadow``: what would change on stored frames, if demanded."""

    active: Activated
    taught: Taught
    lessons: Sequence[Lesson]
    built: BuiltBank
    known: KnownParts | None
    findings: Findings
    shadow: ShadowReport | None = None


class Trials:
    """Builds by growth; a bank that outgrows its budget is selected again from all its parts."""

    def __init__(self, gatekeeper: Gatekeeper, reselection: Reselection, budget: BankBudget) -> None:
        self._gatekeeper, self._reselection, self._budget = gatekeeper, reselection, budget

    async def build(self, active: Activated, taught: Taught, lessons: Sequence[Lesson]) -> Trial:
        """What comes of the lessons on top of what is in force, past the gates. Waits for a selection. Raises
        ``CommandRefused`` with what the gates object to, and ``StoreError``."""
        frames = {sha: ref for lesson in lessons for sha, ref in lesson.parts.items()}
        seconded = frozenset[str]().union(
            *(self._gatekeeper.seconded(lesson.job, lesson.parts.values()) for lesson in lessons)
        )
        try:
            trial = await self._reselection.told(
                lessons[0].job, lambda watch: self._grown(active, taught, lessons, seconded, watch)
            )
        except (ValueError, BankRefused) as error:
            raise self._gatekeeper.refusal(active, [Objection.of_unsound(str(error))], frames) from error
        if not trial.findings.objections and self._budget.outgrown(trial.built.memory_bank):
            trial = await self._compacted(trial)
        if trial.findings.objections:
            raise self._gatekeeper.refusal(active, trial.findings.objections, frames)
        return trial

    def _grown(
        self,
        active: Activated,
        taught: Taught,
        lessons: Sequence[Lesson],
        seconded: frozenset[str],
        watch: Progress,
    ) -> Trial:
        """Runs in a thread: a selection, and the gates."""
        entries = [entry for lesson in lessons for entry in lesson.entries]
        features = _features(lessons)
        rates = Rates.of(active.thresholds)
        grown = grow_bank(taught.loaded, taught.known, list(features.values()), entries, rates, watch)
        findings = self._gatekeeper.judge_growth(active, taught, grown.built, features, seconded)
        return Trial(active, taught, lessons, grown.built, grown.known, findings)

    async def _compacted(self, trial: Trial) -> Trial:
        """The same parts, all selected again, and held against the grown bank, which passed the gates."""
        rates, recipe = Rates.of(trial.active.thresholds), self._budget.recipe(trial.built.memory_bank)
        manifest = trial.built.manifest.model_copy(update={"recipe": recipe})
        built = await self._reselection.of(
            trial.lessons[0].job, manifest, manifest.parts, rates, _features(trial.lessons)
        )
        found = await asyncio.to_thread(self._gatekeeper.judge_rebuild, *_grown(trial), built)
        findings = replace(found, known_misses=trial.findings.known_misses)
        return replace(trial, built=built, known=None, findings=findings)


def _grown(trial: Trial) -> tuple[Activated, Taught]:
    """The grown bank as if it were in force."""
    known = trial.taught.known if trial.known is None else trial.known
    active = trial.active.model_copy(update={"thresholds": trial.built.thresholds})
    return active, Taught(trial.built.loaded, known, trial.findings.watch)


def _features(lessons: Sequence[Lesson]) -> dict[str, PartFeatures]:
    return {sha: lesson.features[sha] for lesson in lessons for sha in lesson.parts}
