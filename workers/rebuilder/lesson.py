"""What one approval teaches: its frames as parts, fetched, checked, extracted and kept."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from schemas.activation import Activated
from schemas.command import ApproveGood, FrameRef
from service.banks.manifest import Manifest, PartEntry
from service.store import ObjectStore
from service.store.keys import part_key
from service.training.features import FeatureCache, PartFeatures
from workers.rebuilder.extraction import BATCH, Extraction
from workers.rebuilder.frames import Frames
from workers.rebuilder.job import CommandRefused, Job

Watch = Callable[[int, int], Awaitable[None]]


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
        command = self.job.command
        audited = isinstance(command, ApproveGood) and command.audit
        return [
            PartEntry(
                sha256=sha,
                name=ref.frame_id,
                part_id=ref.part_id,
                origin="audited" if audited else "approved",
            )
            for sha, ref in self.parts.items()
        ]


def plan_lesson(
    job: Job, command: ApproveGood, active: Activated, taught: frozenset[str], beside: frozenset[str]
) -> Lesson:
    """Which frames are new to the bank, and in no lesson ``beside`` this one. Raises ``CommandRefused`` when
    the bank was ``taught`` all, or when one was judged by another model than the one in force: its bank would
    not be the line's."""
    for ref in command.frames:
        if ref.model not in (None, active.model):
            raise CommandRefused(
                f"frame {ref.frame_id} was judged by model {ref.model} and {active.model} is in force: "
                f"activate {ref.model} first"
            )
    shas = {ref.frame_sha256: ref for ref in command.frames}
    if shas.keys() <= taught:
        first = command.frames[0].frame_id
        which = f"frame {first} is" if len(command.frames) == 1 else f"frame {first} and the others are"
        raise CommandRefused(f"{which} in the bank already: approve parts that it does not know")
    parts = {sha: ref for sha, ref in shas.items() if sha not in taught | beside}
    return Lesson(job, parts, len(shas) - len(parts))


class Classroom:
    """Fetches and extracts; frames are let go of batch by batch, only features stay."""

    def __init__(self, store: ObjectStore, frames: Frames, extraction: Extraction) -> None:
        self._store, self._frames, self._extraction = store, frames, extraction

    async def learn(self, lesson: Lesson, manifest: Manifest, watch: Watch) -> None:
        """Fill the lesson's features, and keep its parts where retention never comes: a part that was kept
        before, as by an approval that a gate refused, costs nothing again. Raises ``CommandRefused`` naming
        the frame that cannot become a part, and ``StoreError``."""
        cache = FeatureCache(self._store, manifest)
        for sha in lesson.parts:
            if (rows := await self._kept(manifest, cache, sha)) is not None:
                lesson.features[sha] = rows
        wanted = [sha for sha in lesson.parts if sha not in lesson.features]
        for begin in range(0, len(wanted), BATCH):
            shas = wanted[begin : begin + BATCH]
            frames = {sha: await self._frames.fetch(manifest.line, lesson.parts[sha]) for sha in shas}
            named = [(f"frame {lesson.parts[sha].frame_id}", frames[sha]) for sha in shas]
            made = await self._extraction.features(named, manifest)
            for sha, rows in zip(shas, made, strict=True):
                await self._store.put(part_key(manifest.line, manifest.model, sha), frames[sha])
                await cache.put(sha, rows)
                lesson.features[sha] = rows
            await watch(len(lesson.features), len(lesson.parts))

    async def _kept(self, manifest: Manifest, cache: FeatureCache, sha256: str) -> PartFeatures | None:
        if not await self._store.exists(part_key(manifest.line, manifest.model, sha256)):
            return None
        return await cache.get(sha256)
