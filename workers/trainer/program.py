"""The child: reads an errand, makes the bank, and says on standard output how far it is."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from service.backbones.base import Backbone
from service.backbones.configured import backbone_for
from service.patchcore.recipes import DEFAULT, recipe_named
from service.settings import EngineSettings, Settings
from service.telemetry.logs import configure_logs
from service.training.build import build_taught
from service.training.built import BuiltBank
from service.training.features import pack_features
from service.training.gathering import gathered
from service.training.part import GoodPart
from service.training.part_ids import identified
from service.training.refusal import TrainingRefused
from service.training.report import TrainingReport
from service.training.suspects import Screened
from service.training.taught import TaughtParts
from service.training.thresholds import Rates
from workers.extraction.engine import share_threads
from workers.trainer.errand import Bench, Errand, Told

DRAWN = 20
Tell = Callable[[Told], None]


def main(arguments: list[str]) -> None:
    """``python -m workers.trainer FOLDER SETTINGS``. Exits 0 also for parts that make no bank: it says so."""
    folder, settings_json = arguments
    settings = Settings.model_validate_json(settings_json)
    configure_logs(settings.telemetry, "trainer")
    share_threads(settings.engine.threads, os.cpu_count() or 1)
    try:
        train(Bench(Path(folder)), settings.engine, say)
    except (TrainingRefused, ValueError) as refused:
        say(Told(step="refused", sentence=str(refused)))
    else:
        say(Told(step="built"))


def say(told: Told) -> None:
    """One line on standard output, at once."""
    sys.stdout.write(told.model_dump_json(exclude_defaults=True) + "\n")
    sys.stdout.flush()


def train(bench: Bench, engine: EngineSettings, tell: Tell, backbone: Backbone | None = None) -> None:
    """Make the bank of the folder's errand, and leave it there with its parts' features, a report and
    drawings of suspicious parts. Blocks for seconds to minutes. Raises ``TrainingRefused`` and
    ``ValueError`` for parts, recipe or rates that make no bank."""
    began = time.monotonic()
    errand = Errand.model_validate_json(bench.errand.read_bytes())
    recipe = recipe_named(errand.recipe) if errand.recipe else DEFAULT
    rates = Rates(errand.alpha, max(errand.alpha, min(0.5, 5 * errand.alpha)))
    notes: list[str] = []
    parts = gathered(identified(_parts(bench, errand)), notes.append)
    network = backbone or backbone_for(recipe, engine)

    def progress(step: str, done: int, expected: int) -> None:
        tell(Told.model_validate({"step": step, "done": done, "expected": expected}))

    taught = TaughtParts.of(parts, recipe, network, progress)
    tell(Told(step="screen"))
    screened = Screened.of(taught)
    built = build_taught(errand.line, errand.model, taught, progress, rates=rates)
    _leave(bench, built, screened, notes, time.monotonic() - began)


def _parts(bench: Bench, errand: Errand) -> list[GoodPart]:
    return [
        GoodPart.of(picture.name, bench.picture(picture.sha256).read_bytes(), picture.part_id)
        for picture in errand.pictures
    ]


def _leave(bench: Bench, built: BuiltBank, screened: Screened, notes: list[str], seconds: float) -> None:
    for sha256, features in built.features.items():
        bench.features(sha256).write_bytes(pack_features(features))
    for suspect in screened.suspects[:DRAWN]:
        bench.drawing(screened.taught.parts[suspect.number].sha256).write_bytes(screened.drawing(suspect))
    report = TrainingReport.of(built, screened, notes, seconds)
    bench.report.write_text(report.model_dump_json())
    bench.bank.write_bytes(built.data)
