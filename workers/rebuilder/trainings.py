"""``TrainLine``: a bank of pictures that were uploaded or received; published, and not yet in force."""

import asyncio
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncGenerator
from pathlib import Path

from schemas.activation import Published
from schemas.command import TrainLine
from schemas.ids import sha256_hex
from service.banks.bank_file import LoadedBank, read_bank
from service.banks.refusal import BankRefused
from service.signing.trust import Trust
from service.store import MissingObject, ObjectStore, StoreUnreachable
from service.store.keys import part_key, training_key, upload_key
from service.stream.base import Broker
from service.training.features import FeatureCache, unpack_features
from service.training.publish import Outlets
from service.training.report import TrainingReport
from service.training.time_left import TimeLeft
from workers.rebuilder.frames import Frames
from workers.rebuilder.in_force import InForce
from workers.rebuilder.job import CommandRefused, Job
from workers.rebuilder.lineage import read_lineage
from workers.rebuilder.results import Results
from workers.trainer.client import TrainerDied, Training
from workers.trainer.errand import Bench, Errand, Picture, Told

TELL_SECONDS = 1.0
CANCEL_SECONDS = 1.0
_STEPS = {
    "extract": "parts are looked at",
    "select": "vectors are selected",
    "screen": "The parts are screened",
}


