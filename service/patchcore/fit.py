"""Fitting: a memory bank from good parts."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from service.patchcore.coreset import Progress, Selection, greedy_coreset
from service.patchcore.coverage import covered_by
from service.patchcore.held_out import Siblings, fused_score, held_out_distances
from service.patchcore.levels import Levels
from service.patchcore.memory_bank import MemoryBank, prepared, rounded
from service.patchcore.moments import Moments
from service.patchcore.projection import project
from service.patchcore.recipe import Recipe
from service.patchcore.refitting import held_out_of_whitening
from service.patchcore.side_by_side import side_by_side
from service.patchcore.whitening import Whitening

Parts = Sequence[NDArray[np.floating]]
MOST_SELECTABLE = 2**22
"""Patches. Their projections, 128 numbers of 4 bytes, are what the selection holds in memory: 2 GiB."""
COVERED_TOGETHER = 4096
"""Patches: with fewer at a time, more goes into making the vectors ready than into products."""


def fit(
    parts: Parts,
    recipe: Recipe,
    *,
    levels: Levels = (),
    siblings: Siblings | None = None,
    progress: Progress | None = None,
) -> MemoryBank:
    """A bank from the embedded features of good parts, (H, W, D) or (P, D) each, all of one shape.

    Patches are whitened if asked, rounded to float16, projected and chosen greedily; then each part is scored
    with its own vectors left out, and those of its `siblings`, other pictures of it, and, of few parts, as
    whitening without them would have it. A part that owns the
    whole bank cannot be held out and stays out of the calibration. `levels` are the stages' widths for a
    recipe that fuses late (see MemoryBank). Deterministic in the parts, their order
    and the recipe.

    `parts` may read from a disk: they are gone through a few times, few at a time. Memory is 4 * P + 20 bytes
    a patch, P the lesser of its dimensions and the projection, up to 4,194,304 patches; of more, that
    many are drawn by the recipe's seed, the selection is among those, and `selection_radius` is theirs, while
    `coverage_radius` is always that of all. `progress` gets (chosen, expected). Blocks for seconds to
    minutes. Raises ValueError for fewer than two parts, unequal shapes, or features that are not finite or
    beyond float16.
    """
    grid = check_parts(parts)
    if len(parts) < 2:
        raise ValueError("a bank from 1 part cannot be calibrated: give at least 2 good parts, better 50")
    moments = Moments.of(parts) if recipe.equalises else None
    whitening = None if moments is None else Whitening.of(moments, recipe, levels)
    chosen, rows = _selected(parts, grid[0] * grid[1], recipe, whitening, progress)
    vectors = _gathered(parts, rows, whitening)
    owner = (rows // (grid[0] * grid[1])).astype(np.int32)
    covered = _covered(parts, grid[0] * grid[1], vectors, whitening, levels)
    scores, names = calibrate(dict(enumerate(parts)), vectors, owner, recipe, whitening, levels, siblings)
    bank = MemoryBank(
        vectors, owner, scores, names, chosen.radius, covered, grid, recipe, whitening, len(parts), levels
    )
    return bank if moments is None else held_out_of_whitening(bank, parts, moments, siblings)


def calibrate(
    parts: Mapping[int, NDArray[np.floating]],
    vectors: NDArray[np.float16],
    owner: NDArray[np.int32],
    recipe: Recipe,
    whitening: Whitening | None,
    levels: Levels = (),
    siblings: Siblings | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Scores of the parts, by number, held out of the vectors, and the numbers of those that could be."""
    kin = siblings or {}

    def score(own: int) -> float:
        rows = prepared(parts[own], whitening)
        return fused_score(held_out_distances(rows, own, vectors, owner, kin.get(own, ()), levels), recipe)

    scores = np.array(side_by_side(score, parts), dtype=np.float32)
    finite = np.isfinite(scores)
    return scores[finite], np.array(list(parts), dtype=np.int32)[finite]


def stored(part: NDArray[np.floating], whitening: Whitening | None) -> NDArray[np.float16]:
    """What a bank would store of a part's patches, (P, D)."""
    return rounded(prepared(part.reshape(-1, part.shape[-1]), whitening))


def check_parts(parts: Parts) -> tuple[int, int]:
    """The grid that all parts share. Raises ValueError when there is none."""
    if not len(parts):
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


def _covered(
    parts: Parts, patches: int, vectors: NDArray[np.float16], whitening: Whitening | None, levels: Levels
) -> float:
    few = max(1, COVERED_TOGETHER // patches)

    def some(first: int) -> NDArray[np.float16]:
        numbers = range(first, min(first + few, len(parts)))
        return np.concatenate([stored(parts[number], whitening) for number in numbers])

    return covered_by(vectors, levels, range(0, len(parts), few), some)


def _selected(
    parts: Parts, patches: int, recipe: Recipe, whitening: Whitening | None, progress: Progress | None
) -> tuple[Selection, NDArray[np.int64]]:
    """What greedy chose, and the chosen patches' numbers over all parts."""
    count = patches * len(parts)
    drawn = _drawn(count, recipe.seed)
    width = min(parts[0].shape[-1], recipe.projection_dim)
    projected = np.empty((len(drawn), width), dtype=np.float32)
    for number, part in enumerate(parts):
        begin, end = np.searchsorted(drawn, (number * patches, (number + 1) * patches))
        rows = stored(part, whitening)[drawn[begin:end] - number * patches]
        projected[begin:end] = project(rows, recipe.projection_dim, recipe.seed)
    chosen = greedy_coreset(projected, keep=min(recipe.keep(count), len(drawn)), progress=progress)
    return chosen, drawn[chosen.indices]


def _drawn(count: int, seed: int) -> NDArray[np.int64]:
    """The patches that the selection is among, rising: all of them up to a number."""
    if count <= MOST_SELECTABLE:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, MOST_SELECTABLE, replace=False))


def _gathered(parts: Parts, rows: NDArray[np.int64], whitening: Whitening | None) -> NDArray[np.float16]:
    patches = parts[0].size // parts[0].shape[-1]
    vectors = np.empty((len(rows), parts[0].shape[-1]), dtype=np.float16)
    owner = rows // patches
    for number in np.unique(owner):
        mine = np.flatnonzero(owner == number)
        vectors[mine] = stored(parts[int(number)], whitening)[rows[mine] % patches]
    return vectors
