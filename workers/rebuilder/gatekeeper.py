"""The gatekeeper: brings a line's canaries to the gates, and tells people what the gates found."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from schemas.activation import Activated
from schemas.command import FrameRef
from service.training.built import BuiltBank
from service.training.features import PartFeatures
from service.training.gates import Before, Findings, GateLimits, judge_growth, judge_rebuild
from service.training.objection import Objection
from workers.rebuilder.job import CommandRefused, Job
from workers.rebuilder.journal import Journal
from workers.rebuilder.known_features import KnownFeatures
from workers.rebuilder.models import Models, Taught


class Gatekeeper:
    """Which canaries there are and who approved what comes of the journal; ``watched`` reads it to its end,
    and what is asked after is answered as of then."""

    def __init__(self, journal: Journal, models: Models, features: KnownFeatures, limits: GateLimits) -> None:
        self._journal, self._models, self._features, self._limits = journal, models, features, limits

    async def watched(self, taught: Taught) -> Taught:
        """The bank with its model's canaries held against it, kept for the next time. Waits for their
        features and a search. Raises ``CommandRefused`` naming a canary that is lost, ``StoreError`` and
        ``StreamError``."""
        await self._journal.read_to_end()
        manifest, bank = taught.loaded.manifest, taught.loaded.memory_bank
        frames = self._journal.annals.canaries(manifest.line, manifest.model)
        wanted = [frame.frame_sha256 for frame in frames]
        if wanted == list(taught.watch.features):
            return taught
        known = {sha: rows for sha, rows in taught.watch.features.items() if sha in wanted}
        missing = [frame for frame in frames if frame.frame_sha256 not in known]
        found = known | await self._features.of_canaries(manifest, missing)
        ordered = {sha: found[sha] for sha in wanted}
        watch = await asyncio.to_thread(taught.watch.with_features, bank, ordered)
        return self._models.keep(replace(taught, watch=watch))

    def refuse_canaries(self, active: Activated, frames: Iterable[FrameRef]) -> None:
        """Raises ``CommandRefused`` for a frame that is a canary: it cannot be good as well."""
        canaries = {frame.frame_sha256 for frame in self._journal.annals.canaries(active.line, active.model)}
        for frame in frames:
            if frame.frame_sha256 in canaries:
                raise CommandRefused(
                    f"frame {frame.frame_id} is a canary, confirmed as a defect: retire it if it is good"
                )

    def seconded(self, job: Job, frames: Iterable[FrameRef]) -> frozenset[str]:
        """Those of the frames, by sha256, that another person approved before."""
        command = job.command
        return frozenset(
            frame.frame_sha256
            for frame in frames
            if self._journal.annals.approvers(command.line, frame.frame_sha256) - {command.actor}
        )

    def judge_growth(
        self,
        active: Activated,
        taught: Taught,
        grown: BuiltBank,
        parts: Mapping[str, PartFeatures],
        seconded: frozenset[str],
    ) -> Findings:
        """See ``gates.judge_growth``."""
        return judge_growth(_before(active, taught), grown, parts, seconded, self._limits)

    def judge_rebuild(self, active: Activated, taught: Taught, built: BuiltBank) -> Findings:
        """See ``gates.judge_rebuild``."""
        return judge_rebuild(_before(active, taught), built, self._limits)

    def refusal(
        self, active: Activated, found: Sequence[Objection], frames: Mapping[str, FrameRef]
    ) -> CommandRefused:
        """What people are told of the objections; ``frames`` are the new parts by sha256. What no second
        person can lift comes first."""
        objections = sorted(found, key=lambda objection: objection.second_person)
        first, names = objections[0], self._names(active, frames)
        parts = dict.fromkeys(part for objection in objections for part in objection.parts)
        facts: dict[str, object] = {"gate": first.gate, "model": active.model}
        if named := tuple(frames[part] for part in parts if part in frames):
            facts["frames"] = named
        if first.second_person:
            facts["needs_second_person"] = True
        return CommandRefused(_sentence(objections, names), facts)

    def missed(self, active: Activated, findings: Findings) -> dict[str, object]:
        """The canaries that were missed before already, for the event; nothing when there are none."""
        canaries = self._journal.annals.canaries(active.line, active.model)
        missed = tuple(frame.frame_uid for frame in canaries if frame.frame_sha256 in findings.known_misses)
        return {"known_misses": missed} if missed else {}

    def _names(self, active: Activated, frames: Mapping[str, FrameRef]) -> dict[str, str]:
        canaries = self._journal.annals.canaries(active.line, active.model)
        names = {frame.frame_sha256: frame.frame_id for frame in canaries}
        return names | {sha: frame.frame_id for sha, frame in frames.items()}


def _before(active: Activated, taught: Taught) -> Before:
    return Before(taught.loaded.memory_bank, active.thresholds, taught.watch)


def _sentence(objections: list[Objection], names: Mapping[str, str]) -> str:
    said = objections[0].sentence(names)
    others = len(objections) - 1
    return said if not others else f"{said} ({others} more {'objection' if others == 1 else 'objections'})"
