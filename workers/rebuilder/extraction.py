"""Pictures to features, in a child process: the bytes may be hostile, and are never decoded here."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import numpy as np
import structlog

from schemas.reasons import DeadLetterReason, FaultReason
from service.banks.manifest import Manifest, Precision
from service.telemetry import metrics
from service.training.features import PartFeatures
from workers.extraction.client import RequestFailed, WorkerDied
from workers.extraction.protocol import Features, Unfit, Unreadable
from workers.rebuilder.job import CommandRefused

BATCH = 8
MAX_TRIES = 3
_PROBE_SECONDS = 30.0
_LONGEST_PAUSE = 30.0
_log = structlog.get_logger()
Answer = Features | Unfit | Unreadable
Named = tuple[str, bytes]


class Extractor(Protocol):
    """What is needed of an ``ExtractionClient``; see there."""

    @property
    def dead(self) -> bool: ...
    async def extract(
        self, images: Sequence[bytes], recipe: bytes, contract: bytes, precision: Precision, timeout: float
    ) -> list[Answer]: ...
    async def probe(self, timeout: float) -> None: ...
    async def stop(self) -> None: ...


class Extraction:
    """Owns one extractor, started when first needed. ``weights_of`` tells the sha256 of the weights that it
    has for a backbone. One request at a time, so that a picture that ends the worker is known for sure."""

    def __init__(
        self,
        start: Callable[[], Awaitable[Extractor]],
        weights_of: Callable[[str], str],
        timeout_seconds: float = 60.0,
    ) -> None:
        self._start = start
        self._weights_of = weights_of
        self._timeout = timeout_seconds
        self._turn = asyncio.Lock()
        self._worker: Extractor | None = None

    async def features(
        self, images: Sequence[Named], manifest: Manifest, *, remedy: str = "approve it without this one"
    ) -> list[PartFeatures]:
        """Features of pictures, each given with the name that people know it by. Waits as long as the
        device needs to come back. Raises ``CommandRefused`` naming the first picture that has none, and the
        ``remedy``."""
        self._refuse_other_weights(manifest)
        answers = await self._answers(images, manifest)
        return [
            _usable(name, answer, manifest, remedy) for (name, _), answer in zip(images, answers, strict=True)
        ]

    async def warm(self) -> None:
        """Start the worker and see that it works, before the first picture comes. Waits until it does."""
        async with self._turn:
            await self._probed()

    async def stop(self) -> None:
        """End the worker."""
        async with self._turn:
            if self._worker is not None:
                await self._worker.stop()

    def _refuse_other_weights(self, manifest: Manifest) -> None:
        try:
            ours = self._weights_of(manifest.backbone)
        except ValueError as error:
            raise CommandRefused(f"the rebuilder lacks the bank's network: {error}") from error
        if ours != manifest.weights_sha256:
            raise CommandRefused(
                f"the bank was made with weights {manifest.weights_sha256[:12]} of {manifest.backbone} and "
                f"the rebuilder has {ours[:12]}: set PATCHLINE_ENGINE__WEIGHTS to the bank's, or train anew"
            )

    async def _answers(self, images: Sequence[Named], manifest: Manifest) -> list[Answer]:
        async with self._turn:
            try:
                return await self._ask(await self._alive(), [data for _, data in images], manifest)
            except (WorkerDied, RequestFailed) as error:
                _log.warning("batch failed; its pictures are tried one at a time", cause=str(error))
            return [await self._alone(name, data, manifest) for name, data in images]

    async def _alone(self, name: str, data: bytes, manifest: Manifest) -> Answer:
        for number in range(1, MAX_TRIES + 1):
            worker = await self._probed()
            try:
                return (await self._ask(worker, [data], manifest))[0]
            except (WorkerDied, RequestFailed) as error:
                _log.warning("picture failed", picture=name, tries=number, cause=str(error))
        return Unreadable(DeadLetterReason.KILLS_WORKER.value, DeadLetterReason.KILLS_WORKER.sentence)

    async def _ask(self, worker: Extractor, images: list[bytes], manifest: Manifest) -> list[Answer]:
        recipe, contract = manifest.recipe.model_dump_json(), manifest.contract.model_dump_json()
        answers = await worker.extract(
            images, recipe.encode(), contract.encode(), manifest.precision, self._timeout
        )
        if len(answers) != len(images):
            raise RequestFailed(f"{len(answers)} answers came back for {len(images)} pictures")
        return answers

    async def _probed(self) -> Extractor:
        pause = 0.5
        while True:
            worker = await self._alive()
            try:
                await worker.probe(_PROBE_SECONDS)
            except (WorkerDied, RequestFailed) as error:
                _log.error("the built-in image fails too", cause=str(error), seconds=pause)
                await worker.stop()
                self._worker = None
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                return worker

    async def _alive(self) -> Extractor:
        pause = 0.5
        while self._worker is None or self._worker.dead:
            if self._worker is not None:
                metrics.WORKER_RESTARTS.labels(cause="died").inc()
                await self._worker.stop()
                self._worker = None
            try:
                self._worker = await self._start()
            except (WorkerDied, RequestFailed) as error:
                _log.error("the device does not work; waiting", cause=str(error), seconds=pause)
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
        return self._worker


def _usable(name: str, answer: Answer, manifest: Manifest, remedy: str) -> PartFeatures:
    if isinstance(answer, Unreadable):
        raise CommandRefused(f"{name} cannot be learned from ({answer.sentence.rstrip('.')}): {remedy}")
    if isinstance(answer, Unfit):
        reason = FaultReason(answer.reason).sentence.rstrip(".")
        raise CommandRefused(f"{name} cannot be learned from ({reason}): {remedy}")
    features = np.frombuffer(answer.data, np.float16).reshape(answer.rows, answer.columns, answer.dim)
    if features.shape[:2] != manifest.grid or not np.isfinite(features).all():
        raise CommandRefused(f"{name} has features that no bank can store: check the device")
    return features
