"""Where a network answers: measured, since padding and learnt kernels move it by up to a patch."""

from collections.abc import Hashable
from functools import lru_cache
from typing import cast

import numpy as np
from numpy.typing import NDArray

from service.backbones.base import Backbone
from service.backbones.finite import not_finite
from service.patchcore.embedding import embed
from service.patchcore.recipe import Recipe

_SIDE, _SPOTS = 192, 8
_GROUND, _CONTRAST = 0.3, 2.0
_SHARPNESS = 4
_DEPENDS = ("backbone", "stages", "patch_mean", "pooling", "grid_stride")


def response_shift(backbone: Backbone, recipe: Recipe) -> tuple[float, float]:
    """How far below and to the right of a spot its features change most, in pixels of the network's input:
    to be taken off wherever the patch grid is drawn. (Even padding at stride 2 moves the answer by half a
    patch and more, in EfficientNet-Lite2 by ten pixels at stride 16.)

    Spots of a patch's size are put on fixed noise; the mean of the fourth power of the change says where
    they are seen. To a quarter of a pixel, so that it is the same however sums are ordered. The backbone's
    thread; blocks for eight small pictures, twice, the first time that it is asked of a network. Raises
    NonFiniteFeatures.
    """
    depends = {name: getattr(recipe, name) for name in _DEPENDS}
    return _measured(cast(Hashable, backbone), Recipe(**depends))


@lru_cache(maxsize=16)
def _measured(backbone: Backbone, recipe: Recipe) -> tuple[float, float]:
    ground, spotted, centres = _pictures(recipe.grid_stride)
    before, after = (embed(backbone.stages(batch), recipe).cpu().numpy() for batch in (ground, spotted))
    if not np.isfinite(before.sum() + after.sum()):
        raise not_finite(backbone)
    change = np.linalg.norm(after - before, axis=-1) ** _SHARPNESS
    down, right = (np.round(_centroids(change, recipe.grid_stride) - centres, 6)).mean(axis=0)
    return round(4 * float(down)) / 4, round(4 * float(right)) / 4


def _pictures(side: int) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float64]]:
    random = np.random.default_rng(0)
    ground = (_GROUND * random.standard_normal((_SPOTS, 3, _SIDE, _SIDE))).astype(np.float32)
    spotted, corners = ground.copy(), random.integers(_SIDE // 3, 2 * _SIDE // 3 - side, (_SPOTS, 2))
    for number, (y, x) in enumerate(corners):
        colour = _CONTRAST * np.array([1, -1, 1], np.float32) * (-1) ** number
        spotted[number, :, y : y + side, x : x + side] = colour[:, None, None]
    return ground, spotted, np.asarray(corners + side / 2, np.float64)


def _centroids(change: NDArray[np.float32], stride: int) -> NDArray[np.float64]:
    """The centres [B, 2] of changes [B, H, W], down and right, in pixels."""
    weight = change.astype(np.float64) / change.sum(axis=(1, 2), keepdims=True, dtype=np.float64)
    middle = (np.arange(change.shape[1]) + 0.5) * stride
    return np.stack([weight.sum(2) @ middle, weight.sum(1) @ middle], axis=1)
