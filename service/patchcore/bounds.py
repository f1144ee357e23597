"""Bounds: how far off the nearest centre each point lies at most, lowered lazily, settled where it counts."""

import threading
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from service.patchcore.centres import Centres
from service.patchcore.distance import Products, above, least_product, slack, squared_distances
from service.patchcore.side_by_side import Crew

ROWS, COLUMNS = 1024, 512
SETTLED_ROWS = 128
"""Few, so that a large block is shared out; with COLUMNS they make 65,536 pairs at most."""
NORMED_ROWS = 8192
CHOSEN = np.float32(-1)
UNKNOWN = np.float32(np.inf)

Indices = NDArray[np.int64]
Counts = NDArray[np.int32]
Points = NDArray[np.float32]


class Bounds:
    """For each of (N, D) points `nearest`: it lies no farther, squared, from the nearest of the first `upto`
    centres.

    Products lower a bound, by their proven slack too little. Where `known` counts all centres it is the
    squared canonical distance itself, measured for the few pairs that may be the nearest; only with later
    centres is a point measured again. Points are dealt with some at a time, side by side by a `crew`: none
    touches another's. A point that became a centre has CHOSEN for its bound. Memory is 20 bytes a point,
    chunks for each thread, and the centres twice.
    """

    def __init__(self, features: Points, seen: Points | None, crew: Crew) -> None:
        centre = features.mean(axis=0, dtype=np.float64).astype(np.float32)
        self._features = features
        self.centre = centre
        self._crew = crew
        starts = range(0, len(features), NORMED_ROWS)
        norms = crew.each(lambda at: Products.squares(features[at : at + NORMED_ROWS], centre), starts)
        self._norms = np.concatenate(norms)
        self._centres = Centres(features.shape[1], centre)
        self._buffers = _Buffers(features.shape[1])
        self.nearest = np.full(len(features), UNKNOWN, dtype=np.float32)
        self.upto = np.zeros(len(features), dtype=np.int32)
        self.known = np.zeros(len(features), dtype=np.int32)
        if seen is not None:
            self._centres.append(seen)

    @property
    def centres(self) -> int:
        """How many there are."""
        return self._centres.count

    def add(self, index: int) -> None:
        """Make a point a centre; the others' bounds stay valid, one centre older."""
        self._centres.append(self._features[index : index + 1])
        self.nearest[index] = CHOSEN

    def from_mean(self) -> int:
        """The point that lies farthest from the mean of all, the first of equals."""
        doubt = slack(self._norms, 0.0, self._features.shape[1])
        some = np.flatnonzero(self._norms + doubt >= (self._norms - doubt).max())
        points = self._features if len(some) == len(self._features) else self._features[some]
        return int(some[squared_distances(points, self.centre[None]).argmax()])

    def farthest(self, count: int, rows: Indices | None = None) -> Indices:
        """The `count` points, or of `rows`, with the highest bounds, of equals the first; in rising order, as
        `rows` must be."""
        bounds = self.nearest if rows is None else self.nearest[rows]
        top = _highest(bounds, count)
        return top if rows is None else rows[top]

    def refresh(self, rows: Indices, stop: float = -1.0) -> None:
        """Bring the bounds of some points up to date, or down to the distance `stop`."""
        self._each(ROWS, lambda some: self._refresh(some, stop), rows, self.upto)

    def settle(self, rows: Indices) -> None:
        """Make the bounds of some points squared canonical distances: sooner where they were refreshed."""
        self._each(SETTLED_ROWS, self._settle, rows, self.known)

    def beyond(self, stop: float, rows: Indices | slice = slice(None)) -> NDArray[np.bool_]:
        """Which points that are not centres may lie farther than the distance `stop`."""
        squared = self.nearest[rows]
        far: NDArray[np.bool_] = np.sqrt(np.maximum(squared, 0)).astype(np.float64) > stop
        return far & (squared >= 0)

    def _each(self, size: int, work: Callable[[Indices], None], rows: Indices, since: Counts) -> None:
        stale = rows[(since[rows] < self.centres) & (self.nearest[rows] > 0)]
        stale = stale[np.argsort(since[stale], kind="stable")]
        self._crew.each(work, [stale[start : start + size] for start in range(0, len(stale), size)])
        since[rows[self.nearest[rows] <= 0]] = self.centres

    def _refresh(self, rows: Indices, stop: float) -> None:
        left, norms = self._left(rows), self._norms[rows]
        most = norms + self._slack(norms)
        for first in range(int(self.upto[rows[0]]), self.centres, COLUMNS):
            last = min(first + COLUMNS, self.centres)
            best = self._products(left, first, last).max(axis=1)
            self.nearest[rows] = np.minimum(self.nearest[rows], above(most - 2.0 * best))
            self.upto[rows] = np.maximum(self.upto[rows], last)
            far = self.beyond(stop, rows)
            if not far.any():
                break
            if not far.all():
                rows, left, most = rows[far], left[far], most[far]

    def _settle(self, rows: Indices) -> None:
        left, norms = self._left(rows), self._norms[rows]
        need = least_product(norms, self.nearest[rows], self._slack(norms))[:, None]
        for first in range(int(self.known[rows[0]]), self.centres, COLUMNS):
            last = min(first + COLUMNS, self.centres)
            at, column = np.divmod(np.flatnonzero(self._products(left, first, last) >= need), last - first)
            exact = squared_distances(self._features[rows[at]], self._centres.raw[column + first])
            np.minimum.at(self.nearest, rows[at], exact)
        self.known[rows] = self.upto[rows] = self.centres

    def _left(self, rows: Indices) -> Points:
        """The points' side of a product, in the thread's buffer: until its next call."""
        buffers = self._buffers
        if rows[-1] - rows[0] == len(rows) - 1 and (np.diff(rows) == 1).all():
            some = self._features[rows[0] : rows[-1] + 1]
        else:
            some = buffers.points[: len(rows)]
            np.take(self._features, rows, axis=0, out=some, mode="clip")
        left = buffers.left[: len(rows)]
        np.subtract(some, self.centre, out=left[:, :-1])
        return left

    def _products(self, left: Points, first: int, last: int) -> Points:
        """Of points and some centres, in the thread's buffer: until its next call."""
        near = self._buffers.products[: len(left) * (last - first)].reshape(len(left), last - first)
        # Both factors are finite, which is checked before: a product of one column may raise the flag all the
        # same, from what the library reads beside it.
        with np.errstate(invalid="ignore"):
            np.matmul(left, self._centres.right[first:last].T, out=near)
        return near

    def _slack(self, norms: NDArray[np.float64]) -> NDArray[np.float64]:
        return slack(norms, self._centres.largest_norm, self._features.shape[1])


class _Buffers(threading.local):
    """Each thread's own: to make one for every product would take as long as the product."""

    def __init__(self, width: int) -> None:
        self.products = np.empty(ROWS * COLUMNS, dtype=np.float32)
        self.left = np.ones((ROWS, width + 1), dtype=np.float32)
        self.points = np.empty((ROWS, width), dtype=np.float32)


def _highest(values: Points, count: int) -> Indices:
    if len(values) <= count:
        return np.arange(len(values))
    least = np.partition(values, -count)[-count]
    top = np.flatnonzero(values >= least)
    extra = len(top) - count
    return np.delete(top, np.flatnonzero(values[top] == least)[-extra:]) if extra else top
