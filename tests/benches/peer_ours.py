"""Our side of ``make bench-peer``: prepares what both are given, and measures ourselves."""

import json
import os
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import timm
import torch

from service.backbones.base import Backbone
from service.backbones.configured import backbone_for
from service.backbones.source import source_of
from service.backbones.weights import fill
from service.images.contract import InputContract
from service.images.decode import DEFAULT_LIMITS, decode
from service.images.picture import Picture
from service.inspection.extractor import PatchExtractor
from service.inspection.judgement import Draw, Judgement
from service.inspection.line_model import LineModel
from service.inspection.together import judge_batch
from service.patchcore import MemoryBank, auroc, coverage_radius, fit, greedy_coreset
from service.patchcore.recipe import Recipe
from service.settings import EngineSettings
from service.training.thresholds import thresholds_of
from workers.cli.bench_cells import cells
from workers.demo.cells import DEFECTIVE, GOOD
from workers.extraction.decoder import Decoder
from workers.extraction.engine import share_threads
from workers.extraction.protocol import FrameIn

SHARE, TAUGHT, JUDGED, BATCH = 0.01, 100, 200, 8
# Not projected, as anomalib's selection is not at this width: its projection would have more dimensions.
RECIPE = Recipe(
    name="peer", keep_aspect=False, coreset_share=SHARE, max_vectors=1_000_000, projection_dim=152
)
LINE = "bench"
_ALL: Draw = "all"


def prepare(folder: Path) -> None:
    """Pictures, labels, weights and features for both sides."""
    good, bad = cells("mono", GOOD), cells("mono", DEFECTIVE)
    shown = [*good[TAUGHT : TAUGHT + JUDGED], *bad[:JUDGED]]
    for name, chosen in (("taught", good[:TAUGHT]), ("judged", shown)):
        (folder / name).mkdir()
        for number, cell in enumerate(chosen):
            (folder / name / f"{number:04}.png").write_bytes(cell.path.read_bytes())
    settings = {
        "backbone": RECIPE.backbone,
        "layers": ["blocks.2", "blocks.4"],
        "side": 256,
        "coreset_share": SHARE,
        "batch": BATCH,
        "threads": os.cpu_count() or 1,
        "defective": [False] * JUDGED + [True] * JUDGED,
    }
    (folder / "settings.json").write_text(json.dumps(settings))
    source = source_of(RECIPE.backbone, None, downloads=False)
    network = timm.create_model(source.architecture, pretrained=False)
    fill(network, RECIPE.backbone, source)
    torch.save(network.state_dict(), folder / "weights.pt")


def measure(folder: Path) -> dict[str, Any]:
    """Seconds of a fit from bytes, milliseconds a picture judged and drawn, and the image AUROC."""
    settings = json.loads((folder / "settings.json").read_text())
    share_threads(settings["threads"], settings["threads"])
    backbone = backbone_for(RECIPE, EngineSettings())
    taught, judged = (
        [path.read_bytes() for path in sorted((folder / name).iterdir())] for name in ("taught", "judged")
    )
    began = time.perf_counter()
    bank, extractor = _fitted(backbone, taught)
    fit_seconds = time.perf_counter() - began
    model = LineModel(bank, thresholds_of(bank.calibration_scores), extractor)
    scores, spent = _judged(model, judged, EngineSettings(threads=settings["threads"]).decoders)
    return {
        "fit_seconds": fit_seconds,
        # A worker has judged a bank's golden frames before its first: no side is timed choosing its kernels.
        "frame_ms": median(spent),
        "image_auroc": auroc(np.array(settings["defective"]), np.array(scores)),
    }


def _fitted(backbone: Backbone, taught: list[bytes]) -> tuple[MemoryBank, PatchExtractor]:
    pictures = [decode(data) for data in taught]
    contract = InputContract.learn([picture.form() for picture in pictures], RECIPE)
    extractor = PatchExtractor(backbone, RECIPE, contract)
    parts = [part for at in range(0, TAUGHT, BATCH) for part in extractor.extract(pictures[at : at + BATCH])]
    return fit(parts, RECIPE), extractor


def _judged(model: LineModel, judged: list[bytes], decoders: int) -> tuple[list[float], list[float]]:
    """The scores, and the milliseconds a picture of each batch."""
    decoder = Decoder(DEFAULT_LIMITS, decoders, {LINE: model.extractor.contract})
    frames = [FrameIn(LINE, data) for data in judged]
    scores: list[float] = []
    spent = []
    for at in range(0, len(frames), BATCH):
        began = time.perf_counter()
        # As a worker with a thread on every core does: nothing is left to decode ahead with.
        decoded = decoder.pictures(frames[at : at + BATCH])
        outcomes = judge_batch(model, [each for each in decoded if isinstance(each, Picture)], draw=_ALL)
        scores += [outcome.score for outcome in outcomes if isinstance(outcome, Judgement)]
        spent.append(1000 * (time.perf_counter() - began) / len(decoded))
    if len(scores) != len(judged):
        raise ValueError(f"{len(judged) - len(scores)} of the pictures could not be judged")
    return scores, spent


def select(folder: Path) -> dict[str, Any]:
    """Seconds of a selection from anomalib's own patches, as many as it kept, and the radius that is left."""
    settings = json.loads((folder / "settings.json").read_text())
    share_threads(settings["threads"], settings["threads"])
    patches = np.load(folder / "patches.npy")
    began = time.perf_counter()
    chosen = greedy_coreset(patches, keep=int(SHARE * len(patches)))
    ended = time.perf_counter()
    return {
        "coreset_seconds": ended - began,
        "kept": len(chosen.indices),
        "radius": coverage_radius(patches, patches[chosen.indices]),
    }


if __name__ == "__main__":
    task, given = sys.argv[1], Path(sys.argv[2])
    if task == "prepare":
        prepare(given)
    else:
        sys.stdout.write(json.dumps({"measure": measure, "select": select}[task](given)) + "\n")
