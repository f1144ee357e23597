"""The frontier: the points farthest from the chosen ones, known exactly, where greedy chooses."""

import numpy as np

from service.patchcore.bounds import CHOSEN, UNKNOWN, Bounds, Indices, Points
from service.patchcore.distance import Products, least_product, slack, squared_distances
from service.patchcore.side_by_side import Crew

BLOCK = 1024
"""Points at most that greedy chooses among at a time: all their products are kept."""
FIRST_BLOCK = 64
AHEAD, WIDER = 8, 8
"""How many blocks are brought up to date first, and how many times as many points at most if those are not
enough: more than need be costs time in each round, fewer more looks at all bounds."""


class Frontier:
    """Greedy's choices, equal to the plain loop's to the bit.

    A point is brought up to date only when its bound puts it among the farthest; most points of a dense
    background never are again. A block of the farthest is settled: their distances are canonical. Greedy goes
    on among these for as long as the winner beats every bound outside. Blocks are small while a choice brings
    many points nearer at once, as the first ones do.
    """

    def __init__(self, features: Points, seen: Points | None, crew: Crew) -> None:
        self._features = features
        self._bounds = Bounds(features, seen, crew)
        self._block = self._settled = min(FIRST_BLOCK, BLOCK)
        self.chosen: list[int] = []
        self.chosen_squared: list[np.float32] = []

    def choose(self, index: int | None = None) -> None:
        """Make a point a centre, without one the farthest from the mean."""
        index = self._bounds.from_mean() if index is None else index
        self._take(index, self._bounds.nearest[index])

    def advance(self, limit: int, stop: float) -> bool:
        """Choose some more points, up to `limit` in all; False when none is farther than `stop`. It may
        choose none."""
        bounds = self._bounds
        champion = bounds.nearest.max()
        if champion == UNKNOWN:
            bounds.refresh(np.arange(len(bounds.nearest)), stop)
        elif not _beyond(champion, stop):
            return False
        block = bounds.farthest(self._block, self._fresh())
        bounds.settle(block)
        before = len(self.chosen)
        self._choose_within(block, limit, stop)
        self._adapt(len(self.chosen) - before)
        return True

    def at_most(self, stop: float) -> int:
        """How many points are centres at the end, at most: those that are, and those that lie beyond `stop`
        as far as is known."""
        return len(self.chosen) + int(self._bounds.beyond(stop).sum())

    def radius(self) -> float:
        """The distance of the farthest point that is not a centre, 0 when all are. May block to settle."""
        bounds = self._bounds
        while True:
            rows = bounds.farthest(BLOCK)
            farthest = rows[bounds.nearest[rows].argmax()]
            if bounds.nearest[farthest] <= 0 or bounds.known[farthest] == bounds.centres:
                return float(np.sqrt(np.maximum(bounds.nearest[farthest], 0)))
            bounds.refresh(rows)
            bounds.settle(rows)

    def _fresh(self) -> Indices:
        """Points that are up to date, a block of the farthest of all among them."""
        bounds = self._bounds
        rows = bounds.farthest(AHEAD * self._block)
        while True:
            bounds.refresh(rows)
            least = bounds.nearest[bounds.farthest(self._block, rows)].min()
            near = np.flatnonzero(bounds.nearest >= least)
            if (bounds.upto[near] == bounds.centres).all():
                return near
            most = WIDER * len(rows)
            rows = near if len(near) <= most else bounds.farthest(most)

    def _outside(self, block: Indices) -> tuple[float, int]:
        """The highest bound of other points, and the first that has it, negated: so pairs compare as greedy
        does."""
        nearest = self._bounds.nearest
        kept = nearest[block]
        nearest[block] = CHOSEN
        index = int(nearest.argmax())
        best = float(nearest[index])
        nearest[block] = kept
        return best, -index

    def _choose_within(self, block: Indices, limit: int, stop: float) -> None:
        """Greedy among settled points, for as long as the winner beats every bound outside the block."""
        rival = self._outside(block)
        points, bounds = self._features[block], self._bounds.nearest[block]
        products = Products.of(points, self._bounds.centre)
        norms = products.norms
        near = products.right(slice(None)) @ products.left.T
        doubt = slack(norms, float(norms.max()), points.shape[1])
        need = least_product(norms, bounds, doubt)
        while len(self.chosen) < limit:
            winner = int(bounds.argmax())
            index = int(block[winner])
            if not _beyond(bounds[winner], stop) or (float(bounds[winner]), -index) < rival:
                break
            self._take(index, bounds[winner])
            bounds[winner], need[winner] = CHOSEN, np.inf
            hit = np.flatnonzero(near[winner] >= need)
            bounds[hit] = np.minimum(bounds[hit], squared_distances(points[hit], points[winner : winner + 1]))
            need[hit] = least_product(norms[hit], bounds[hit], doubt[hit])
        self._bounds.nearest[block] = bounds
        self._bounds.upto[block] = self._bounds.known[block] = self._bounds.centres

    def _take(self, index: int, squared: np.float32) -> None:
        self.chosen_squared.append(squared)
        self.chosen.append(index)
        self._bounds.add(index)

    def _adapt(self, gained: int) -> None:
        if not gained:
            # Bounds outside are higher than what was settled, by rounding alone, as where points are equal.
            self._settled = 2 * self._settled
            self._bounds.settle(self._bounds.farthest(self._settled))
            return
        if gained > self._block // 4:
            self._block = min(BLOCK, 2 * self._block)
        elif gained < self._block // 16:
            self._block = max(min(FIRST_BLOCK, BLOCK), self._block // 2)
        self._settled = self._block


def _beyond(squared: np.float32, stop: float) -> bool:
    return bool(squared >= 0) and float(np.sqrt(squared)) > stop
