"""The coreset: few patches that lie close to all patches, chosen greedily and exactly."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.patchcore.frontier import Frontier
from service.patchcore.side_by_side import Crew

Progress = Callable[[int, int], None]

LIMIT = 1e15


@dataclass(frozen=True, eq=False)
class Selection:
    """What greedy chose, in its order: every prefix is itself a 2-approximation of the best cover.

    `indices` int64 (k,); `radii` float32 (k,), the distance of each point to those before it when it was
    chosen (infinite for a first point with nothing seen), never rising after the first; `radius`, the largest
    distance of any point to the nearest chosen or seen one at the end.
    """

    indices: NDArray[np.int64]
    radii: NDArray[np.float32]
    radius: float


def greedy_coreset(
    features: NDArray[np.float32],
    *,
    keep: int | None = None,
    until_radius: float | None = None,
    seen: NDArray[np.float32] | None = None,
    start: int | None = None,
    progress: Progress | None = None,
) -> Selection:
    """Greedy k-centre (Gonzalez 1985) over (N, D) float32 features: the plain loop's choice, ties included.

    Takes the point farthest from all `seen` (M, D) and chosen ones, ties by the lowest index, until `keep`
    are chosen or no point is farther than `until_radius`, whichever comes first; one must be given. With
    nothing seen it begins at `start`, or at the point farthest from the mean: the rule of every later choice
    with the mean in the place of the bank, so the first vector is one that a cover needs anyway. `progress`
    gets (chosen, at most) now and then: the first never falls, the second never rises, and at the end they
    are equal. Memory is 20 bytes a point, chunks, and what is seen and chosen a few times, never N x k;
    features whose rows do not lie one after the other are copied. Blocks for at most 2 * N * k * D
    multiplications. Raises ValueError for features that are not finite, too large, of other dimensions than
    `seen`, and for no stop rule.
    """
    limit = _limit(features, keep, until_radius)
    _check(features, seen, start)
    if not len(features):
        return Selection(np.empty(0, np.int64), np.empty(0, np.float32), 0.0)
    stop = -1.0 if until_radius is None else float(until_radius)
    with Crew() as crew:
        frontier = Frontier(np.ascontiguousarray(features), seen, crew)
        if seen is None or not len(seen):
            frontier.choose(start)
        while len(frontier.chosen) < limit and frontier.advance(limit, stop):
            if progress is not None:
                progress(len(frontier.chosen), limit if stop < 0 else min(limit, frontier.at_most(stop)))
        if progress is not None:
            progress(len(frontier.chosen), len(frontier.chosen))
        return _selection(frontier)


def _selection(frontier: Frontier) -> Selection:
    radii = np.sqrt(np.asarray(frontier.chosen_squared, dtype=np.float32))
    return Selection(np.asarray(frontier.chosen, dtype=np.int64), radii, frontier.radius())


def _limit(features: NDArray[np.float32], keep: int | None, until_radius: float | None) -> int:
    if keep is None and until_radius is None:
        raise ValueError("the selection has no stop rule: give keep, until_radius, or both")
    if keep is not None and keep < 1:
        raise ValueError(f"keep {keep} would give an empty bank: keep at least 1")
    if until_radius is not None and not until_radius >= 0:
        raise ValueError(f"until_radius {until_radius} is no distance: give 0 or more")
    return len(features) if keep is None else min(keep, len(features))


def _check(features: NDArray[np.float32], seen: NDArray[np.float32] | None, start: int | None) -> None:
    for name, array in (("features", features), ("seen", features[:0] if seen is None else seen)):
        if array.ndim != 2 or array.dtype != np.float32 or array.shape[1] != features.shape[1]:
            raise ValueError(
                f"{name} are {array.dtype} {array.shape}: give float32 (N, D), the same D for both"
            )
        if array.size and not max(array.max(), -array.min()) <= LIMIT:
            raise ValueError(f"{name} hold values that are not finite or above {LIMIT:g}: check the backbone")
    if start is not None and not 0 <= start < len(features):
        raise ValueError(f"start {start} is no index of {len(features)} features")
