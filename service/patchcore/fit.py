"""Fitting: a memory bank from good parts."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from service.patchcore.coreset import Progress, greedy_coreset
from service.patchcore.held_out import held_out_scores
from service.patchcore.memory_bank import MemoryBank, prepared, rounded
from service.patchcore.nearest import coverage_radius
from service.patchcore.projection import project
from service.patchcore.recipe import Recipe
from service.patchcore.whitening import Whitening

Parts = Sequence[NDArray[np.floating]]


def fit(parts: Parts, recipe: Recipe, *, progress: Progress | None = None) -> MemoryBank:
    """A bank from the embedded features of good parts, (H, W, D) or (P, D) each, all of one shape.

    Patches are whitened if asked, rounded to float16, projected and chosen greedily; then each part is scored
    with its own vectors left out. A part that owns the whole bank cannot be held out and stays out of the
    calibration. Deterministic in the parts, their order and the recipe. `progress` gets (chosen, expected).
    Blocks for seconds to minutes. Raises ValueError for fewer than two parts, unequal shapes, or features
    that are not finite or beyond float16.
    """
    grid = check_parts(parts)
    if len(parts) < 2:
        raise ValueError("a bank from 1 part cannot be calibrated: give at least 2 good parts, better 50")
    patches = flattened(parts)
    whitening = Whitening.fit(patches, recipe.whiten_ridge) if recipe.whiten else None
    stored = rounded(prepared(patches, whitening))
    projected = project(stored, recipe.projection_dim, recipe.seed)
    chosen = greedy_coreset(projected, keep=recipe.keep(len(stored)), progress=progress)
    vectors = stored[chosen.indices]
    owner = np.repeat(np.arange(len(parts), dtype=np.int32), grid[0] * grid[1])[chosen.indices]
    covered = coverage_radius(stored, vectors)
    scores, names = calibrate(parts, range(len(parts)), vectors, owner, recipe, whitening)
    return MemoryBank(
        vectors, owner, scores, names, chosen.radius, covered, grid, recipe, whitening, part_count=len(parts)
    )


def calibrate(
    parts: Parts,
    names: Sequence[int],
    vectors: NDArray[np.float16],
    owner: NDArray[np.int32],
    recipe: Recipe,
    whitening: Whitening | None,
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Held-out scores of the parts, by name, and the names of those that could be held out."""
    ready = [prepared(part, whitening) for part in parts]
    scores = held_out_scores(ready, vectors, owner, recipe, indices=names)
    finite = np.isfinite(scores)
    return scores[finite], np.asarray(names, dtype=np.int32)[finite]


def flattened(parts: Parts) -> NDArray[np.float32]:
    """All patches of the parts, in order, float32 (N, D)."""
    return np.concatenate([np.asarray(p, dtype=np.float32).reshape(-1, p.shape[-1]) for p in parts])


def check_parts(parts: Parts) -> tuple[int, int]:
    """The grid that all parts share. Raises ValueError when there is none."""
    if not parts:
        raise ValueError("there are no parts: give the features of at least one")
    shapes = {part.shape for part in parts}
    if len(shapes) != 1:
        raise ValueError(
            f"the parts differ in shape, {sorted(shapes)}: one bank inspects one size of picture"
        )
    shape = shapes.pop()
    if len(shape) not in (2, 3) or 0 in shape:
        raise ValueError(f"a part of shape {shape} is neither (H, W, D) nor (P, D)")
    return (shape[0], shape[1]) if len(shape) == 3 else (1, shape[0])
