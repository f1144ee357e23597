"""Screening: which of the parts that are called good look unlike the others."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.patchcore.student import student_tail

JURY = 100
WITNESSES = 96
LARGEST_GRID = 2048
ALIKE = 2
SHARE = 0.05
LISTED_WRONGLY = 0.05
# More than these are a second kind of good part, not a handful of defects.
MOST_LISTED = 0.1
# The median absolute deviation knows a spread as well as 37 % of the scores would by their variance.
MAD_EFFICIENCY = 0.37
MAD_TO_SIGMA = 1.4826
LEAST_SPREAD = 0.02


@dataclass(frozen=True, eq=False)
class Screening:
    """`scores` float32 (n,), how unlike the other parts each is; `p_values` float64 (n,), how often the bulk
    of the parts would score as high; `suspects`, indices of those that stand out, the strangest first;
    `grids`, each picture's patch distances, float32 (H, W), in blocks where the features' grid is fine.
    """

    scores: NDArray[np.float32]
    p_values: NDArray[np.float64]
    suspects: tuple[int, ...]
    grids: tuple[NDArray[np.float32], ...]


def screen(
    parts: Sequence[NDArray[np.floating]], *, part_of: Sequence[int] | None = None, seed: int = 0
) -> Screening:
    """Score each part's features, (H, W, D), by the other parts, and list those that stand out.

    A patch is as strange as its distance to the third nearest other *part*: three defects of one kind do not
    vouch for one another, as they would in a bank. A score is the mean of the strangest twentieth. Scores'
    logarithms are held against their median and median absolute deviation, which a few defects do not move,
    whatever their share; p-values are Student's, and Benjamini and Hochberg (1995) list the suspects at a
    share of one in twenty, a tenth of the parts at most. The others are at most 100 parts of 96 patches each,
    so time is linear in the parts: blocks for n * H * W * 9,600 * D multiplications; memory is one part's
    product. `part_of` gives pictures of one part the same number. Deterministic. Raises ValueError for fewer
    than three parts.
    """
    owners = np.arange(len(parts)) if part_of is None else np.asarray(part_of)
    if len(np.unique(owners)) < 3:
        raise ValueError(f"{len(np.unique(owners))} parts cannot screen one another: give at least 3")
    jury = _Jury(parts, owners, seed)
    grids = tuple(jury.grid(part, int(owner)) for part, owner in zip(parts, owners, strict=True))
    scores = np.array([_strangest(grid) for grid in grids], dtype=np.float32)
    p_values = outlier_p_values(scores)
    suspects = discoveries(p_values, LISTED_WRONGLY)[: max(1, int(MOST_LISTED * len(parts)))]
    return Screening(scores, p_values, suspects, grids)


def outlier_p_values(scores: NDArray[np.floating]) -> NDArray[np.float64]:
    """For each of (n,) scores, how often the bulk would give one as high: Student's tail of the robust z."""
    raw = np.asarray(scores, dtype=np.float64)
    logs = np.log(raw + max(1e-3 * float(np.median(raw)), 1e-12))
    middle = np.median(logs)
    spread = max(MAD_TO_SIGMA * float(np.median(np.abs(logs - middle))), LEAST_SPREAD)
    freedom = max(1, int(MAD_EFFICIENCY * (len(raw) - 1)))
    return np.array([student_tail(float(z), freedom) for z in (logs - middle) / spread])


def discoveries(p_values: NDArray[np.float64], rate: float) -> tuple[int, ...]:
    """Benjamini and Hochberg's (1995) list: at most `rate` of it is expected to be wrong. Smallest first."""
    order = np.argsort(p_values, kind="stable")
    fits = np.flatnonzero(p_values[order] <= rate * np.arange(1, len(order) + 1) / len(order))
    return tuple(int(i) for i in order[: fits[-1] + 1]) if fits.size else ()


class _Jury:
    """Some patches of some parts, by part."""

    def __init__(self, parts: Sequence[NDArray[np.floating]], owners: NDArray[np.int64], seed: int) -> None:
        rng = np.random.default_rng(seed)
        drawn = np.sort(rng.choice(len(parts), min(JURY, len(parts)), replace=False))
        seated = drawn[np.argsort(owners[drawn], kind="stable")]
        rows = [_witnesses(_coarse(parts[i]), rng) for i in seated]
        self._owners, self._firsts = np.unique(owners[seated], return_index=True)
        self._count = len(rows[0])
        self._centre = np.concatenate(rows).mean(axis=0, dtype=np.float64).astype(np.float32)
        patches = np.concatenate(rows) - self._centre
        self._right = np.ascontiguousarray(patches.T)
        self._norms = np.einsum("ij,ij->i", patches, patches)

    def grid(self, part: NDArray[np.floating], owner: int) -> NDArray[np.float32]:
        """The distance of each patch of (H, W, D) to the third nearest part that is not the owner, (H, W)."""
        features = _coarse(part)
        points = features.reshape(-1, features.shape[-1]) - self._centre
        near = self._norms - 2 * (points @ self._right)
        near = near.reshape(len(points), -1, self._count).min(axis=2)
        by_part = np.minimum.reduceat(near, self._firsts, axis=1)[:, self._owners != owner]
        rank = min(ALIKE, by_part.shape[1] - 1)
        squared = np.partition(by_part, rank, axis=1)[:, rank] + np.einsum("ij,ij->i", points, points)
        grid = np.sqrt(np.maximum(squared, 0)).reshape(features.shape[:2]).astype(np.float32)
        return _spread_over(grid, part.shape[:2])


def _coarse(part: NDArray[np.floating]) -> NDArray[np.float32]:
    """(H, W, D) with neighbours averaged until a picture has no more patches than the screening looks at."""
    grid = np.asarray(part, dtype=np.float32)
    while grid.shape[0] * grid.shape[1] > LARGEST_GRID:
        tall, wide = min(2, grid.shape[0]), min(2, grid.shape[1])
        height, width = grid.shape[0] // tall, grid.shape[1] // wide
        blocks = grid[: tall * height, : wide * width].reshape(height, tall, width, wide, -1)
        grid = blocks.mean(axis=(1, 3))
    return grid


def _spread_over(grid: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """The coarse grid's values in the cells of (H, W) that each was averaged from."""
    rows = np.minimum(np.arange(shape[0]) * grid.shape[0] // shape[0], grid.shape[0] - 1)
    columns = np.minimum(np.arange(shape[1]) * grid.shape[1] // shape[1], grid.shape[1] - 1)
    return grid[np.ix_(rows, columns)]


def _witnesses(grid: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    rows = grid.reshape(-1, grid.shape[-1])
    return rows if len(rows) <= WITNESSES else rows[np.sort(rng.choice(len(rows), WITNESSES, replace=False))]


def _strangest(grid: NDArray[np.float32]) -> float:
    count = max(1, round(SHARE * grid.size))
    return float(np.partition(grid.ravel(), -count)[-count:].mean())