class Trainings:
    """Carries out ``TrainLine``, one at a time: a training takes what the machine has."""

    def __init__(
        self,
        in_force: InForce,
        frames: Frames,
        train: Training,
        store: ObjectStore,
        outlets: Outlets,
        results: Results,
        broker: Broker,
        topic: str,
        trust: Trust,
    ) -> None:
        self._in_force, self._frames, self._train = in_force, frames, train
        self._store, self._outlets, self._results = store, outlets, results
        self._broker, self._topic, self._trust = broker, topic, trust
        self._turn = asyncio.Lock()

    async def carry_out(self, job: Job, command: TrainLine) -> None:
        """Returns once the command has its result in the log. Raises ``StoreError`` and ``StreamError``:
        calling it again is safe, and trains again where nothing was published yet."""
        try:
            published = await self._published(command) or await self._trained(job, command)
        except (CommandRefused, TrainerDied) as refused:
            await self._results.refused(job, str(refused))
            return
        facts: dict[str, object] = {
            "model": published.model,
            "version": published.version,
            "vectors": published.vectors,
            "parts_added": published.parts,
            "seconds": time.monotonic() - job.received,
        }
        sentence = (
            f"{published.model} {published.version[:12]} of {published.parts} parts, {published.vectors:,} "
            "vectors, is published and not in force: try it, then activate it"
        )
        await self._results.told(job, sentence, facts)

    async def _published(self, command: TrainLine) -> Published | None:
        """What a program before this one had published when it ended."""
        standing = await self._in_force.standing(command.line)
        lineage = await read_lineage(self._broker, self._topic, standing, self._trust)
        banks = lineage.published(command.model)
        return next((bank for bank in banks if bank.command_id == command.command_id), None)

    async def _trained(self, job: Job, command: TrainLine) -> Published:
        async with self._turn:
            with tempfile.TemporaryDirectory(prefix="patchline-training-") as folder:
                bench = Bench(Path(folder))
                errand = await self._gathered(bench, command)
                await self._run(job, command, bench)
                return await self._publish(command, errand, bench)

    async def _gathered(self, bench: Bench, command: TrainLine) -> Errand:
        pictures: dict[str, Picture] = {}
        for picture in command.pictures:
            name = picture.name or picture.sha256[:12]
            data = await self._uploaded(command.line, picture.sha256, name)
            await asyncio.to_thread(bench.picture(picture.sha256).write_bytes, data)
            pictures.setdefault(picture.sha256, Picture(sha256=picture.sha256, name=name))
        for ref in command.frames:
            data = await self._frames.fetch(command.line, ref)
            await asyncio.to_thread(bench.picture(ref.frame_sha256).write_bytes, data)
            named = Picture(sha256=ref.frame_sha256, name=ref.frame_id, part_id=ref.part_id)
            pictures.setdefault(ref.frame_sha256, named)
        errand = Errand(
            line=command.line,
            model=command.model,
            recipe=command.recipe,
            alpha=command.alpha,
            pictures=tuple(pictures.values()),
        )
        await asyncio.to_thread(bench.errand.write_text, errand.model_dump_json())
        return errand

    async def _uploaded(self, line: str, sha256: str, name: str) -> bytes:
        try:
            data = await self._store.get(upload_key(line, sha256))
        except MissingObject as error:
            raise CommandRefused(f"picture {name} is no longer stored: upload it again") from error
        if sha256_hex(data) != sha256:
            raise CommandRefused(f"picture {name} has other bytes in the store: upload it again")
        return data

    async def _run(self, job: Job, command: TrainLine, bench: Bench) -> None:
        cancelled = asyncio.create_task(self._cancelled(command), name="wait for a cancel")
        walk = self._train(bench)
        last, steps = 0.0, defaultdict[str, TimeLeft](TimeLeft)
        try:
            while (told := await _next(walk, cancelled)) is not None:
                if told.step == "refused":
                    raise CommandRefused(told.sentence)
                left = steps[told.step].told(told.done, told.expected)
                if time.monotonic() - last >= TELL_SECONDS:
                    last = time.monotonic()
                    await self._tell(job, told, left)
        finally:
            cancelled.cancel()
            await walk.aclose()

    async def _cancelled(self, command: TrainLine) -> str:
        """Who cancelled the training, once somebody has."""
        key = training_key(command.line, command.command_id, "cancelled")
        while True:
            try:
                return (await self._store.get(key, max_bytes=1024)).decode(errors="replace")
            except (MissingObject, StoreUnreachable):
                await asyncio.sleep(CANCEL_SECONDS)

    async def _tell(self, job: Job, told: Told, left: float | None) -> None:
        words = _STEPS.get(told.step, "")
        if told.expected:
            sentence = f"{told.done:,} of {told.expected:,} {words}"
            await self._results.progress(job, told.done / told.expected, sentence, left)
        elif words:
            await self._results.progress(job, 0.0, words)

    async def _publish(self, command: TrainLine, errand: Errand, bench: Bench) -> Published:
        data = await asyncio.to_thread(bench.bank.read_bytes)
        loaded = await asyncio.to_thread(_read, data, errand)
        cache = FeatureCache(self._store, loaded.manifest)
        for entry in loaded.manifest.parts:
            picture, features = bench.picture(entry.sha256), bench.features(entry.sha256)
            key = part_key(command.line, command.model, entry.sha256)
            await self._store.put(key, await asyncio.to_thread(picture.read_bytes))
            await cache.put(entry.sha256, unpack_features(await asyncio.to_thread(features.read_bytes)))
        await self._keep_report(command, bench)
        return await self._outlets.publisher.publish(data, command_id=command.command_id)

    async def _keep_report(self, command: TrainLine, bench: Bench) -> None:
        report = TrainingReport.model_validate_json(await asyncio.to_thread(bench.report.read_bytes))
        for suspect in report.suspects:
            drawing = bench.drawing(suspect.sha256)
            if drawing.exists():
                key = training_key(command.line, command.command_id, f"{suspect.sha256}.png")
                await self._store.put(key, await asyncio.to_thread(drawing.read_bytes))
        key = training_key(command.line, command.command_id, "report.json")
        await self._store.put(key, report.model_dump_json().encode())


async def _next(walk: AsyncGenerator[Told, None], cancelled: "asyncio.Task[str]") -> Told | None:
    """What the trainer tells next, None at the end. Raises ``CommandRefused`` once it is cancelled."""
    telling = asyncio.ensure_future(anext(walk, None))
    try:
        await asyncio.wait({telling, cancelled}, return_when=asyncio.FIRST_COMPLETED)
        if cancelled.done():
            raise CommandRefused(f"{cancelled.result() or 'somebody'} cancelled the training")
        return telling.result()
    finally:
        if not telling.done():
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)


def _read(data: bytes, errand: Errand) -> LoadedBank:
    """The trainer decoded hostile bytes: what it left is checked like anybody's."""
    try:
        loaded = read_bank(data)
    except BankRefused as refused:
        raise CommandRefused(f"the trainer left no bank: {refused}") from refused
    theirs = {entry.sha256 for entry in loaded.manifest.parts}
    named = loaded.manifest.line, loaded.manifest.model
    if named != (errand.line, errand.model) or not theirs <= {one.sha256 for one in errand.pictures}:
        raise CommandRefused("the trainer left another bank than it was asked for: train again")
    return loaded
