"""A bank selected again in a thread, with progress told as it goes."""

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from schemas.reasons import Gate
from service.banks.manifest import Manifest, PartEntry
from service.banks.refusal import BankRefused
from service.patchcore import Progress
from service.training.built import BuiltBank
from service.training.features import PartFeatures
from service.training.rebuilding import rebuild_bank
from service.training.thresholds import Rates
from service.training.time_left import TimeLeft
from workers.rebuilder.job import CommandRefused, Job
from workers.rebuilder.known_features import KnownFeatures
from workers.rebuilder.results import Results

PROGRESS_SECONDS = 2.0
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Far:
    """How far a selection is."""

    done: int
    expected: int
    seconds_left: float | None = None


class Abandoned(Exception):
    """The program is stopping: the build is left to its next run."""


class Reselection:
    """``stopping`` ends a selection that runs in a thread."""

    def __init__(self, features: KnownFeatures, results: Results, stopping: threading.Event) -> None:
        self._features, self._results, self._stopping = features, results, stopping

    async def of(
        self,
        job: Job,
        manifest: Manifest,
        entries: Sequence[PartEntry],
        rates: Rates,
        fresh: Mapping[str, PartFeatures] | None = None,
    ) -> BuiltBank:
        """The bank of these parts; ``fresh`` are features that need not be fetched. Waits for the store and a
        whole selection, telling how far it is. Raises ``CommandRefused`` when no bank comes of
        them or one is lost, and ``StoreError``."""
        known = dict(fresh or {})
        missing = [entry for entry in entries if entry.sha256 not in known]
        known |= await self._features.of_parts(manifest, missing)
        loop = asyncio.get_running_loop()

        def picture(entry: PartEntry) -> bytes:
            return asyncio.run_coroutine_threadsafe(self._features.picture(manifest, entry), loop).result()

        def work(watch: Progress) -> BuiltBank:
            return rebuild_bank(manifest, entries, known.__getitem__, picture, rates, watch)

        try:
            return await self.told(job, work)
        except (ValueError, BankRefused) as error:
            raise CommandRefused(f"no bank comes of these parts: {error}", {"gate": Gate.UNSOUND}) from error

    async def told(self, job: Job, work: Callable[[Progress], T]) -> T:
        """What the work gives, which runs in a thread; every few seconds an event tells how far it is."""
        far, time_left = Far(0, 0), TimeLeft()

        def watch(done: int, expected: int) -> None:
            nonlocal far
            if self._stopping.is_set():
                raise Abandoned
            far = Far(done, expected, time_left.told(done, expected))

        running = asyncio.create_task(asyncio.to_thread(work, watch))
        try:
            while not running.done():
                await asyncio.wait({running}, timeout=PROGRESS_SECONDS)
                if not running.done():
                    await self._tell(job, far)
        finally:
            running.cancel()
        return running.result()

    async def _tell(self, job: Job, far: Far) -> None:
        if far.expected:
            sentence = f"{far.done:,} of {far.expected:,} vectors are selected"
            await self._results.progress(job, far.done / far.expected, sentence, far.seconds_left)
