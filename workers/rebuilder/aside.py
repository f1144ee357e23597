"""Parts of a model that is not in force: they grow that model, and nothing changes on the line."""

import time

from schemas.activation import Activated
from service.banks.activation_writer import utc_now
from service.signing.trust import Trust
from service.stream.base import Broker
from service.telemetry import metrics
from service.training.publish import Outlets
from service.training.thresholds import Rates, thresholds_of
from workers.rebuilder.gatekeeper import Gatekeeper
from workers.rebuilder.in_force import InForce, Standing
from workers.rebuilder.job import CommandRefused, Job
from workers.rebuilder.lesson import Classroom, approval, plan_lesson
from workers.rebuilder.lineage import Bank, Lineage, read_lineage
from workers.rebuilder.models import Models, Taught
from workers.rebuilder.results import Results
from workers.rebuilder.trial import Trial, Trials

MAX_RACES = 5


class Aside:
    """Carries out an approval whose frames were judged by a model that is not in force now: after a change of
    product, what was approved on the old one's frames is there when the line goes back."""

    def __init__(
        self,
        in_force: InForce,
        models: Models,
        classroom: Classroom,
        gatekeeper: Gatekeeper,
        trials: Trials,
        outlets: Outlets,
        results: Results,
        broker: Broker,
        topic: str,
        trust: Trust,
    ) -> None:
        self._in_force, self._models, self._classroom = in_force, models, classroom
        self._gatekeeper, self._trials, self._outlets = gatekeeper, trials, outlets
        self._results, self._broker, self._topic, self._trust = results, broker, topic, trust

    async def carry_out(self, job: Job, model: str) -> None:
        """Returns once the command has its result in the log. When another grew the model first, its bank is
        grown. Raises as ``Approvals.carry_out`` does."""
        try:
            for _ in range(MAX_RACES):
                if await self._attempted(job, model):
                    return
            raise CommandRefused(f"model {model} changed {MAX_RACES} times meanwhile: approve again")
        except CommandRefused as refused:
            await self._results.refused(job, str(refused), refused.facts)

    async def _attempted(self, job: Job, model: str) -> bool:
        line = job.command.line
        standing = await self._in_force.standing(line)
        lineage = await self._lineage(standing)
        made = lineage.of_command(model, job.command.command_id)
        if made is not None:
            sentence = f"model {model}, which is not in force, knows its parts"
            await self._results.told(job, sentence, {"model": model, "version": made.version})
            return True
        _refuse_in_force(standing, model)
        head = lineage.head(model)
        if head is None:
            raise CommandRefused(f"line {line} has no bank of model {model}: train one")
        known = await self._models.taught(line, model, head.version, head.size_bytes)
        taught = await self._gatekeeper.watched(known)
        return await self._grown(job, _as_if_in_force(standing, head, taught), taught)

    async def _grown(self, job: Job, head: Activated, taught: Taught) -> bool:
        command = approval(job)
        self._gatekeeper.refuse_canaries(head, command.frames)
        names = frozenset(entry.sha256 for entry in taught.loaded.manifest.parts)
        lesson = plan_lesson(job, names, frozenset())
        await self._classroom.learn(lesson, taught.loaded.manifest)
        trial = await self._trials.build(head, taught, [lesson])
        await self._outlets.publisher.publish(
            trial.built.data, based_on=head.version, command_id=command.command_id
        )
        standing = await self._in_force.standing(command.line)
        _refuse_in_force(standing, head.model)
        lineage = await self._lineage(standing)
        if lineage.of_command(head.model, command.command_id) is None:
            return False
        await self._conclude(job, trial)
        return True

    async def _lineage(self, standing: Standing) -> Lineage:
        return await read_lineage(self._broker, self._topic, standing, self._trust)

    async def _conclude(self, job: Job, trial: Trial) -> None:
        seconds = time.monotonic() - job.received
        metrics.BUILD_SECONDS.observe(seconds)
        built, added = trial.built, len(trial.lessons[0].parts)
        facts: dict[str, object] = {
            "model": built.manifest.model,
            "version": built.version,
            "parts_added": added,
            "vectors": built.memory_bank.size,
            "seconds": seconds,
        }
        await self._results.told(
            job,
            f"model {built.manifest.model}, which is not in force, learned {_parts(added)}: "
            f"{trial.taught.loaded.memory_bank.size:,} -> {built.memory_bank.size:,} vectors, "
            f"{seconds:.1f} s",
            facts | self._gatekeeper.missed(trial.active, trial.findings),
        )


def _refuse_in_force(standing: Standing, model: str) -> None:
    """Another writer changed the product: what is grown aside would not be in force."""
    if standing.require().model == model:
        raise CommandRefused(f"model {model} came into force meanwhile: approve again")


def _as_if_in_force(standing: Standing, head: Bank, taught: Taught) -> Activated:
    """The head under the thresholds that it would have: by the rates under which the model was last in
    force, else by those of the line."""
    activations = [entry.activation for entry in standing.history if entry.activation is not None]
    of_model = [activated for activated in activations if activated.model == head.model]
    rates = Rates.of((of_model or activations)[-1].thresholds) if activations else Rates()
    scores = taught.loaded.memory_bank.calibration_scores
    return Activated(
        line=head.line,
        epoch=max(standing.epoch, 1),
        model=head.model,
        version=head.version,
        size_bytes=head.size_bytes,
        thresholds=thresholds_of(scores, rates.alpha, rates.review_alpha),
        activated_at=utc_now(),
    )


def _parts(count: int) -> str:
    return "1 part" if count == 1 else f"{count} parts"
