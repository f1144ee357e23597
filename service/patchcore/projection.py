"""The projection: fewer dimensions for the selection alone, the same on every machine."""

import functools

import numpy as np
from numpy.typing import NDArray

ROWS = 16_384


def project(features: NDArray[np.floating], dim: int, seed: int) -> NDArray[np.float32]:
    """A fixed random projection of (N, D) features to (N, dim) float32, scaled to keep distances on average.

    Returns float32 features unchanged when D <= dim. Deterministic in (D, dim, seed). Signs instead of normal
    numbers (Achlioptas 2003, "Database-friendly random projections") keep the same distance guarantee and buy
    exactness: see `_signs`. Blocks for about N * D * dim multiplications.
    """
    width = features.shape[1]
    if width <= dim:
        return np.ascontiguousarray(features, dtype=np.float32)
    out = np.empty((len(features), dim), dtype=np.float32)
    for start in range(0, len(features), ROWS):
        rows = features[start : start + ROWS].astype(np.float64)
        out[start : start + ROWS] = (rows @ _signs(width, dim, seed)) * (1.0 / np.sqrt(dim))
    return out


@functools.lru_cache(maxsize=8)
def _signs(width: int, dim: int, seed: int) -> NDArray[np.float64]:
    # Values of fp16 are multiples of 2^-24 below 2^16: their signed sums over 2,048 dimensions fit the 53
    # bits of float64, so the product is exact in any order. A vector that is projected again years later, in
    # another batch, on another machine, lands on the same bits: growth depends on that.
    rng = np.random.default_rng(seed)
    signs = rng.integers(0, 2, size=(width, dim)).astype(np.float64) * 2 - 1
    signs.setflags(write=False)
    return signs
