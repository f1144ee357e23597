"""The breaker of one line: past too much bad input its frames are no longer looked at, but for a few probes.

After M. Nygard, Release It!, "Circuit Breaker"; counted in frames, so that it needs no clock.
"""

from collections import deque
from dataclasses import dataclass
from enum import Enum


class Passage(Enum):
    """How a frame comes past the breaker: as any, as a probe of an open one, or not at all."""

    THROUGH = "through"
    PROBE = "probe"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class BreakerRules:
    """It opens after ``run`` bad frames in a row, or once ``ratio`` of the last ``window`` are bad. While it
    is open each ``probe_every``-th frame is a probe, and after a good one all are, until ``close_after``
    good ones in a row close it."""

    run: int = 20
    window: int = 100
    ratio: float = 0.5
    probe_every: int = 10
    close_after: int = 3


class Breaker:
    """Not for use by several threads."""

    def __init__(self, rules: BreakerRules) -> None:
        self._rules = rules
        self.open = False
        self._recent: deque[bool] = deque(maxlen=rules.window)
        self._run = self._met = self._proven = 0

    def admit(self) -> Passage:
        """The next frame comes."""
        if not self.open:
            return Passage.THROUGH
        self._met += 1
        probing = self._proven > 0 or self._met % self._rules.probe_every == 0
        return Passage.PROBE if probing else Passage.REFUSED

    def came(self, passage: Passage, *, good: bool, weight: int = 1) -> bool:
        """What became of an admitted frame; a bad one may weigh as many. Whether the breaker opened or
        closed by that. Frames that were under way when it opened tell nothing."""
        if self.open and passage is Passage.PROBE:
            self._proven = self._proven + 1 if good else 0
            if self._proven >= self._rules.close_after:
                self._close()
            return not self.open
        if not self.open and passage is not Passage.REFUSED:
            self._run = 0 if good else self._run + weight
            self._recent.append(good)
            self.open = self._too_bad()
            return self.open
        return False

    def _too_bad(self) -> bool:
        rules, bad = self._rules, self._recent.count(False)
        full = len(self._recent) == rules.window
        return self._run >= rules.run or (full and bad >= rules.ratio * rules.window)

    def _close(self) -> None:
        self.open = False
        self._run = self._met = self._proven = 0
        self._recent.clear()
