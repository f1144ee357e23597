"""Whitening: every direction of the good patches' spread counts alike."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ROWS = 8192


@dataclass(frozen=True, eq=False)
class Whitening:
    """PCA-whitening with all dimensions: x -> (x - mean) @ matrix.

    `mean` float32 (D,), `matrix` float32 (D, D). Dropping the weak directions costs accuracy: they carry the
    defects. With very few parts whitening overfits and loses; the recipe leaves it off by default.
    """

    mean: NDArray[np.float32]
    matrix: NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.matrix.shape != (self.mean.size, self.mean.size):
            raise ValueError(
                f"the whitening matrix {self.matrix.shape} does not fit {self.mean.size} dimensions"
            )

    @classmethod
    def fit(cls, features: NDArray[np.floating], ridge: float) -> "Whitening":
        """Fit to (N, D) features of good patches; `ridge` is in units of the mean eigenvalue.

        Raises ValueError for fewer than two patches or patches that are all equal. Blocks for N * D^2.
        """
        if len(features) < 2:
            raise ValueError(f"whitening needs at least 2 patches, got {len(features)}: add good parts")
        mean = np.asarray(features.mean(axis=0, dtype=np.float64), dtype=np.float64)
        values, vectors = np.linalg.eigh(_covariance(features, mean))
        spread = np.maximum(values, 0.0)
        if spread.mean() == 0:
            raise ValueError("whitening cannot be fitted, all patches are equal: turn whiten off")
        scales = 1.0 / np.sqrt(spread + ridge * spread.mean())
        # The symmetric form (ZCA) has the same distances, and does not depend on the eigenvectors' signs.
        matrix = (vectors * scales) @ vectors.T
        return cls(mean.astype(np.float32), matrix.astype(np.float32))

    def apply(self, features: NDArray[np.floating]) -> NDArray[np.float32]:
        """Whiten (..., D) features; the shape stays."""
        if features.shape[-1] != self.mean.size:
            raise ValueError(f"features have {features.shape[-1]} dimensions, the whitening {self.mean.size}")
        rows = features.reshape(-1, self.mean.size)
        out = np.empty(rows.shape, dtype=np.float32)
        # In float64, rounded once: a patch gets the same bits in any batch, hence the same float16 in a bank.
        matrix = self.matrix.astype(np.float64)
        for start in range(0, len(rows), ROWS):
            out[start : start + ROWS] = (rows[start : start + ROWS] - self.mean.astype(np.float64)) @ matrix
        return out.reshape(features.shape)


def _covariance(features: NDArray[np.floating], mean: NDArray[np.float64]) -> NDArray[np.float64]:
    total = np.zeros((mean.size, mean.size))
    for start in range(0, len(features), ROWS):
        centred = features[start : start + ROWS] - mean
        total += centred.T @ centred
    covariance: NDArray[np.float64] = total / len(features)
    return covariance
