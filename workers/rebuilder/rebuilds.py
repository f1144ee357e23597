"""``Rebuild`` and ``RemovePart``: the bank in force selected again, from all its parts or all but one."""

import asyncio
import time
from collections.abc import Sequence

from schemas.activation import Activated
from schemas.command import Rebuild, RemovePart
from service.banks.manifest import Manifest, PartEntry
from service.telemetry import metrics
from service.training.built import BuiltBank
from service.training.gathering import FEWEST
from service.training.publish import Outlets, publish_bank
from service.training.thresholds import Rates
from workers.rebuilder.gatekeeper import Gatekeeper
from workers.rebuilder.in_force import InForce, Standing
from workers.rebuilder.job import CommandRefused, Job
from workers.rebuilder.models import Models, Taught
from workers.rebuilder.reselection import Reselection
from workers.rebuilder.results import Results
from workers.rebuilder.shadowing import Shadow

MAX_RACES = 5


class Rebuilds:
    """Carries out ``Rebuild`` and ``RemovePart``."""

    def __init__(
        self,
        in_force: InForce,
        models: Models,
        reselection: Reselection,
        gatekeeper: Gatekeeper,
        shadow: Shadow,
        outlets: Outlets,
        results: Results,
    ) -> None:
        self._in_force, self._models, self._reselection = in_force, models, reselection
        self._gatekeeper, self._shadow = gatekeeper, shadow
        self._outlets, self._results = outlets, results

    async def carry_out(self, job: Job, command: Rebuild | RemovePart) -> None:
        """Returns once the command has its result in the log. Raises as ``Approvals.carry_out`` does."""
        try:
            for _ in range(MAX_RACES):
                if await self._attempted(job, command):
                    return
            raise CommandRefused(f"line {command.line} changed {MAX_RACES} times meanwhile: ask again")
        except CommandRefused as refused:
            await self._results.refused(job, str(refused), refused.facts)

    async def _attempted(self, job: Job, command: Rebuild | RemovePart) -> bool:
        """Whether all is said and done; False when the line moved on meanwhile."""
        standing = await self._in_force.standing(command.line)
        made = standing.of_command(command.command_id)
        if made is not None:
            await self._results.done(job, made, f"epoch {made.epoch}: in force")
            return True
        active = _active(standing, command)
        known = await self._models.taught(active.line, active.model, active.version, active.size_bytes)
        taught = await self._gatekeeper.watched(known)
        entries = _entries(taught.loaded.manifest, command)
        built = await self._reselection.of(job, taught.loaded.manifest, entries, Rates.of(active.thresholds))
        return await self._concluded(job, active, taught, built)

    async def _concluded(self, job: Job, active: Activated, taught: Taught, built: BuiltBank) -> bool:
        if built.version == active.version:
            await self._results.done(job, active, "all was selected again, and the bank is the same")
            return True
        findings = await asyncio.to_thread(self._gatekeeper.judge_rebuild, active, taught, built)
        if findings.objections:
            raise self._gatekeeper.refusal(active, findings.objections, {})
        report = await self._shadow.held(job, active, taught.loaded, built, ())
        made = await publish_bank(
            self._outlets,
            built,
            {},
            actor=job.command.actor,
            why=job.command.why,
            command_id=job.command.command_id,
            based_on=active.epoch,
        )
        if not isinstance(made, Activated) or made.version != built.version:
            return False
        told = self._gatekeeper.missed(made, findings)
        await self._tell(job, made, taught, built, told if report is None else told | {"shadow": report})
        return True

    async def _tell(
        self, job: Job, made: Activated, taught: Taught, built: BuiltBank, more: dict[str, object]
    ) -> None:
        seconds = time.monotonic() - job.received
        metrics.BUILD_SECONDS.observe(seconds)
        before, after = taught.loaded.memory_bank, built.memory_bank
        sentence = (
            f"epoch {made.epoch}: selected again from {_parts(len(built.manifest.parts))}, "
            f"{before.size:,} -> {after.size:,} vectors, "
            f"radius {before.selection_radius:.4g} -> {after.selection_radius:.4g}, "
            f"{seconds:.1f} s"
        )
        facts: dict[str, object] = {"vectors": after.size, "seconds": seconds, **radii(taught, built)}
        await self._results.done(job, made, sentence, facts | more)


def radii(taught: Taught, built: BuiltBank) -> dict[str, object]:
    """How far the selection left a patch from the vectors, before and after."""
    before, after = taught.loaded.memory_bank, built.memory_bank
    return {"radius_before": before.selection_radius, "radius_after": after.selection_radius}


def _active(standing: Standing, command: Rebuild | RemovePart) -> Activated:
    active = standing.require()
    if command.model not in (None, active.model):
        raise CommandRefused(
            f"model {command.model} is not in force on line {command.line}, {active.model} is: activate "
            f"{command.model} first"
        )
    return active


def _entries(manifest: Manifest, command: Rebuild | RemovePart) -> Sequence[PartEntry]:
    if isinstance(command, Rebuild):
        return manifest.parts
    left = [entry for entry in manifest.parts if entry.sha256 != command.part]
    if len(left) == len(manifest.parts):
        raise CommandRefused(
            f"the bank of line {command.line} has no part {command.part[:12]}: name one of those that "
            "`patchline banks show` lists"
        )
    if len(left) < FEWEST:
        raise CommandRefused(
            f"without part {command.part[:12]} the bank has {_parts(len(left))}, fewer than {FEWEST}: "
            "approve others first"
        )
    return left


def _parts(count: int) -> str:
    return "1 part" if count == 1 else f"{count} parts"
