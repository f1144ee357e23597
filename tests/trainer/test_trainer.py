"""A trainer as a process: what it leaves, what it refuses, and that it ends when nobody wants it."""

import asyncio
from pathlib import Path

import psutil
import pytest

from service.banks.bank_file import read_bank
from service.settings import EngineSettings, Settings
from service.training.features import unpack_features
from service.training.refusal import TrainingRefused
from service.training.report import TrainingReport
from tests.trainer.errands import good, laid_ready
from workers.trainer.client import Trainer, TrainerDied
from workers.trainer.program import train


@pytest.mark.slow
async def test_a_trainer_leaves_a_bank_with_features_and_a_report(tmp_path: Path) -> None:
    bench = laid_ready(tmp_path, good(8))
    told = [step async for step in Trainer(Settings())(bench)]
    loaded = await asyncio.to_thread(read_bank, bench.bank)
    report = TrainingReport.model_validate_json(bench.report.read_bytes())
    assert told[-1].step == "built"
    assert {"extract", "select", "screen"} <= {step.step for step in told}
    assert loaded.version == report.version
    assert [entry.name for entry in loaded.manifest.parts] == sorted(good(8))
    assert report.parts == len(report.scores) == 8
    assert "needs at least 99 parts" in report.advice
    for entry in loaded.manifest.parts:
        features = unpack_features(bench.features(entry.sha256).read_bytes())
        assert features.shape[:2] == loaded.manifest.grid


@pytest.mark.parametrize(
    ("pictures", "recipe", "sentence"),
    [
        (good(3), "plain", "3 good parts cannot make a bank"),
        ({**good(6), "broken.png": b"\x89PNG\r\n\x1a\n"}, "plain", "broken.png is no readable image"),
        (good(6), "magic", "no recipe is called 'magic'"),
    ],
)
def test_what_makes_no_bank_is_refused_in_a_sentence(
    tmp_path: Path, pictures: dict[str, bytes], recipe: str, sentence: str
) -> None:
    bench = laid_ready(tmp_path, pictures, recipe)
    with pytest.raises((TrainingRefused, ValueError), match=sentence):
        train(bench, EngineSettings(), lambda _: None)
    assert not bench.bank.exists()


async def test_a_refusal_is_told_and_is_no_failure(tmp_path: Path) -> None:
    told = [step async for step in Trainer(Settings())(laid_ready(tmp_path, good(3)))]
    assert [(step.step, "cannot make a bank" in step.sentence) for step in told] == [("refused", True)]


async def test_a_trainer_that_nobody_listens_to_any_longer_is_gone(tmp_path: Path) -> None:
    # Brokers and caches of other tests are children too.
    others = set(psutil.Process().children(recursive=True))
    walk = Trainer(Settings())(laid_ready(tmp_path, good(40)))
    assert (await anext(walk)).step == "extract"
    children = set(psutil.Process().children(recursive=True)) - others
    assert children
    await walk.aclose()
    _, left = await asyncio.to_thread(psutil.wait_procs, children, timeout=10)
    assert left == []


async def test_a_trainer_that_dies_is_told_of(tmp_path: Path) -> None:
    bench = laid_ready(tmp_path, good(6))
    bench.errand.unlink()
    with pytest.raises(TrainerDied, match="ended with code"):
        _ = [step async for step in Trainer(Settings())(bench)]
