"""Page's cumulative sum test, in both directions at once."""


class Cusum:
    """Takes standard normal deviates. ``statistic`` passes ``limit`` seldom while their mean is 0, and soon
    once it has moved by more than ``allowance``. Source: Page, Continuous inspection schemes, Biometrika 41,
    1954."""

    def __init__(self, allowance: float, limit: float) -> None:
        self._allowance, self._limit = allowance, limit
        self._up = self._down = 0.0

    @property
    def statistic(self) -> float:
        """The larger of both sums, from 0 to the limit."""
        return max(self._up, self._down)

    @property
    def raised(self) -> bool:
        """Whether a sum has reached the limit."""
        return self.statistic >= self._limit

    @property
    def upwards(self) -> bool:
        """Whether the larger sum is the one of rising values."""
        return self._up >= self._down

    def add(self, deviate: float) -> None:
        """Take one more value. A sum stays at its limit, so that it falls as soon as the shift has gone."""
        self._up = min(max(self._up + deviate - self._allowance, 0.0), self._limit)
        self._down = min(max(self._down - deviate - self._allowance, 0.0), self._limit)
