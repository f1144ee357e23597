"""Levels: the stages of the backbones side by side in a patch's features, and distances found level by level.

Late fusion: each level's nearest vector is found apart, and the distances of all levels add up. A patch may
so be near one good patch in its fine structure and near another in its coarse one; joined in one vector
(early fusion, the published method) it would have to be near one good patch in both.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from service.patchcore.nearest import nearest_distances

Levels = tuple[int, ...]
"""How many columns each level has, in order; empty where all columns are one level."""


def columns(levels: Levels, dim: int) -> list[slice]:
    """The columns of each level, of `dim` in all. Raises ValueError when they are not as many."""
    widths = levels or (dim,)
    if sum(widths) != dim or min(widths) < 1:
        raise ValueError(f"levels of {levels} columns do not make {dim}: give the widths of all stages")
    ends = np.cumsum(widths)
    return [slice(int(end - width), int(end)) for width, end in zip(widths, ends, strict=True)]


def level_distances(
    features: NDArray[np.floating],
    vectors: NDArray[np.floating],
    levels: Levels,
    allowed: NDArray[np.bool_] | None = None,
    known: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Distances of patches (..., D) to the nearest of (N, D) vectors in each level, float32 (L, ...).

    As `nearest_distances` otherwise, which says what `allowed` and `known` (L, ...) do: a smaller bank's
    distances and those to what it learned since have the larger bank's as their minimum, element by element.
    """
    flat = features.reshape(-1, features.shape[-1])
    parts = columns(levels, flat.shape[1])
    before = [None] * len(parts) if known is None else list(known.reshape(len(parts), -1))
    found = [
        nearest_distances(flat[:, part], vectors[:, part], allowed, distances)
        for part, distances in zip(parts, before, strict=True)
    ]
    return np.stack(found).reshape(-1, *features.shape[:-1])


def fused(distances: NDArray[np.float32] | Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Distances (L, ...) of all levels as one (...)."""
    total: NDArray[np.float32] = np.sum(np.asarray(distances, dtype=np.float32), axis=0, dtype=np.float32)
    return total
