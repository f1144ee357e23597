"""``TrainLine``: a bank is published and nothing changes on the line until somebody activates it."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from schemas.command import Activate, ApproveGood, FrameRef, PictureRef, TrainLine
from schemas.ids import sha256_hex
from schemas.reasons import LineEventKind
from service.settings import EngineSettings
from service.store.keys import part_key, training_key, upload_key
from service.training.publish import open_outlets
from service.training.refusal import TrainingRefused
from service.training.report import TrainingReport
from tests.rebuilder.plant import PREFIX, Plant, asked, taught
from tests.trainer.errands import good
from tests.training.parts import QUICK, QuickNetwork, drawn
from workers.trainer import program
from workers.trainer.errand import Bench, Told


@dataclass
class QuickTrainer:
    """A trainer without a process; ``hold`` keeps it from ending."""

    hold: asyncio.Event | None = None
    runs: int = 0
    said: list[Told] = field(default_factory=list)

    async def __call__(self, bench: Bench) -> AsyncGenerator[Told, None]:
        self.runs += 1
        yield Told(step="extract", done=1, expected=2)
        if self.hold is not None:
            await self.hold.wait()
        try:
            program.train(bench, EngineSettings(), self.said.append, QuickNetwork())
        except (TrainingRefused, ValueError) as refused:
            yield Told(step="refused", sentence=str(refused))
        else:
            yield Told(step="built")


@pytest.fixture
def plant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plant:
    monkeypatch.setattr(program, "DEFAULT", QUICK)
    made = Plant(tmp_path)
    made.train_with = QuickTrainer()
    return made


async def _uploaded(plant: Plant, line: str = "new-line", count: int = 8, **more: object) -> TrainLine:
    pictures = good(count)
    for data in pictures.values():
        await plant.store.put(upload_key(line, sha256_hex(data)), data)
    named = tuple(PictureRef(sha256=sha256_hex(data), name=name) for name, data in pictures.items())
    return TrainLine(**{**asked(line), "model": "default", "pictures": named, **more})


async def test_a_training_publishes_a_bank_and_an_activation_puts_it_in_force(plant: Plant) -> None:
    await plant.set_up("line1")
    command = await _uploaded(plant, alpha=0.2)
    (trained,) = await plant.outcome(command)
    assert (trained.kind, trained.epoch) == (LineEventKind.COMMAND_DONE, None), trained.sentence
    assert trained.parts_added == 8
    assert await plant.history("new-line") == []
    activate = Activate(**asked("new-line"), model="default", version=trained.version, alpha=0.2)
    (activated,) = await plant.outcome(activate)
    (active,) = await plant.history("new-line")
    assert (activated.epoch, active.version) == (1, trained.version)
    assert (active.thresholds.wished_alpha, active.thresholds.review_alpha) == (0.2, 0.5)
    bank = await plant.bank(active)
    assert [entry.name for entry in bank.manifest.parts] == sorted(good(8))
    for entry in bank.manifest.parts:
        assert await plant.store.exists(part_key("new-line", "default", entry.sha256))
    key = training_key("new-line", command.command_id, "report.json")
    report = TrainingReport.model_validate_json(await plant.store.get(key))
    assert (report.version, report.parts) == (trained.version, 8)


async def test_what_was_trained_learns_like_any_bank(plant: Plant) -> None:
    await plant.set_up("line1")
    (trained,) = await plant.outcome(await _uploaded(plant))
    await plant.outcome(Activate(**asked("new-line"), model="default", version=trained.version))
    frame = await plant.frame(70, "new-line")
    approval = ApproveGood(**asked("new-line"), frames=(frame,))
    (grown,) = await plant.outcome(approval)
    assert (grown.kind, grown.epoch) == (LineEventKind.COMMAND_DONE, 2), grown.sentence


async def test_frames_that_the_line_received_are_parts_too(plant: Plant) -> None:
    await plant.set_up("line1")
    frames: list[FrameRef] = [await plant.frame(seed, "new-line") for seed in range(30, 36)]
    command = TrainLine(**asked("new-line"), model="default", frames=tuple(frames))
    (trained,) = await plant.outcome(command)
    assert trained.parts_added == 6, trained.sentence


async def test_too_few_parts_and_a_lost_picture_are_refused_by_name(plant: Plant) -> None:
    await plant.set_up("line1")
    few = await _uploaded(plant, count=3)
    lost = await _uploaded(plant)
    gone = PictureRef(sha256=sha256_hex(drawn(99)), name="lost.png")
    lost = lost.model_copy(update={"pictures": (*lost.pictures, gone)})
    refused = await plant.outcome(few, lost)
    assert [event.kind for event in refused] == [LineEventKind.COMMAND_REFUSED] * 2
    assert "3 good parts cannot make a bank" in refused[0].sentence
    assert "picture lost.png is no longer stored" in refused[1].sentence


async def test_a_cancelled_training_publishes_nothing_and_says_who_cancelled_it(plant: Plant) -> None:
    await plant.set_up("line1")
    plant.train_with = QuickTrainer(hold=asyncio.Event())
    command = await _uploaded(plant)
    key = training_key("new-line", command.command_id, "cancelled")
    await plant.store.put(key, b"ann")
    (refused,) = await plant.outcome(command)
    assert refused.kind is LineEventKind.COMMAND_REFUSED
    assert refused.sentence == "ann cancelled the training"


async def test_a_training_that_was_published_before_a_crash_is_not_made_again(plant: Plant) -> None:
    await plant.set_up("line1")
    command = await _uploaded(plant)
    built = taught("new-line", "default", 8)
    async with open_outlets(plant.broker, plant.store, plant.cache, PREFIX) as outlets:
        await outlets.publisher.publish(built.data, command_id=command.command_id)
    trainer = QuickTrainer()
    plant.train_with = trainer
    (done,) = await plant.outcome(command)
    assert (done.version, trainer.runs) == (built.version, 0)
