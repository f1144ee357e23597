"""Scoring: patch distances to one number a picture, and the map on that number's own scale."""

import numpy as np
from numpy.typing import NDArray

from service.patchcore.recipe import ScoreMode


def patch_scores(distances: NDArray[np.floating], mode: ScoreMode) -> NDArray[np.float32]:
    """Patch distances (..., H, W) on the scale of the image score, same shape, float32.

    "max": the distances as they are. "max-minus-half-median": less half the median of the picture's own
    distances, which repairs a shift of light or focus that raises all patches alike.
    """
    values = np.asarray(distances, dtype=np.float32)
    if mode == "max":
        return values
    shift = np.float32(0.5) * np.median(values, axis=(-2, -1), keepdims=True)
    return (values - shift).astype(np.float32)


def image_score(distances: NDArray[np.floating], mode: ScoreMode) -> NDArray[np.float32]:
    """The score of each picture, shape (...), from its patch distances (..., H, W).

    It is the maximum of `patch_scores`, to the bit: a picture above a threshold has a patch above it. The
    paper's equation 7 is left out, as in its authors' code: it changes nothing that matters.
    """
    values = patch_scores(distances, mode)
    return np.asarray(values.max(axis=(-2, -1)), dtype=np.float32)
