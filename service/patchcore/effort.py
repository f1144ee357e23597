"""How much effort candidates need, from a bank's vectors alone."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from service.patchcore.candidates import Candidates, Graph
from service.patchcore.distance import row_distances

ENOUGH = 0.985
"""Share of points near the bank whose nearest vector must be found: where they lie as far from it as patches
do, a little more of them is found than of patches (docs/performance.md)."""
SAMPLE, NEIGHBOUR = 1024, 5
FEW = 2048
"""Vectors that show whether a bank has neighbourhoods. Among 2,048 the nearest of all points is found in
patches of solar cells, of .914 in the same ones whitened, of .876 in random numbers."""


def promising(vectors: NDArray[np.float16]) -> bool:
    """Whether a graph of a few of a bank's vectors (N, D) finds the nearest to points around them. Where it
    does not with all effort, candidates among all of them, which lie closer together, are not tried. Blocks
    for a tenth of a second, where a graph of 20,000 takes one or two."""
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
