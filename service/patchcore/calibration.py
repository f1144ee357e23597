"""Calibration: held-out scores of good parts, and what they allow a line to promise."""

import math

import numpy as np
from numpy.typing import NDArray

from service.patchcore.beta import beta_quantile


def effective_alpha(wished: float, n: int) -> float:
    """The false-alarm rate that n held-out parts can state: max(wished, 1 / (n + 1)).

    Below 1 / (n + 1) no score could ever alarm. Raises ValueError for a rate outside (0, 1) or n < 1.
    """
    if not 0 < wished < 1:
        raise ValueError(f"a false-alarm rate of {wished} is no rate: wish for more than 0 and less than 1")
    if n < 1:
        raise ValueError("no held-out part, no rate: calibrate with at least one good part")
    return max(wished, 1 / (n + 1))


class Calibration:
    """Split-conformal calibration (Vovk, Gammerman and Shafer 2005) on the scores of n held-out good parts.

    Raises ValueError for no scores or for scores that are not numbers. Nothing blocks.
    """

    def __init__(self, scores: NDArray[np.floating]) -> None:
        # float64 throughout: a float32 score compared with a float64 threshold would be rounded first.
        ordered = np.sort(np.asarray(scores, dtype=np.float64).ravel())
        if not ordered.size:
            raise ValueError("the calibration is empty: hold out at least one good part")
        if np.isnan(ordered).any():
            raise ValueError("the calibration holds scores that are not numbers: build the bank again")
        self._ascending = ordered

    @property
    def n(self) -> int:
        return self._ascending.size

    def p_value(self, score: float) -> float:
        """(1 + number of calibration scores >= score) / (n + 1). Raises ValueError for NaN."""
        if math.isnan(score):
            raise ValueError("a score that is not a number has no p-value: the frame is a fault")
        at_least = self.n - int(np.searchsorted(self._ascending, float(score), side="left"))
        return (1 + at_least) / (self.n + 1)

    def threshold(self, alpha: float) -> float:
        """The t with: score > t exactly when p_value(score) <= alpha.

        Infinite below 1 / (n + 1), where nothing alarms; minus infinity at 1, where everything does.
        """
        allowed = self._allowed(alpha)
        if allowed < 0:
            return math.inf
        return -math.inf if allowed >= self.n else float(self._ascending[self.n - 1 - allowed])

    def bound(self, alpha: float, confidence: float = 0.95) -> float:
        """What the realised false-alarm rate stays below, with this confidence over the draw of the parts.

        On average over draws the rate is at most alpha; for the parts at hand it is at most
        Beta(k, n + 1 - k) distributed, k = floor(alpha (n + 1)) (Vovk 2012). Ties only lower it.
        """
        k = self._allowed(alpha) + 1
        if k < 1:
            return 0.0
        return 1.0 if k > self.n else beta_quantile(confidence, k, self.n + 1 - k)

    def interval(self, alpha: float, confidence: float = 0.9) -> tuple[float, float]:
        """Where the realised false-alarm rate lies with this confidence: both quantiles of `bound`'s Beta."""
        k, outside = self._allowed(alpha) + 1, (1 - confidence) / 2
        if k < 1:
            return 0.0, 0.0
        if k > self.n:
            return 1.0, 1.0
        failures = self.n + 1 - k
        return beta_quantile(outside, k, failures), beta_quantile(1 - outside, k, failures)

    def sentence(self, alpha: float) -> str:
        """What the rate means, for an engineer."""
        used = effective_alpha(alpha, self.n)
        parts = "1 held-out good part" if self.n == 1 else f"{self.n} held-out good parts"
        low, high = self.interval(used)
        promise = (
            f"With {parts} the false-alarm rate is at most {_percent(used)} on average; "
            f"the realised rate lies with 90 % confidence between {_percent(low)} and {_percent(high)}."
        )
        if used <= alpha:
            return promise
        needed = math.ceil(1 / alpha) - 1
        return f"{promise} A rate of {_percent(alpha)} needs at least {needed} parts."

    def _allowed(self, alpha: float) -> int:
        """The most calibration scores at or above one that still alarms; -1 when none is few enough."""
        # The very expression of p_value, searched: floor(alpha * (n + 1)) is off by one for some floats.
        low, high = -1, self.n
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if (1 + middle) / (self.n + 1) <= alpha else (low, middle - 1)
        return low


def _percent(rate: float) -> str:
    return f"{100 * rate:.3g} %"
