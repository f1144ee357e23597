"""Scoring: patch distances to one number a picture, and the map on that number's own scale."""

import numpy as np
from numpy.typing import NDArray

from service.patchcore.recipe import ScoreMode


def patch_scores(distances: NDArray[np.floating], mode: ScoreMode) -> NDArray[np.float32]:
    """Patch distances (..., H, W) on the scale of the image score, same shape, float32.

    "max": the distances as they are. "max-minus-half-median": less half the median of the picture's own
    distances, which repairs a shift of light or focus that raises all patches alike;
    "max-minus-half-quartile": less half the lower quartile, which does so too and moves less with texture.
    """
    values = np.asarray(distances, dtype=np.float32)
    if mode == "max":
        return values
    level = np.quantile(
        values, 0.25 if mode == "max-minus-half-quartile" else 0.5, axis=(-2, -1), keepdims=True
    )
    return (values - np.float32(0.5) * level).astype(np.float32)


def image_score(distances: NDArray[np.floating], mode: ScoreMode) -> NDArray[np.float32]:
    """The score of each picture, shape (...), from its patch distances (..., H, W).

    It is the maximum of `patch_scores`, to the bit: a picture above a threshold has a patch above it. The
    paper's equation 7 is left out, as in its authors' code: it changes nothing that matters.
    """
    values = patch_scores(distances, mode)
    return np.asarray(values.max(axis=(-2, -1)), dtype=np.float32)
