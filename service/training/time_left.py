"""How long a step still takes."""

import time
from collections import deque
from collections.abc import Callable


class TimeLeft:
    """Seconds until one step is done, by the pace of what was done last: a greedy selection is slow at first,
    and what it took for the first half says little of the second."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._marks: deque[tuple[int, float]] = deque()

    def told(self, done: int, expected: int) -> float | None:
        """The step is so far; None as long as its pace is not known."""
        now = self._now()
        self._marks.append((done, now))
        while len(self._marks) > 2 and 2 * self._marks[1][0] <= done:
            self._marks.popleft()
        before, began = self._marks[0]
        return (expected - done) * (now - began) / (done - before) if done > before else None
