"""Pictures of known truth judged as a line judges frames: decoded, checked, extracted, searched, drawn."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.evaluation.categories import unreadable
from service.evaluation.remembering import work_clock
from service.images.decode import decode
from service.images.picture import Picture
from service.images.unreadable import UnfitImage, UnreadableImage
from service.inspection.in_threads import in_threads
from service.inspection.line_model import LineModel
from service.inspection.on_frame import map_on_region
from service.training.part import LIMITS

BATCH = 8
Shown = tuple[object, Callable[[], bytes]]
"""What a picture is called in a refusal, and what reads its bytes."""
Named = tuple[object, bytes]
"""What a picture is called in a refusal, and its bytes."""
Judged = tuple[NDArray[np.float32], list[NDArray[np.float32]]]
"""Patch scores [B, H, W], and the drawn map [height, width] of each."""


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """Scores float64 [N] of N pictures; maps float32 [N, height, width], or none; seconds of judging."""

    scores: NDArray[np.float64]
    maps: list[NDArray[np.float32]]
    seconds: float


def score_all(
    model: LineModel,
    pictures: Sequence[Shown],
    size: tuple[int, int],
    tell: Callable[[int, int], None] = lambda done, expected: None,
    *,
    keep_maps: bool = False,
) -> Scored:
    """Every picture's score, in batches of 8; ``tell`` hears how many of how many. Blocks and raises as
    ``judge``."""
    clock = work_clock(model.extractor.backbone)
    scores: list[float] = []
    maps: list[NDArray[np.float32]] = []
    seconds = 0.0
    for begin in range(0, len(pictures), BATCH):
        batch = [(name, read()) for name, read in pictures[begin : begin + BATCH]]
        began = clock()
        grids, drawn = judge(model, batch, size)
        seconds += clock() - began
        scores += [float(grid.max()) for grid in grids]
        maps += drawn if keep_maps else []
        tell(begin + len(batch), len(pictures))
    return Scored(np.array(scores), maps, seconds)


def judge(model: LineModel, batch: Sequence[Named], size: tuple[int, int]) -> Judged:
    """Scores and maps of a batch, maps at ``size``; decoded and drawn by as many threads as in a worker.
    Raises ``EvaluationRefused`` for a picture that cannot be read or judged. Blocks for network and
    search."""
    pictures = in_threads(lambda named: _picture(model, *named), batch)
    grids = model.score_features(model.extractor.extract(pictures))
    contract, sigma = model.extractor.contract, model.bank.recipe.smooth_sigma
    return grids, in_threads(lambda grid: map_on_region(grid, size, contract, sigma), grids)


def _picture(model: LineModel, name: object, data: bytes) -> Picture:
    try:
        picture = decode(data, LIMITS)
        model.check(picture)
    except (UnreadableImage, UnfitImage) as error:
        raise unreadable(name, error) from error
    return picture
