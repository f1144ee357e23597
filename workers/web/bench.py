"""The page's device: an extraction worker of its own, started when somebody tries a bank, ended when idle."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

from schemas.activation import Activated
from schemas.reasons import DeadLetterReason, FaultReason, VerdictKind
from schemas.verdict import Region
from service.settings import Settings
from service.web.bench import BenchBroken, Judgement, Unjudged
from workers.extraction import protocol
from workers.extraction.client import ExtractionClient, RequestFailed, WorkerDied
from workers.extraction.forks import Forks

IDLE_SECONDS = 120.0
LOAD_SECONDS = 120.0
BATCH = 8


class Judge(Protocol):
    """What is needed of an ``ExtractionClient``; see there."""

    @property
    def dead(self) -> bool: ...
    async def load(self, path: str, activation: bytes, timeout: float) -> protocol.Refused | None: ...
    async def score(self, frames: Sequence[protocol.FrameIn], timeout: float) -> list[protocol.Outcome]: ...
    async def stop(self) -> None: ...


class WorkerBench:
    """A ``Bench`` in a child process, one request at a time."""

    def __init__(
        self,
        start: Callable[[], Awaitable[Judge]],
        timeout_seconds: float,
        release: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._start, self._timeout, self._release = start, timeout_seconds, release
        self._turn = asyncio.Lock()
        self._worker: Judge | None = None
        self._loaded: bytes | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._ending: asyncio.Task[None] | None = None

    @classmethod
    def of(cls, settings: Settings) -> "WorkerBench":
        """One that draws every heatmap, by the settings of the page."""
        drawing = settings.inspector.model_copy(update={"heatmaps": "all"})
        own = settings.model_copy(update={"inspector": drawing})
        forks = Forks()
        start = partial(ExtractionClient.start, forks, own)
        return cls(start, settings.engine.score_timeout_seconds, forks.stop)

    async def judge(
        self, bank: Path, activation: Activated, images: Sequence[bytes]
    ) -> list[Judgement | Unjudged]:
        """See the port."""
        async with self._turn:
            self._stay()
            try:
                worker = await self._ready(bank, activation)
                found: list[Judgement | Unjudged] = []
                for begin in range(0, len(images), BATCH):
                    frames = [
                        protocol.FrameIn(activation.line, data) for data in images[begin : begin + BATCH]
                    ]
                    found += [_told(outcome) for outcome in await worker.score(frames, self._timeout)]
                return found
            except (WorkerDied, RequestFailed) as error:
                raise BenchBroken(str(error)) from error
            finally:
                self._leave_later()

    async def stop(self) -> None:
        """See the port."""
        async with self._turn:
            self._stay()
            await self._end()

    async def _ready(self, bank: Path, activation: Activated) -> Judge:
        if self._worker is None or self._worker.dead:
            await self._end()
            self._worker = await self._start()
        wanted = activation.to_bytes()
        if self._loaded != wanted:
            self._loaded = None
            refused = await self._worker.load(str(bank), wanted, LOAD_SECONDS)
            if refused is not None:
                raise BenchBroken(f"the bank is refused here: {refused.sentence}")
            self._loaded = wanted
        return self._worker

    async def _end(self) -> None:
        worker, self._worker, self._loaded = self._worker, None, None
        if worker is not None:
            await worker.stop()
            if self._release is not None:
                await self._release()

    def _stay(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _leave_later(self) -> None:
        loop = asyncio.get_running_loop()
        self._idle = loop.call_later(IDLE_SECONDS, self._leave)

    def _leave(self) -> None:
        # Kept by reference: the loop itself holds tasks weakly.
        self._ending = asyncio.create_task(self.stop(), name="idle bench ends")


def _told(outcome: protocol.Outcome) -> Judgement | Unjudged:
    if isinstance(outcome, protocol.Unreadable):
        reason = DeadLetterReason(outcome.reason)
        return Unjudged(readable=False, reason=reason.value, sentence=outcome.sentence or reason.sentence)
    if isinstance(outcome, protocol.Unfit):
        fault = FaultReason(outcome.reason)
        return Unjudged(readable=True, reason=fault.value, sentence=fault.sentence)
    return Judgement(
        verdict=VerdictKind(outcome.verdict),
        score=outcome.score,
        p_value=outcome.p_value,
        regions=tuple(
            Region(x=x, y=y, width=width, height=height, score=score)
            for x, y, width, height, score in outcome.regions
        ),
        width=outcome.width,
        height=outcome.height,
        heatmap=outcome.heatmap,
    )
