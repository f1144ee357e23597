"""Canaries made and retired: what a person confirmed as a defect, and what need not alarm any longer."""

import asyncio

from schemas.activation import Activated
from schemas.canary import Canary
from schemas.command import ConfirmDefect, FrameRef, RetireCanary
from service.banks.bank_file import LoadedBank
from service.images.probe import probe
from service.inspection.judgement import verdict_of
from service.patchcore import fused_score
from service.store import ObjectStore
from service.training.canaries import keep_canary, regions_of
from service.training.features import FeatureCache, PartFeatures
from workers.rebuilder.extraction import Extraction
from workers.rebuilder.frames import Frames
from workers.rebuilder.in_force import InForce
from workers.rebuilder.job import CommandRefused, Job
from workers.rebuilder.journal import Journal
from workers.rebuilder.models import Models
from workers.rebuilder.results import Results


class CanaryKeeper:
    """Carries out ``ConfirmDefect`` and ``RetireCanary``. A canary exists from the event that says so on: the
    frame and its record are in the store before."""

    def __init__(
        self,
        in_force: InForce,
        models: Models,
        frames: Frames,
        extraction: Extraction,
        store: ObjectStore,
        journal: Journal,
        results: Results,
    ) -> None:
        self._in_force, self._models, self._frames = in_force, models, frames
        self._extraction, self._store = extraction, store
        self._journal, self._results = journal, results

    async def carry_out(self, job: Job, command: ConfirmDefect | RetireCanary) -> None:
        """Returns once the command has its result in the log. Raises ``StoreError``, ``StreamError`` and
        ``BankUnavailable``: calling it again is safe."""
        await self._journal.read_to_end()
        try:
            if isinstance(command, ConfirmDefect):
                await self._confirm(job, command)
            else:
                await self._retire(job, command)
        except CommandRefused as refused:
            await self._results.refused(job, str(refused))

    async def _confirm(self, job: Job, command: ConfirmDefect) -> None:
        active = await self._judge(command)
        frame = command.frame.model_copy(update={"model": active.model})
        known = self._journal.annals.canaries(command.line, active.model)
        if any(canary.frame_sha256 == frame.frame_sha256 for canary in known):
            raise CommandRefused(f"frame {frame.frame_id} is a canary already: there is nothing to do")
        loaded = await self._models.bank(active.line, active.model, active.version, active.size_bytes)
        data = await self._frames.fetch(command.line, frame)
        features = (
            await self._extraction.features(
                [(f"frame {frame.frame_id}", data)], loaded.manifest, remedy="confirm another frame of it"
            )
        )[0]
        canary = await asyncio.to_thread(_judged, command, frame, active, loaded, features, data)
        await keep_canary(self._store, canary, data)
        await FeatureCache(self._store, loaded.manifest).put(frame.frame_sha256, features)
        facts: dict[str, object] = {"model": active.model, "epoch": active.epoch, "frames": (frame,)}
        if not canary.score > canary.threshold:
            facts["known_misses"] = (frame.frame_uid,)
        await self._results.told(job, _sentence(canary, loaded), facts)

    async def _judge(self, command: ConfirmDefect) -> Activated:
        """The newest activation of the model that judged the frame, else what is in force."""
        standing = await self._in_force.standing(command.line)
        return standing.of_model(command.frame.model) if command.frame.model else standing.require()

    async def _retire(self, job: Job, command: RetireCanary) -> None:
        frame = self._journal.annals.canary(command.line, command.frame_uid)
        if frame is None:
            raise CommandRefused(
                f"line {command.line} has no canary of frame {command.frame_uid}: name the frame_uid of one "
                "that was confirmed and not yet retired"
            )
        sentence = f"frame {frame.frame_id} is no canary any longer: it need not alarm"
        await self._results.told(job, sentence, {"model": frame.model, "frames": (frame,)})


def _judged(
    command: ConfirmDefect,
    frame: FrameRef,
    active: Activated,
    loaded: LoadedBank,
    features: PartFeatures,
    data: bytes,
) -> Canary:
    bank, header = loaded.memory_bank, probe(data)
    distances = bank.distances(features)
    score = fused_score(distances, bank.recipe)
    return Canary(
        line=command.line,
        model=active.model,
        frame=frame,
        bank_version=active.version,
        epoch=active.epoch,
        score=score,
        threshold=active.thresholds.defect_score,
        verdict=verdict_of(score, active.thresholds),
        regions=tuple(
            regions_of(distances, loaded.manifest, active.thresholds, (header.height, header.width))
        ),
        command_id=command.command_id,
        actor=command.actor,
        why=command.why,
        confirmed_at=command.issued_at,
    )


def _sentence(canary: Canary, loaded: LoadedBank) -> str:
    frame = canary.frame
    if any(entry.sha256 == frame.frame_sha256 for entry in loaded.manifest.parts):
        return (
            f"frame {frame.frame_id} is a canary, and a part of the bank itself, which therefore misses it: "
            f"remove part {frame.frame_sha256[:12]}"
        )
    if canary.score > canary.threshold:
        return f"frame {frame.frame_id} is a canary: a bank that does not alarm on it is not put in force"
    return (
        f"frame {frame.frame_id} is a canary, a known miss for now: the bank in force scores it "
        f"{canary.score:.4g}, below the threshold of {canary.threshold:.4g}"
    )
