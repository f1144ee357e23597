"""The median of the newest values."""

from bisect import bisect_left, insort
from collections import deque


class RunningMedian:
    """The upper median of the newest ``size`` values."""

    def __init__(self, size: int) -> None:
        self._newest: deque[float] = deque(maxlen=size)
        self._sorted: list[float] = []

    @property
    def median(self) -> float:
        """Raises ``IndexError`` before the first value."""
        return self._sorted[len(self._sorted) // 2]

    def add(self, value: float) -> None:
        """Take one more value; past the size the oldest is forgotten."""
        if len(self._newest) == self._newest.maxlen:
            del self._sorted[bisect_left(self._sorted, self._newest[0])]
        self._newest.append(value)
        insort(self._sorted, value)
