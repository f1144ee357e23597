"""A frame that is tried alone is alone in the worker, whatever other batches are on their way."""

import asyncio
from collections.abc import Sequence

from schemas.reasons import DeadLetterReason
from service.images.decode import DEFAULT_LIMITS
from service.settings import Settings
from service.stream.base import Record
from tests.parts import draw_part, encode_png
from workers.extraction.client import ExtractionClient, WorkerDied
from workers.extraction.protocol import FrameIn, Outcome, Unfit, Unreadable
from workers.inspector.job import Job, make_job, open_envelope
from workers.inspector.scorer import Scorer
from workers.inspector.tries import MemoryTries

PARTS = [encode_png(draw_part(seed, size=(32, 32))) for seed in range(8)]
POISON = PARTS[1]


class Mortal(ExtractionClient):
    """A worker that POISON ends a moment after it came, with all that is in it then: real processes take
    too long over it, and meet in the worker by luck only."""

    def __init__(self) -> None:
        self._ended = asyncio.Event()
        self.device = "none"
        self.ended_by = "died"

    @property
    def dead(self) -> bool:
        return self._ended.is_set()

    async def probe(self, timeout: float) -> None:
        await self._spend(0.01)

    async def stop(self) -> None:
        self._ended.set()

    def kill(self) -> None:
        self._ended.set()

    async def score(self, frames: Sequence[FrameIn], timeout: float) -> list[Outcome]:
        if any(frame.data == POISON for frame in frames):
            asyncio.get_running_loop().call_later(0.01, self._ended.set)
        await self._spend(0.02)
        return [Unfit("flat", 32, 32) for _ in frames]

    async def _spend(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._ended.wait(), seconds)
        except TimeoutError:
            return
        raise WorkerDied("it was ended")


class MortalScorer(Scorer):
    """Its workers are mortal."""

    async def _start(self) -> ExtractionClient:
        return Mortal()


def job(offset: int) -> Job:
    """The frame of a part."""
    record = Record("frames", 0, offset, 0, b"line1", PARTS[offset])
    return make_job(open_envelope(record, 1), PARTS[offset], DEFAULT_LIMITS)


async def furnish(_: ExtractionClient) -> None:
    return


async def test_no_frame_of_another_batch_is_blamed_for_what_a_poisoned_one_did() -> None:
    scorer = MortalScorer(Settings(), MemoryTries(), furnish)
    jobs = [job(offset) for offset in range(len(PARTS))]
    batches = await asyncio.gather(scorer.score(jobs[:4]), scorer.score(jobs[4:]))
    outcomes = [outcome for batch in batches for outcome in batch]
    blamed = [offset for offset, outcome in enumerate(outcomes) if isinstance(outcome, Unreadable)]
    assert blamed == [1]
    assert outcomes[1] == Unreadable(DeadLetterReason.KILLS_WORKER, DeadLetterReason.KILLS_WORKER.sentence)
