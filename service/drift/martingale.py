"""The conformal test martingale that the cumulative sum was compared with; ``bench drift`` runs both."""

from service.drift.reference import Reference

_BETS = (-1.0, 0.0, 1.0)
_JUMP = 0.01


class SimpleJumper:
    """Capital of a gambler who bets against p-values being uniform: it multiplies while they are not.
    Restarting, it never falls below its stake, so that a change that comes late is found as soon as an early
    one. Source: Vovk et al., Retrain or not retrain: conformal test martingales for change-point detection,
    COPA 2021, algorithm 1 and section 4."""

    def __init__(self, *, restarting: bool) -> None:
        self._restarting = restarting
        self._capital = [1 / len(_BETS)] * len(_BETS)

    @property
    def capital(self) -> float:
        """What the gambler has, of a stake of 1."""
        return sum(self._capital)

    def add(self, p_value: float) -> None:
        """Bet on one more p-value."""
        total = self.capital
        # The first bet leaves the sum as it was, up to rounding: that is no loss.
        if self._restarting and total < 1 - 1e-9:
            self._capital, total = [1 / len(_BETS)] * len(_BETS), 1.0
        shared = _JUMP / len(_BETS) * total
        self._capital = [
            ((1 - _JUMP) * part + shared) * (1 + bet * (p_value - 0.5))
            for part, bet in zip(self._capital, _BETS, strict=True)
        ]


class MartingaleMonitor:
    """A restarting gambler over the p-values of a line's scores against the same window as ``LineMonitor``
    has; tells, and begins with a new stake, when the capital has reached ``limit``."""

    def __init__(self, reference: int, limit: float) -> None:
        self._reference = Reference(reference)
        self._limit = limit
        self._gambler = SimpleJumper(restarting=True)

    def add(self, score: float) -> bool:
        """Take the next score; whether it tells drift."""
        if not self._reference.full:
            self._reference.add(score)
            return False
        self._gambler.add(self._reference.p_value(score))
        told = self._gambler.capital >= self._limit
        if told:
            self._gambler = SimpleJumper(restarting=True)
        return told
