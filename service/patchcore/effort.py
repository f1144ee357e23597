"""How much effort candidates need, from a bank's vectors alone."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from service.patchcore.candidates import Candidates, Graph
from service.patchcore.distance import row_distances

ENOUGH = 0.985
"""Share of points near the bank whose nearest vector must be found. Of patches, which lie as far from it,
fewer are found: .960 where it is .991 of these points (2026-11-27, by a script that is not kept)."""
SAMPLE, NEIGHBOUR = 1024, 5
FEW = 2048
"""Vectors that show whether a bank has neighbourhoods, or up to half as many again (docs/performance.md)."""


def promising(vectors: NDArray[np.float16]) -> bool:
    """Whether a graph of a few of a bank's vectors (N, D) finds the nearest to points around them with all
    effort. Among more vectors the same effort finds less, so where it does not, candidates among all are not
    worth their time: a wrong no costs time, never exactness. Blocks for a tenth of a second."""
    few = vectors[:: max(1, len(vectors) // FEW)]
    graph = Graph(few)
    return least_enough(graph, few, graph.efforts[-1:]) is not None


def least_enough(candidates: Candidates, vectors: NDArray[np.float16], efforts: Sequence[int]) -> int | None:
    """The least of some rising efforts that finds ENOUGH, or None. Deterministic. Blocks for two exact
    searches of SAMPLE points."""
    near = _near(candidates, vectors)
    exact = row_distances(near, vectors[candidates.nearest(near)])
    found = (candidates.near(near, effort) <= exact * np.float32(1 + 1e-5) for effort in efforts)
    return next((effort for effort, each in zip(efforts, found, strict=True) if each.mean() >= ENOUGH), None)


def _near(candidates: Candidates, vectors: NDArray[np.float16]) -> NDArray[np.float32]:
    """Some of the bank's vectors, each moved by as much as another is from its fifth neighbour: so far from
    the bank do patches of good parts lie."""
    rng = np.random.default_rng(0)
    some = vectors[rng.choice(len(vectors), min(SAMPLE, len(vectors)), replace=False)].astype(np.float32)
    step = vectors[candidates.nearest(some, min(NEIGHBOUR, len(vectors) - 1))] - some
    moved: NDArray[np.float32] = some + np.roll(step, 1, axis=0)
    return moved
