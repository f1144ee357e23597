"""Pictures of known truth judged as a line judges frames: decoded, checked, extracted, searched, drawn."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from service.evaluation.categories import unreadable
from service.images.decode import decode
from service.images.picture import Picture
from service.images.unreadable import UnfitImage, UnreadableImage
from service.inspection.line_model import LineModel
from service.patchcore.anomaly_map import draw_grid
from service.training.part import LIMITS

BATCH = 8
Named = tuple[object, bytes]
"""What a picture is called in a refusal, and its bytes."""
Judged = tuple[NDArray[np.float32], list[NDArray[np.float32]]]
"""Patch scores [B, H, W], and the drawn map [height, width] of each."""


def judge(model: LineModel, batch: Sequence[Named], size: tuple[int, int]) -> Judged:
    """Scores and maps of a batch, maps at ``size``. Raises ``EvaluationRefused`` for a picture that cannot be
    read or judged. Blocks for network and search."""
    pictures = [_picture(model, *named) for named in batch]
    grids = model.score_features(model.extractor.extract(pictures))
    return grids, [draw_grid(grid, size, model.bank.recipe.smooth_sigma) for grid in grids]


def _picture(model: LineModel, name: object, data: bytes) -> Picture:
    try:
        picture = decode(data, LIMITS)
        model.check(picture)
    except (UnreadableImage, UnfitImage) as error:
        raise unreadable(name, error) from error
    return picture
