"""What one approval teaches: its frames as parts, fetched, checked, extracted and kept."""

import time
from dataclasses import dataclass, field
from typing import Literal

from schemas.command import ApproveGood, FrameRef
from service.banks.manifest import Manifest, PartEntry
from service.store import ObjectStore
from service.store.keys import part_key
from service.training.features import FeatureCache, PartFeatures
from workers.rebuilder.extraction import BATCH, Extraction
from workers.rebuilder.frames import Frames
from workers.rebuilder.job import CommandRefused, Job
from workers.rebuilder.results import Results

PROGRESS_SECONDS = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """The parts that a job's approval adds, by sha256; ``known`` counts those that the bank had."""

    job: Job
    parts: dict[str, FrameRef]
    known: int = 0
    features: dict[str, PartFeatures] = field(default_factory=dict)

    @property
    def entries(self) -> list[PartEntry]:
        """How the manifest lists the parts."""
        origin: Literal["approved", "audited"] = "audited" if approval(self.job).audit else "approved"
        return [
            PartEntry(sha256=sha, name=ref.frame_id, part_id=ref.part_id, origin=origin)
            for sha, ref in self.parts.items()
        ]


def approval(job: Job) -> ApproveGood:
    """The job's command. Raises ``CommandRefused`` for one that is no approval."""
    if not isinstance(job.command, ApproveGood):
        raise CommandRefused(f"a {job.command.kind} is no approval: send it by itself")
    return job.command


def model_of(job: Job, active: str) -> str:
    """The one model that judged an approval's frames; the ``active`` one where none did. Raises
    ``CommandRefused`` for frames of several."""
    models = {ref.model or active for ref in approval(job).frames}
    if len(models) > 1:
        raise CommandRefused(
            f"the frames were judged by models {' and '.join(sorted(models))}: approve each model's alone"
        )
    return models.pop()


def plan_lesson(job: Job, taught: frozenset[str], beside: frozenset[str]) -> Lesson:
    """Which frames are new to the bank, and in no lesson ``beside`` this one. Raises ``CommandRefused`` when
    the bank was ``taught`` all."""
    command = approval(job)
    shas = {ref.frame_sha256: ref for ref in command.frames}
    if shas.keys() <= taught:
        first = command.frames[0].frame_id
        which = f"frame {first} is" if len(command.frames) == 1 else f"frame {first} and the others are"
        raise CommandRefused(f"{which} in the bank already: approve parts that it does not know")
    parts = {sha: ref for sha, ref in shas.items() if sha not in taught | beside}
    return Lesson(job, parts, len(shas) - len(parts))


class Classroom:
    """Fetches and extracts; frames are let go of batch by batch, only features stay."""

    def __init__(self, store: ObjectStore, frames: Frames, extraction: Extraction, results: Results) -> None:
        self._store, self._frames, self._extraction = store, frames, extraction
        self._results = results

    async def learn(self, lesson: Lesson, manifest: Manifest) -> None:
        """Fill the lesson's features, and keep its parts where retention never comes: a part that was kept
        before, as by an approval that a gate refused, costs nothing again. Raises ``CommandRefused`` naming
        the frame that cannot become a part, and ``StoreError``."""
        cache = FeatureCache(self._store, manifest)
        for sha in lesson.parts:
            if (rows := await self._kept(manifest, cache, sha)) is not None:
                lesson.features[sha] = rows
        wanted = [sha for sha in lesson.parts if sha not in lesson.features]
        told = time.monotonic()
        for begin in range(0, len(wanted), BATCH):
            shas = wanted[begin : begin + BATCH]
            frames = {sha: await self._frames.fetch(manifest.line, lesson.parts[sha]) for sha in shas}
            named = [(f"frame {lesson.parts[sha].frame_id}", frames[sha]) for sha in shas]
            made = await self._extraction.features(named, manifest)
            for sha, rows in zip(shas, made, strict=True):
                await self._store.put(part_key(manifest.line, manifest.model, sha), frames[sha])
                await cache.put(sha, rows)
                lesson.features[sha] = rows
            if begin + BATCH < len(wanted) and time.monotonic() - told > PROGRESS_SECONDS:
                told = time.monotonic()
                await self._tell(lesson)

    async def _tell(self, lesson: Lesson) -> None:
        done, expected = len(lesson.features), len(lesson.parts)
        await self._results.progress(lesson.job, done / expected, f"{done} of {expected} parts are extracted")

    async def _kept(self, manifest: Manifest, cache: FeatureCache, sha256: str) -> PartFeatures | None:
        if not await self._store.exists(part_key(manifest.line, manifest.model, sha256)):
            return None
        return await cache.get(sha256)
