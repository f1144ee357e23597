"""The frontier: how far each point lies from the chosen ones, known exactly where it decides a choice."""

import threading

import numpy as np
from numpy.typing import NDArray

from service.patchcore.centres import Centres
from service.patchcore.distance import Products, below, least_product, slack, squared_distances
from service.patchcore.side_by_side import Crew

BLOCK = 1024
ROWS = 1024
COLUMNS = 512
PAIRS = 2**16
CHOSEN = np.float32(-1)
UNKNOWN = np.float32(np.inf)

Indices = NDArray[np.int64]
Points = NDArray[np.float32]


class _Buffers(threading.local):
    """Each thread's own: to make one for every product would take as long as the product."""

    def __init__(self) -> None:
        self.products = np.empty(ROWS * COLUMNS, dtype=np.float32)


class Frontier:
    """Squared distances of points to the nearest chosen or seen one, kept lazily.

    `nearest[i]` is always the canonical minimum over the first `upto[i]` centres, so an upper bound of the
    minimum over all. A point is brought up to date only when its bound puts it among the farthest; most
    points of a dense background never are again. Matrix products only rule pairs out, with a proven slack:
    what is stored and compared is the canonical distance, so choices equal the plain loop's to the bit.
    Points are brought up to date some at a time, side by side by a `crew`: none touches another's.
    """

    def __init__(self, features: NDArray[np.float32], seen: NDArray[np.float32] | None, crew: Crew) -> None:
        centre = features.mean(axis=0, dtype=np.float64).astype(np.float32)
        self._features = features
        self._centre = centre
        self._norms = Products.squares(features, centre)
        self._centres = Centres(features.shape[1], centre)
        self._fresh_rows = BLOCK
        self._crew = crew
        self._buffers = _Buffers()
        self.nearest = np.full(len(features), UNKNOWN, dtype=np.float32)
        self.upto = np.zeros(len(features), dtype=np.int64)
        self.chosen: list[int] = []
        self.chosen_squared: list[np.float32] = []
        if seen is not None:
            self._centres.append(seen)

    def choose(self, index: int) -> None:
        """Make a point a centre; the others' bounds stay valid, one centre older."""
        self._centres.append(self._features[index : index + 1])
        self.chosen_squared.append(self.nearest[index])
        self.chosen.append(index)
        self.nearest[index] = CHOSEN

    def advance(self, limit: int, stop: float) -> bool:
        """Choose some more points, up to `limit` in all; False when none is farther than `stop`."""
        champion = int(self.nearest.argmax())
        if self.nearest[champion] == UNKNOWN:
            self.refresh(np.arange(len(self.nearest)), stop)
        elif not self._beyond(self.nearest[champion], stop):
            return False
        rows = self._farthest(np.arange(len(self.nearest)), self._fresh_rows)
        self.refresh(rows)
        before = len(self.chosen)
        self._choose_within(self._farthest(rows, BLOCK), limit, stop)
        self._adapt(len(self.chosen) - before)
        return True

    def at_most(self, stop: float) -> int:
        """How many points are centres at the end, at most: those that are, and those that lie beyond `stop`
        as far as is known."""
        return len(self.chosen) + int(self._all_beyond(slice(None), stop).sum())

    def radius(self) -> float:
        """The distance of the farthest point that is not a centre, 0 when all are. May block to refresh."""
        while True:
            rows = self._farthest(np.arange(len(self.nearest)), BLOCK)
            if self.upto[rows[self.nearest[rows].argmax()]] == self._centres.count:
                return float(np.sqrt(max(np.float32(0), self.nearest[rows].max())))
            self.refresh(rows)

    def refresh(self, rows: Indices, stop: float = -1.0) -> None:
        """Bring the bounds of some points up to date, or down to `stop`: below it no point is chosen."""
        stale = rows[(self.upto[rows] < self._centres.count) & (self.nearest[rows] > 0)]
        stale = stale[np.argsort(self.upto[stale], kind="stable")]
        some = [stale[start : start + ROWS] for start in range(0, len(stale), ROWS)]
        self._crew.each(lambda rows: self._refresh(rows, stop), some)
        self.upto[rows[self.nearest[rows] <= 0]] = self._centres.count

    def _refresh(self, rows: Indices, stop: float) -> None:
        left = Products.left_of(self._features[rows], self._centre)
        for first in range(int(self.upto[rows[0]]), self._centres.count, COLUMNS):
            last = min(first + COLUMNS, self._centres.count)
            self._lower(rows, left, first, last)
            self.upto[rows] = np.maximum(self.upto[rows], last)
            far = self._all_beyond(rows, stop)
            if not far.any():
                break
            if not far.all():
                rows, left = rows[far], left[far]

    def _lower(self, rows: Indices, left: Points, first: int, last: int) -> None:
        buffer = self._buffers.products
        near = buffer[: len(rows) * (last - first)].reshape(len(rows), last - first)
        # Both factors are finite, which is checked before: a product of one column may raise the flag all the
        # same, from what the library reads beside it.
        with np.errstate(invalid="ignore"):
            np.matmul(left, self._centres.right[first:last].T, out=near)
        norms, bounds, best = self._norms[rows], self.nearest[rows], near.max(axis=1)
        doubt = slack(norms, self._centres.largest_norm, self._features.shape[1])
        need = least_product(norms, bounds, doubt)
        hit = np.flatnonzero(best >= need)
        # Any pair that could hold a row's canonical minimum lies within the slack of the row's best product.
        floor = below(np.maximum(need[hit], best[hit] - doubt[hit]))
        at, column = np.divmod(np.flatnonzero(near[hit] >= floor[:, None]), last - first)
        self._lower_pairs(rows[hit[at]], column + first)

    def _lower_pairs(self, rows: Indices, columns: Indices) -> None:
        for start in range(0, len(rows), PAIRS):
            row, column = rows[start : start + PAIRS], columns[start : start + PAIRS]
            exact = squared_distances(self._features[row], self._centres.raw[column])
            np.minimum.at(self.nearest, row, exact)

    def _farthest(self, rows: Indices, count: int) -> Indices:
        """The `count` rows with the highest bounds, in order of index; the farthest of lowest index is in."""
        if len(rows) <= count:
            return rows
        bounds = self.nearest[rows]
        top = np.argpartition(bounds, -count)[-count:]
        return np.union1d(rows[top], rows[[bounds.argmax()]])

    def _outside(self, block: Indices) -> tuple[float, int]:
        kept = self.nearest[block]
        self.nearest[block] = CHOSEN
        index = int(self.nearest.argmax())
        best = float(self.nearest[index])
        self.nearest[block] = kept
        return best, -index

    def _choose_within(self, block: Indices, limit: int, stop: float) -> None:
        """Greedy among up-to-date points, for as long as the winner beats every bound outside the block."""
        rival = self._outside(block)
        products = Products.of(self._features[block], self._centre)
        norms = products.norms
        near = products.right(slice(None)) @ products.left.T
        doubt = slack(norms, float(norms.max()), self._features.shape[1])
        points, bounds = self._features[block], self.nearest[block]
        need = least_product(norms, bounds, doubt)
        while len(self.chosen) < limit:
            winner = int(bounds.argmax())
            index = int(block[winner])
            if not self._beyond(bounds[winner], stop) or (float(bounds[winner]), -index) < rival:
                break
            self.nearest[index] = bounds[winner]
            self.choose(index)
            bounds[winner], need[winner] = CHOSEN, np.inf
            hit = np.flatnonzero(near[winner] >= need)
            bounds[hit] = np.minimum(bounds[hit], squared_distances(points[hit], points[winner : winner + 1]))
            need[hit] = least_product(norms[hit], bounds[hit], doubt[hit])
        self.nearest[block] = bounds
        self.upto[block] = self._centres.count

    def _adapt(self, gained: int) -> None:
        # Few winners: stale bounds outside stood in the way, so look at more points at once, and the reverse.
        if gained < BLOCK // 8:
            self._fresh_rows = min(2 * self._fresh_rows, len(self.nearest))
        elif gained > BLOCK // 4:
            self._fresh_rows = max(BLOCK, self._fresh_rows // 2)

    def _all_beyond(self, rows: Indices | slice, stop: float) -> NDArray[np.bool_]:
        squared = self.nearest[rows]
        beyond: NDArray[np.bool_] = np.sqrt(np.maximum(squared, 0)).astype(np.float64) > stop
        return beyond & (squared >= 0)

    @staticmethod
    def _beyond(squared: np.float32, stop: float) -> bool:
        return bool(squared >= 0) and float(np.sqrt(squared)) > stop
