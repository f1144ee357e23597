"""Two models judge the same stored frames: how many verdicts differ, and on which frames."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from schemas.verdict import Verdict
from service.images.decode import ImageLimits, decode
from service.images.picture import Picture
from service.images.unreadable import UnfitImage, UnreadableImage
from service.inspection.line_model import LineModel
from service.store import MissingObject, ObjectStore, ObjectTooLarge
from service.store.keys import frame_key

FETCHED_AT_ONCE = 16
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Judged:
    """What one model says of a frame: a verdict's word, and the score where there is one."""

    verdict: str
    score: float | None


@dataclass(frozen=True, slots=True)
class Compared:
    """One frame under both models."""

    frame: Verdict
    before: Judged
    after: Judged

    @property
    def flipped(self) -> bool:
        """Whether the verdicts differ."""
        return self.before.verdict != self.after.verdict


@dataclass(slots=True)
class Comparison:
    """``missing`` frames are no longer stored, ``unreadable`` ones are no images."""

    compared: list[Compared] = field(default_factory=list)
    missing: int = 0
    unreadable: int = 0

    @property
    def flips(self) -> dict[tuple[str, str], int]:
        """How many frames went from one verdict to another, by both."""
        counts = Counter((each.before.verdict, each.after.verdict) for each in self.compared if each.flipped)
        return dict(sorted(counts.items()))

    @property
    def flipped(self) -> list[Compared]:
        """The frames whose verdicts differ."""
        return [each for each in self.compared if each.flipped]


async def compare(
    frames: Sequence[Verdict],
    before: LineModel,
    after: LineModel,
    store: ObjectStore,
    limits: ImageLimits,
    progress: Progress,
) -> Comparison:
    """Judge the frames' stored pictures with both models, now and on this machine. Waits for the store and
    for the network, which runs in a thread; raises ``StoreError``. ``progress`` hears how many are done."""
    comparison = Comparison()
    for begin in range(0, len(frames), FETCHED_AT_ONCE):
        batch = frames[begin : begin + FETCHED_AT_ONCE]
        pictures = await asyncio.gather(*(_fetched(frame, store, limits) for frame in batch))
        await asyncio.to_thread(_judge, comparison, batch, pictures, (before, after), limits)
        progress(begin + len(batch), len(frames))
    return comparison


async def _fetched(frame: Verdict, store: ObjectStore, limits: ImageLimits) -> bytes | None:
    try:
        return await store.get(frame_key(frame.line, frame.frame_uid), max_bytes=limits.max_bytes)
    except (MissingObject, ObjectTooLarge):
        return None


def _judge(
    comparison: Comparison,
    frames: Sequence[Verdict],
    pictures: Sequence[bytes | None],
    models: tuple[LineModel, LineModel],
    limits: ImageLimits,
) -> None:
    for frame, data in zip(frames, pictures, strict=True):
        if data is None:
            comparison.missing += 1
            continue
        try:
            picture = decode(data, limits)
        except UnreadableImage:
            comparison.unreadable += 1
            continue
        before, after = (_judged(model, picture) for model in models)
        comparison.compared.append(Compared(frame, before, after))


def _judged(model: LineModel, picture: Picture) -> Judged:
    try:
        judgement = model.judge(picture, draw="none")
    except UnfitImage:
        return Judged("fault", None)
    return Judged(judgement.verdict.value, judgement.score)
