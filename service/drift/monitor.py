"""The watch over one line's scores since one activation."""

from dataclasses import dataclass

from service.drift.cusum import Cusum
from service.drift.recent import RunningMedian
from service.drift.reference import Reference

RECENT = 100


@dataclass(frozen=True, slots=True)
class DriftRules:
    """How many scores the reference window has; by how many standard deviations of the reference scores may
    move unnoticed; and at what sum drift is told."""

    reference: int = 500
    allowance: float = 0.25
    limit: float = 24.0


@dataclass(frozen=True, slots=True)
class Drift:
    """An episode began: the ``frames``-th frame since the activation told it."""

    frames: int
    upwards: bool
    reference_median: float
    recent_median: float


class LineMonitor:
    """Give it each score of a line in its order. Its state is bounded, and ``add`` takes microseconds."""

    def __init__(self, rules: DriftRules = DriftRules()) -> None:
        self._reference = Reference(rules.reference)
        self._cusum = Cusum(rules.allowance, rules.limit)
        self._recent = RunningMedian(min(RECENT, rules.reference))
        self._frames = 0
        self.drifting = False

    @property
    def testing(self) -> bool:
        """Whether the reference window is full: before, nothing is tested."""
        return self._reference.full

    @property
    def statistic(self) -> float:
        """The cumulative sum, from 0 to the limit."""
        return self._cusum.statistic

    def add(self, score: float) -> Drift | None:
        """Take the next score; answers the episode that it begins. An episode ends when the sum is back at 0,
        so that scores which stay where they went are told of once."""
        self._frames += 1
        self._recent.add(score)
        if not self._reference.full:
            self._reference.add(score)
            return None
        self._cusum.add(self._reference.normal_score(score))
        if self.drifting:
            self.drifting = self._cusum.statistic > 0
            return None
        self.drifting = self._cusum.raised
        return self._drift() if self.drifting else None

    def movement(self, threshold: float) -> float:
        """How far the running median has gone from the reference's median towards ``threshold``: 0 at the
        activation, 1 when the usual part alarms, negative for falling scores. 0 before the window is full."""
        if not self.testing:
            return 0.0
        room = threshold - self._reference.median
        return (self._recent.median - self._reference.median) / room if room > 0 else 0.0

    def _drift(self) -> Drift:
        return Drift(self._frames, self._cusum.upwards, self._reference.median, self._recent.median)
