"""Coverage: how far the patches of good parts lie off a bank's vectors."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from service.patchcore.levels import Levels, fused, level_distances
from service.patchcore.side_by_side import Crew

FIRST_VECTORS = 512
"""Held against all features at once; of a bank of thousands they cover most."""

Given = TypeVar("Given")


def coverage_radius(
    features: NDArray[np.floating], vectors: NDArray[np.floating], levels: Levels = (), least: float = 0.0
) -> float:
    """The largest fused distance of any of (N, D) features to the vectors, in the features' own space, or
    `least` where that is larger. Features that some vectors show to lie within `least` are not held against
    the others: vectors in the order of a greedy choice cover soonest."""
    if not len(features) or not len(vectors):
        raise ValueError("a coverage radius needs features and vectors: one of the two is empty")
    left, near, seen = features, level_distances(features, vectors[:FIRST_VECTORS], levels), FIRST_VECTORS
    while (outside := fused(near) > least).any():
        left, near = left[outside], near[:, outside]
        if seen >= len(vectors):
            return float(fused(near).max())
        near = level_distances(left, vectors[seen : 2 * seen], levels, known=near)
        seen *= 2
    return least


def covered_by(
    vectors: NDArray[np.float16],
    levels: Levels,
    some: Sequence[Given],
    patches: Callable[[Given], NDArray[np.float16]],
    least: float = 0.0,
) -> float:
    """How far off the vectors `patches` of some things lie at most, or `least` where that is more. Blocks for
    at most one product of all patches and vectors."""

    def farthest(share: Sequence[Given]) -> float:
        covered = least
        for each in share:
            covered = coverage_radius(patches(each), vectors, levels, covered)
        return covered

    # In shares: what one lies off tells of the next ones which patches need not be looked at.
    with Crew() as crew:
        return max(crew.each(farthest, [some[at :: crew.threads] for at in range(crew.threads)]))
