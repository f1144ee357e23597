"""Held-out scores: how the bank scores its own parts, each as if it had never been seen."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from service.patchcore.levels import Levels, fused, level_distances
from service.patchcore.recipe import Recipe
from service.patchcore.scoring import image_score

Siblings = Mapping[int, Collection[int]]
"""By the number of a picture, those of the other pictures of the same part."""


def held_out_distances(
    part: NDArray[np.floating],
    own: int,
    vectors: NDArray[np.floating],
    vector_part: NDArray[np.int32],
    siblings: Collection[int] = (),
    levels: Levels = (),
) -> NDArray[np.float32]:
    """Distances of a part's patches, (H, W, D) -> (L, H, W) or (P, D) -> (L, P), to all other parts' vectors
    in each of L levels.

    `own` is the part's index in `vector_part` (N,), `siblings` those of other pictures of it: they are held
    out with it. Features and vectors are in the same space (whitened or
    not). A part scored against its own vectors has distances near 0, and a threshold from those is far too
    low. Without them, what is left is what the selection took from the other parts: the analogue of the bank
    that an unseen part meets. It is slightly conservative: patches that the part's vectors covered were not
    chosen again from other parts, so the left-out bank is a little sparser than one built without the part,
    scores lie a little higher, and the line alarms a little less often than stated. Infinite when no other
    part has a vector.
    """
    allowed = ~np.isin(vector_part, [own, *siblings])
    return level_distances(part, vectors, levels, allowed)


def held_out_scores(
    parts: Sequence[NDArray[np.floating]],
    vectors: NDArray[np.floating],
    vector_part: NDArray[np.int32],
    recipe: Recipe,
) -> NDArray[np.float32]:
    """The image score of each part, numbered 0, 1, ... in `vector_part`, held out: float32 (n,).

    Blocks for one product of all patches with all vectors. Infinite for a part that owns the whole bank.
    """
    scores = [
        fused_score(held_out_distances(part, own, vectors, vector_part), recipe)
        for own, part in enumerate(parts)
    ]
    return np.asarray(scores, dtype=np.float32)


def fused_score(distances: NDArray[np.float32], recipe: Recipe) -> float:
    """The image score of one part's distances in L levels, (L, H, W) or (L, P)."""
    return float(fused_scores(distances[:, None], recipe)[0])


def fused_scores(distances: NDArray[np.float32], recipe: Recipe) -> NDArray[np.float32]:
    """The image scores, float32 (n,), of n parts' distances in L levels, (L, n, H, W) or (L, n, P). Infinite
    where a distance is."""
    patches = fused(distances).reshape(distances.shape[1], 1, -1)
    finite = np.isfinite(patches).all(axis=(1, 2))
    scores = np.full(len(patches), np.inf, dtype=np.float32)
    if finite.any():
        scores[finite] = image_score(patches[finite], recipe.score)
    return scores
