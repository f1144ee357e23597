"""The reference window: the first scores after an activation, against which later ones are ranked."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable
from functools import lru_cache
from statistics import NormalDist


class Reference:
    """Scores in order, ``size`` of them at most. A rank depends on nothing but the order of scores, so what
    follows from ranks holds for scores of any distribution."""

    def __init__(self, size: int, scores: Iterable[float] = ()) -> None:
        self._size = size
        self._scores: list[float] = sorted(scores)

    def __len__(self) -> int:
        return len(self._scores)

    @property
    def full(self) -> bool:
        """Whether the window has all its scores; more are not taken."""
        return len(self._scores) >= self._size

    @property
    def median(self) -> float:
        """The upper median; raises ``IndexError`` for an empty window."""
        return self._scores[len(self._scores) // 2]

    def add(self, score: float) -> None:
        """Take one more score."""
        if self.full:
            raise ValueError("the reference window is full: it takes no more scores")
        insort(self._scores, score)

    def p_value(self, score: float) -> float:
        """The share of scores at least as large, the score itself among them, strictly between 0 and 1; equal
        ones count half. Uniform, up to ties, for a score exchangeable with those in the window."""
        below, up_to = bisect_left(self._scores, score), bisect_right(self._scores, score)
        return 1 - (below + up_to + 1) / (2 * len(self._scores) + 2)

    def normal_score(self, score: float) -> float:
        """The rank as a standard normal deviate, large for a large score (van der Waerden's score)."""
        below, up_to = bisect_left(self._scores, score), bisect_right(self._scores, score)
        return _deviates(len(self._scores))[below + up_to]


@lru_cache(maxsize=8)
def _deviates(count: int) -> list[float]:
    normal = NormalDist()
    return [normal.inv_cdf((rank + 1) / (2 * count + 2)) for rank in range(2 * count + 1)]
