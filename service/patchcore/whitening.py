"""Whitening: every direction of the good patches' spread counts alike."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from service.patchcore.levels import Levels, columns
from service.patchcore.moments import Moments
from service.patchcore.recipe import Recipe

if TYPE_CHECKING:
    import torch

WHITENED = 1024
"""Rows at once: a chunk in float64 stays in the cache of one core."""


@dataclass(frozen=True, eq=False)
class Whitening:
    """PCA-whitening with all dimensions: x -> (x - mean) @ matrix.

    `mean` float32 (D,), `matrix` float32 (D, D), zero between `levels`. Dropping the weak directions costs
    accuracy: they carry the defects. With very few parts whitening overfits and loses; the recipe leaves it
    off by default.
    """

    mean: NDArray[np.float32]
    matrix: NDArray[np.float32]
    levels: Levels = ()

    def __post_init__(self) -> None:
        if self.matrix.shape != (self.mean.size, self.mean.size):
            raise ValueError(
                f"the whitening matrix {self.matrix.shape} does not fit {self.mean.size} dimensions"
            )

    @classmethod
    def fit(cls, features: NDArray[np.floating] | Moments, ridge: float, levels: Levels = ()) -> "Whitening":
        """Fit to (N, D) features of good patches, or to their moments; `ridge` is in units of the mean
        eigenvalue. Each of several `levels` is whitened by itself, to a total spread of 1 (an infinite
        ridge scales and turns nothing): their distances then weigh alike.

        Raises ValueError for fewer than two patches or patches that are all equal. Blocks for N * D^2.
        """
        known = features if isinstance(features, Moments) else Moments.of([features])
        if known.count < 2:
            raise ValueError(f"whitening needs at least 2 patches, got {known.count}: add good parts")
        covariance, matrix = known.covariance(), np.zeros_like(known.scatter)
        for level in columns(levels, known.mean.size):
            matrix[level, level] = _matrix(covariance[level, level], ridge) / _size(levels, level)
        return cls(known.mean.astype(np.float32), matrix.astype(np.float32), levels)

    @classmethod
    def of(cls, moments: Moments, recipe: Recipe, levels: Levels = ()) -> "Whitening":
        """What the recipe does to patches of these moments: whitening, or scaling alone. Raises as `fit`."""
        return cls.fit(moments, recipe.whiten_ridge if recipe.whiten else math.inf, levels)

    @cached_property
    def _placed(self) -> "dict[torch.device, tuple[torch.Tensor, torch.Tensor]]":
        return {}

    def on(self, device: "torch.device") -> "tuple[torch.Tensor, torch.Tensor]":
        """Mean and matrix in float64 on a device of torch, copied there once."""
        import torch

        placed = self._placed.get(device)
        if placed is None:
            mean, matrix = torch.from_numpy(self.mean), torch.from_numpy(self.matrix)
            # Several threads that come first make the same.
            self._placed[device] = placed = mean.to(device).double(), matrix.to(device).double()
        return placed

    def apply(self, features: NDArray[np.floating]) -> NDArray[np.float32]:
        """Whiten (..., D) features; the shape stays."""
        if features.shape[-1] != self.mean.size:
            raise ValueError(f"features have {features.shape[-1]} dimensions, the whitening {self.mean.size}")
        rows = features.reshape(-1, self.mean.size)
        out = np.empty(rows.shape, dtype=np.float32)
        # In float64, rounded once: a patch gets the same bits in any batch, hence the same float16 in a bank.
        import torch  # Only where features are computed: it takes hundreds of megabytes.

        # By torch: the threads of numpy's product spin on for a while, in the way of the search that follows.
        mean, matrix = self.on(torch.device("cpu"))
        for start in range(0, len(rows), WHITENED):
            chunk = torch.from_numpy(np.ascontiguousarray(rows[start : start + WHITENED], dtype=np.float64))
            for level in columns(self.levels, self.mean.size):
                white = (chunk[:, level] - mean[level]) @ matrix[level, level]
                out[start : start + WHITENED, level] = white.float().numpy()
        return out.reshape(features.shape)


def _size(levels: Levels, level: slice) -> float:
    return math.sqrt(level.stop - level.start) if levels else 1.0


def _matrix(covariance: NDArray[np.float64], ridge: float) -> NDArray[np.float64]:
    values, vectors = np.linalg.eigh(covariance)
    spread = np.maximum(values, 0.0)
    if spread.mean() == 0:
        raise ValueError("whitening cannot be fitted, all patches are equal: turn whiten off")
    if math.isinf(ridge):
        return np.eye(len(spread)) / math.sqrt(spread.mean())
    scales = 1.0 / np.sqrt(spread + ridge * spread.mean())
    # The symmetric form (ZCA) has the same distances, and does not depend on the eigenvectors' signs.
    whitened: NDArray[np.float64] = (vectors * scales) @ vectors.T
    return whitened
